import {
  BytesVector,
  DictionaryVector,
  vectorOf,
  type OperatorMetrics,
  type ScalarValue,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DocStore, PathSink, StoredPath } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import type { ColumnValue } from '../mapping/column-value.ts'
import { DocumentReader, storedPath } from '../mapping/document-reader.ts'
import { pathText } from '../mapping/json-text.ts'
import {
  codeOfBytes,
  codeOfText,
  dictionaryOf,
  PathTexts,
  UNREAD,
  withoutUnread,
  type CodedTexts,
} from '../opener/path-texts.ts'
import { TextTable } from '../opener/text-table.ts'
import type { DocUnit } from './opened-layout.ts'
import { pathKey } from './path-key.ts'
import type { TableColumn } from './segment-columns.ts'

/**
 * Columns of one segment that come from its document store, read together: a document is decoded once for all of them. Texts
 * at JSON paths are kept with the open split, and documents are read for those that are not there.
 */
export class StoreColumns {
  readonly #store: DocStore
  readonly #unit: DocUnit
  readonly #mapping: DocMapping
  readonly #columns: readonly TableColumn[]
  readonly #paths: readonly (TextPath | null)[]
  readonly #metrics: OperatorMetrics

  private constructor(
    store: DocStore,
    unit: DocUnit,
    mapping: DocMapping,
    columns: readonly TableColumn[],
    paths: readonly (TextPath | null)[],
    metrics: OperatorMetrics,
  ) {
    this.#store = store
    this.#unit = unit
    this.#mapping = mapping
    this.#columns = columns
    this.#paths = paths
    this.#metrics = metrics
  }

  /**
   * Texts at JSON paths are kept of documents that are read together, `keptFrom` of them or more, and of units that have no
   * more; null: of none.
   */
  static async open(
    unit: DocUnit,
    mapping: DocMapping,
    columns: readonly TableColumn[],
    keptFrom: number | null,
    metrics: OperatorMetrics,
  ): Promise<StoreColumns> {
    const { schema } = unit.index.index
    const paths = columns.map(({ source }): TextPath | null => {
      if (source.kind !== 'path' || !source.text) return null
      const key = keptFrom === null ? null : pathKey(unit, mapping, source)
      return new TextPath(unit, key, keptFrom ?? 0, storedPath(schema, mapping, source))
    })
    return new StoreColumns(await unit.segment.store(), unit, mapping, columns, paths, metrics)
  }

