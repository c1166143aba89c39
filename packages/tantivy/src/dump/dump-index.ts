import type { ZstdDecompress } from '../bytes/zstd.ts'
import { decodeZstd } from '../bytes/zstd-decode.ts'
import { ColumnarReader } from '../columnar/columnar-reader.ts'
import type { Directory } from '../directory/directory.ts'
import { FileSlice } from '../directory/file-slice.ts'
import { MemoryDirectory } from '../directory/memory-directory.ts'
import { FIELD_NORMS } from '../postings/fieldnorms.ts'
import type { RecordOption } from '../schema/index-schema.ts'
import { type Index, openIndex } from '../segment/open-index.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import type { TermDictionaryKind } from '../term-dictionary/open-term-dictionary.ts'
import { dumpColumn } from './dump-columns.ts'
import { dumpTerms } from './dump-terms.ts'
import { hex, storedValue } from './json-text.ts'

const RECORDS: Record<RecordOption, string> = { basic: 'Basic', freq: 'WithFreqs', position: 'WithFreqsAndPositions' }
/** Documents whose store blocks are read at a time. */
const DOCS_PER_READ = 512

export interface DumpOptions {
  readonly zstdDecompress?: ZstdDecompress
  /** What is printed as the kind of term dictionaries where no segment tells it; `sstable` by default. */
  readonly termDictionary?: TermDictionaryKind
}

/** Everything in an index as lines of JSON: schema, segments, terms with postings, norms, columns, stored documents. */
export async function* dumpIndex(directory: Directory, options: DumpOptions = {}): AsyncGenerator<string> {
  const index = await openIndex(directory, options)
  yield await dumpHeader(index, options.termDictionary ?? 'sstable')
  for (const segment of index.segments) yield* dumpSegment(segment)
}

/** The columns of a bare columnar container as lines of JSON. */
export async function* dumpColumnar(bytes: Uint8Array, options: DumpOptions = {}): AsyncGenerator<string> {
  const name = 'columnar'
  const directory = new MemoryDirectory(new Map([[name, bytes]]))
  const zstd = options.zstdDecompress ?? decodeZstd
  const reader = await ColumnarReader.open(FileSlice.ofFile(directory, name), zstd, null)
  for (const entry of reader.columns) yield dumpColumn(entry, await reader.open(entry), '')
}

async function dumpHeader(index: Index, fallback: TermDictionaryKind): Promise<string> {
  const { meta } = index
  let kind: TermDictionaryKind | null = null
  for (const segment of index.segments) {
    for (const field of index.schema.fields) kind ??= (await segment.invertedIndex(field.ord))?.kind ?? null
  }
  return (
    `{"kind":"index","termdict":"${kind ?? fallback}","schema":${JSON.stringify(meta.schema.json)}` +
    `,"settings":${JSON.stringify(meta.settings)},"opstamp":${meta.opstamp}` +
    `,"payload":${JSON.stringify(meta.payload)},"num_segments":${meta.segments.length}}`
  )
}

async function* dumpSegment(segment: SegmentReader): AsyncGenerator<string> {
  const { ord, id, maxDoc, numDocs, alive, schema } = segment
  const deleted: number[] = []
  if (alive !== null) for (let doc = 0; doc < maxDoc; doc += 1) if (!alive.isAlive(doc)) deleted.push(doc)
  yield `{"kind":"segment","seg":${ord},"id":"${id}","max_doc":${maxDoc},"num_docs":${numDocs},"deleted":[${deleted.join(',')}]}`
  for (const field of schema.fields) {
    const name = JSON.stringify(field.name)
    const index = await segment.invertedIndex(field.ord)
    if (index !== null) {
      yield (
        `{"kind":"field","seg":${ord},"field":${name},"num_terms":${index.numTerms}` +
        `,"total_num_tokens":${index.totalNumTokens},"record":"${RECORDS[index.record]}"}`
      )
      yield* dumpTerms(index, ord)
    }
    const norms = await segment.fieldNorms(field.ord)
    if (norms !== null) {
      const lengths = Array.from(norms, (code) => FIELD_NORMS[code]!)
      yield `{"kind":"fieldnorms","seg":${ord},"field":${name},"ids":"${hex(norms)}","lens":[${lengths.join(',')}]}`
    }
  }
  for (const entry of await segment.columns()) {
    yield dumpColumn(entry, await segment.openColumn(entry), `"seg":${ord},`)
  }
  if (schema.fields.some((field) => field.options.stored)) yield* dumpDocuments(segment)
}

async function* dumpDocuments(segment: SegmentReader): AsyncGenerator<string> {
  const store = await segment.store()
  const names = segment.schema.fields.map((field) => JSON.stringify(field.name))
  for (let start = 0; start < segment.maxDoc; start += DOCS_PER_READ) {
    const end = Math.min(segment.maxDoc, start + DOCS_PER_READ)
    await store.warm(Uint32Array.from({ length: end - start }, (_, i) => start + i))
    for (let doc = start; doc < end; doc += 1) {
      const fields = store.document(doc).map(([field, value]) => `[${names[field]},${storedValue(value)}]`)
      yield `{"kind":"doc","seg":${segment.ord},"doc":${doc},"fields":[${fields.join(',')}]}`
    }
  }
}
