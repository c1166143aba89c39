import { type SplitMetadata, newUlid } from '@volley/metastore'
import { type Index, MemoryDirectory, openIndex } from '@volley/tantivy'
import { writeBundle } from '../bundle/write-bundle.ts'
import { buildHotcache } from '../hotcache/build-hotcache.ts'
import type { DocMapping, MappedField } from '../mapping/doc-mapping.ts'
import type { ZstdDecompress } from '../opener/split-index-opener.ts'

export interface WriteSplitOptions {
  /** Files of a tantivy index: those of its segments, and `meta.json`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly mapping: DocMapping
  readonly indexUid: string
  /** A new ULID when absent. */
  readonly splitId?: string
  readonly sourceId?: string
  readonly nodeId?: string
  /** Bytes of the documents as JSON; 0 when not known. */
  readonly uncompressedBytes?: number
  readonly zstdDecompress?: ZstdDecompress
}

export interface WrittenSplit {
  readonly bytes: Uint8Array
  /** As it is staged: the metastore sets its state and times. */
  readonly metadata: SplitMetadata
}

/** Above this many values a tag field is not listed. */
const MAX_TAGS = 1000
const SECOND = 1_000_000_000n

/**
 * Bundles the files of a tantivy index into a split, with its hotcache and its metadata: documents, time range and tags are
 * taken from the index itself (formats/quickwit-split.md §8, §10).
 */
export async function writeSplit(options: WriteSplitOptions): Promise<WrittenSplit> {
  const { files, mapping, indexUid } = options
  const bundled = new Map([...files].filter(([name]) => isBundled(name)).sort(([a], [b]) => (a < b ? -1 : 1)))
  const index = await openIndex(
    new MemoryDirectory(bundled),
    options.zstdDecompress ? { zstdDecompress: options.zstdDecompress } : {},
  )
  const { bytes, footerStart, footerEnd } = writeBundle(bundled, buildHotcache(bundled))
  return {
    bytes,
    metadata: {
      splitId: options.splitId ?? newUlid(),
      indexUid,
      state: 'Staged',
      numDocs: index.segments.reduce((sum, segment) => sum + segment.numDocs, 0),
      timeRange: await timeRangeOf(index, mapping.timestampField),
      tags: await tagsOf(index, mapping.tagFields),
      footerStart,
      footerEnd,
      docMappingUid: mapping.uid,
      partitionId: 0n,
      sourceId: options.sourceId ?? '_ingest-cli-source',
      nodeId: options.nodeId ?? 'volley',
      uncompressedBytes: options.uncompressedBytes ?? 0,
      createTimestamp: 0,
      updateTimestamp: 0,
      publishTimestamp: null,
      maturity: 'mature',
      deleteOpstamp: 0n,
      numMergeOps: 0,
    },
  }
}

function isBundled(name: string): boolean {
  return name === 'meta.json' || name === 'split_fields' || /^[0-9a-f]{32}\.[\w.]+$/.test(name)
}

/**
 * First and last second of the timestamp column, cut to whole seconds; null where a document has no timestamp: a split
 * with a range has one in each, since Quickwit refuses documents without.
 */
async function timeRangeOf(index: Index, field: MappedField | null): Promise<{ start: number; end: number } | null> {
  if (field === null) return null
  let range: { start: bigint; end: bigint } | null = null
  for (const segment of index.segments) {
    const entry = (await segment.columns()).find(({ name, type }) => name === field.tantivyName && type === 'date')
    const column = entry && (await segment.openColumn(entry))
    if (segment.maxDoc === 0) continue
    if (column?.type !== 'date' || column.minValue === null || column.maxValue === null) return null
    if (column.numValues < segment.maxDoc) return null
    const [start, end] = [BigInt(column.minValue), BigInt(column.maxValue)]
    range =
      range === null
        ? { start, end }
        : { start: start < range.start ? start : range.start, end: end > range.end ? end : range.end }
  }
  return range && { start: Number(range.start / SECOND), end: Number(range.end / SECOND) }
}

async function tagsOf(index: Index, fields: readonly MappedField[]): Promise<string[]> {
  const tags: string[] = []
  for (const field of fields) {
    const values = await valuesOf(index, field)
    if (values === null) continue
    tags.push(`${field.tantivyName}!`, ...[...values].map((value) => `${field.tantivyName}:${value}`))
  }
  return tags.sort()
}

/** Distinct terms of a field as text; null when there are too many to list, or none can be listed. */
async function valuesOf(index: Index, field: MappedField): Promise<Set<string> | null> {
  const entry = index.schema.field(field.tantivyName)
  if (entry === undefined || entry.options.record === null) return null
  const values = new Set<string>()
  for (const segment of index.segments) {
    const terms = (await segment.invertedIndex(entry.ord))?.terms
    if (terms === undefined) continue
    if (terms.numTerms > MAX_TAGS) return null
    for await (const batch of terms.range(null, null)) {
      for (let k = 0; k < batch.count; k++) {
        values.add(termText(batch.bytes.subarray(batch.offsets[k], batch.offsets[k + 1]), field))
      }
    }
    if (values.size > MAX_TAGS) return null
  }
  return values
}

function termText(term: Uint8Array, field: MappedField): string {
  if (field.type === 'text') return new TextDecoder().decode(term)
  const bits = new DataView(term.buffer, term.byteOffset, term.byteLength).getBigUint64(0)
  return String(field.type === 'i64' ? BigInt.asIntN(64, bits ^ (1n << 63n)) : bits)
}