  /** The columns at `wanted` of some documents: their store blocks are fetched first, then decoded without waiting. */
  async read(wanted: readonly number[], docs: Uint32Array, region: Region): Promise<Vector[]> {
    const texts = wanted.map((i) => this.#paths[i]?.known(docs) ?? null)
    // What is built of a document is built of all columns that are not walked to.
    const built = wanted.map((i, k) => k).filter((k) => (this.#paths[wanted[k]!]?.stored ?? null) === null)
    const left = wanted.map((_, k) => unread(docs, texts, built.includes(k) ? built : [k]))
    const fetched = unread(
      docs,
      texts,
      wanted.map((_, k) => k),
    )
    if (fetched.docs.length > 0) {
      await this.#store.warm(fetched.docs)
      this.#metrics.add('docs_fetched', fetched.docs.length)
    }
    const values = this.#build(
      built.map((k) => wanted[k]!),
      built.length === 0 ? null : left[built[0]!]!.docs,
    )
    return wanted.map((i, k) => {
      const { type } = this.#columns[i]!
      const coded = texts[k] ?? null
      const own = values[built.indexOf(k)]
      if (coded === null) return vectorOf(type, own!, region)
      const { positions, docs: read } = left[k]!
      const path = this.#paths[i]!
      if (own === undefined) path.walk(this.#store, read, positions, coded)
      else {
        for (let j = 0; j < positions.length; j++) {
          const text = own[j]
          if (text !== null) coded.codes[positions[j]!] = codeOfText(coded.table, text as string)
        }
      }
      path.keep(docs, coded)
      return vectorOfTexts(coded, type, region)
    })
  }

  /** Values of columns out of documents that are warm, a list each. */
  #build(columns: readonly number[], docs: Uint32Array | null): ScalarValue[][] {
    const values: ScalarValue[][] = columns.map(() => [])
    if (docs === null || docs.length === 0) return values
    const sources = columns.map((i) => this.#columns[i]!.source)
    const reader = new DocumentReader(this.#unit.index.index.schema, this.#mapping, sources)
    const row: ColumnValue[] = []
    for (const doc of docs) {
      reader.read(this.#store, doc, row)
      for (let i = 0; i < values.length; i++) values[i]!.push(row[i]!)
    }
    return values
  }
}

/** A path into a JSON column whose texts are asked for. */
class TextPath {
  readonly #unit: DocUnit
  /** Null where texts are not kept. */
  readonly #key: string | null
  readonly #keptFrom: number
  /** How documents are walked to it; null where they must be built. */
  readonly stored: StoredPath | null
  #kept: PathTexts | null = null

  constructor(unit: DocUnit, key: string | null, keptFrom: number, stored: StoredPath | null) {
    this.#unit = unit
    this.#key = key
    this.#keptFrom = keptFrom
    this.stored = stored
  }

  /** What is known of documents. */
  known(docs: Uint32Array): CodedTexts {
    const { start, end, index, segment } = this.#unit
    const many = docs.length >= this.#keptFrom || end - start <= this.#keptFrom
    if (this.#key !== null) {
      this.#kept ??= index.paths.texts(this.#key, () => (many ? new PathTexts(start, end, segment.alive) : null))
    }
    const kept = this.#kept
    return kept === null
      ? { codes: new Uint32Array(docs.length), table: new TextTable() }
      : { codes: kept.codesOf(docs), table: kept.table }
  }

  /** Reads what warm documents have, and puts it at their positions. */
  walk(store: DocStore, docs: Uint32Array, positions: Uint32Array, { codes, table }: CodedTexts): void {
    const sink: PathSink = {
      text: (k, bytes, start, end) => {
        codes[positions[k]!] = codeOfBytes(table, bytes, start, end)
      },
      value: (k, value) => {
        const text = pathText(value)
        if (text !== null) codes[positions[k]!] = codeOfText(table, text)
      },
    }
    if (docs.length > 0) store.readPath(docs, this.stored!, sink)
  }

  keep(docs: Uint32Array, { codes }: CodedTexts): void {
    withoutUnread(codes)
    if (this.#kept === null) return
    this.#kept.put(docs, codes)
    this.#unit.index.paths.keep(this.#key!, this.#kept, this.#unit.segment.maxDoc)
  }
}

/** The documents, and their positions, of which some of the columns at `of` is not known. */
function unread(
  docs: Uint32Array,
  texts: readonly (CodedTexts | null)[],
  of: readonly number[],
): { readonly docs: Uint32Array; readonly positions: Uint32Array } {
  const isLeft = new Uint8Array(docs.length)
  for (const k of of) {
    const codes = texts[k]?.codes ?? null
    if (codes === null) isLeft.fill(1)
    else for (let i = 0; i < codes.length; i++) isLeft[i]! |= +(codes[i] === UNREAD)
  }
  const positions = new Uint32Array(docs.length)
  let count = 0
  for (let i = 0; i < docs.length; i++) {
    positions[count] = i
    count += isLeft[i]!
  }
  const found = positions.subarray(0, count)
  return { docs: count === docs.length ? docs : found.map((i) => docs[i]!), positions: found }
}

function vectorOfTexts(coded: CodedTexts, type: DataType, region: Region): Vector {
  const { length } = coded.codes
  const validity = region.bitmap(length, true)
  const { terms, nulls } = dictionaryOf(coded, validity)
  const [offsets, bytes] = [region.i32(terms.offsets.length), region.u8(terms.bytes.length)]
  offsets.set(terms.offsets)
  bytes.set(terms.bytes)
  const codes = region.u32(length)
  codes.set(coded.codes)
  const dictionary = new BytesVector(type, terms.offsets.length - 1, null, offsets, bytes)
  return new DictionaryVector(type, length, nulls === 0 ? null : validity, codes, dictionary, false)
}
