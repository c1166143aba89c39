import { compareBytes } from '../bytes/compare.ts'
import type { BytesColumn, Column, IpColumn, NumericArray, NumericColumn, TermList } from '../columnar/column.ts'
import { UnsupportedIndexError } from '../errors.ts'
import { prepare } from '../query/prepare.ts'
import type { Query } from '../query/query.ts'
import type { Index } from '../segment/open-index.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import { mapI64 } from '../terms.ts'

/** What to sort by: the first value of a fast field. */
export interface SortKey {
  /** Name of the column; keys of a JSON path follow the field name, each after a byte 1. */
  readonly column: string
  readonly order: 'asc' | 'desc'
  /** Where documents without a value go; last by default, in either order. */
  readonly missing?: 'first' | 'last'
}

/** i64, u64 and date (nanoseconds): bigint; f64: number; bool: 0 or 1; str, bytes and ip: their bytes; null: no value. */
export type SortValue = bigint | number | Uint8Array | null

export interface SortedDoc {
  readonly segment: number
  readonly doc: number
  /** One value a key. */
  readonly values: readonly SortValue[]
}

/** Rows that are read at a time. */
const CHUNK = 2048
/** Documents of which those that may be among the first are looked for at a time. */
const FIRST_WINDOW = 256
const WINDOW = 32_768
const MOST_NUMBER = (1n << 64n) - 1n
const MOST_ORDINAL = 0xffffffff

/**
 * The first `limit` live documents in the order of some fast fields, over all segments; ties by segment, then document. A
 * key that a segment has no column for is missing there. Keys of one name must be of comparable types in all segments.
 *
 * @throws UnsupportedIndexError for a key with columns of several types in a segment.
 */
export async function collectTopByFields(
  index: Index,
  query: Query,
  keys: readonly SortKey[],
  limit: number,
  signal?: AbortSignal,
): Promise<SortedDoc[]> {
  const lists = await Promise.all(
    index.segments.map(async (segment) => {
      const [prepared, columns] = await Promise.all([
        prepare(query, segment, { scoring: false, ...(signal === undefined ? {} : { signal }) }),
        Promise.all(keys.map(({ column }) => openKey(segment, column))),
      ])
      signal?.throwIfAborted()
      const docs = prepared.docs(0, segment.maxDoc)
      const count = segment.alive === null ? docs.length : segment.alive.filter(docs, docs.length)
      const top = new SegmentTop(keys, columns, limit)
      for (let at = 0, size = FIRST_WINDOW; at < count; at += size, size = Math.min(2 * size, WINDOW)) {
        const some = top.passing(docs.subarray(at, Math.min(count, at + size)))
        for (let from = 0; from < some.length; from += CHUNK) top.add(some.subarray(from, from + CHUNK))
      }
      return top.finish(segment.ord, signal)
    }),
  )
  const compare = comparing(keys)
  return lists
    .flat()
    .sort((a, b) => compare(a.values, b.values) || a.segment - b.segment || a.doc - b.doc)
    .slice(0, limit)
}

async function openKey(segment: SegmentReader, column: string): Promise<Column | null> {
  const entries = await segment.columnsOf(column)
  if (entries.length > 1) {
    const types = entries.map(({ type }) => type).join(' and ')
    throw new UnsupportedIndexError(`cannot sort by ${column.replaceAll('\u0001', '.')}: it has values of ${types}`)
  }
  return entries.length === 0 ? null : segment.openColumn(entries[0]!)
}

/** A candidate of one segment; strings are ordinals still. */
interface Row {
  readonly doc: number
  readonly values: readonly SortValue[]
}

function comparing(keys: readonly SortKey[]): (a: readonly SortValue[], b: readonly SortValue[]) => number {
  return (a, b) => {
    for (const [k, { order, missing }] of keys.entries()) {
      const left = a[k]!
      const right = b[k]!
      if (left === null || right === null) {
        if (left === right) continue
        return (left === null) === (missing === 'first') ? -1 : 1
      }
      const sign = compareValues(left, right)
      if (sign !== 0) return order === 'asc' ? sign : -sign
    }
    return 0
  }
}

function compareValues(a: bigint | number | Uint8Array, b: bigint | number | Uint8Array): number {
  if (a instanceof Uint8Array || b instanceof Uint8Array) return compareBytes(a as Uint8Array, b as Uint8Array)
  // NaN is above every number
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a < b ? -1 : a > b ? 1 : 0
}

/** The first rows of one segment: a heap with the last of them on top. */
class SegmentTop {
  readonly #keys: readonly SortKey[]
  readonly #columns: readonly (Column | null)[]
  readonly #readers: readonly KeyReader[]
  readonly #limit: number
  readonly #compare: (a: readonly SortValue[], b: readonly SortValue[]) => number
  readonly #heap: Row[] = []

  constructor(keys: readonly SortKey[], columns: readonly (Column | null)[], limit: number) {
    this.#keys = keys
    this.#columns = columns
    this.#readers = columns.map((column) => new KeyReader(column))
    this.#limit = limit
    this.#compare = comparing(keys)
  }

  /** Those of ascending documents whose first key is not behind that of the last row, as far as its column tells at once. */
  passing(docs: Uint32Array): Uint32Array {
    const [column, key] = [this.#columns[0], this.#keys[0]]
    const value = this.#heap.length < this.#limit ? null : (this.#heap[0]?.values[0] ?? null)
    if (column == null || key === undefined || value === null || value instanceof Uint8Array) return docs
    // Of several values the first counts, and a NaN has no place among bounds.
    if (column.type === 'ip' || column.type === 'f64' || column.cardinality === 'multivalued') return docs
    if (column.cardinality === 'optional' && key.missing === 'first') return docs
    column.zones()
    const desc = key.order === 'desc'
    if ('dictionary' in column) {
      const ordinal = Number(value)
      return desc ? column.docsOfInRange(docs, ordinal, MOST_ORDINAL) : column.docsOfInRange(docs, 0, ordinal)
    }
    const isSigned = column.type === 'i64' || column.type === 'date'
    const bound = isSigned ? mapI64(value as bigint) : BigInt(value)
    return desc ? column.docsOfInRange(docs, bound, MOST_NUMBER) : column.docsOfInRange(docs, 0n, bound)
  }

  /** Adds at most CHUNK documents. */
  add(docs: Uint32Array): void {
    if (this.#limit === 0) return
    for (const reader of this.#readers) reader.read(docs)
    const first = this.#readers[0]
    const desc = this.#keys[0]?.order === 'desc'
    const keepMissing = this.#keys[0]?.missing === 'first'
    // most rows are behind by their first key, which is told by a float that is near it
    let worst = this.#worst()
    for (let i = 0; i < docs.length; i += 1) {
      if (worst !== null && first !== undefined) {
        const value = first.near[i]!
        const behind = desc ? value < worst : value > worst
        if (behind || (value !== value && !keepMissing && first.isNull(i))) continue
      }
      if (this.#offer(docs[i]!, i)) worst = this.#worst()
    }
  }

  /** The first key of the last row, where rows can be behind it; null where none can, or it is no number. */
  #worst(): number | null {
    const value = this.#heap.length < this.#limit ? null : (this.#heap[0]!.values[0] ?? null)
    return value === null || value instanceof Uint8Array ? null : Number(value)
  }

  /** The rows, unordered, with strings for ordinals. */
  async finish(segment: number, signal: AbortSignal | undefined): Promise<SortedDoc[]> {
    const terms = await Promise.all(
      this.#columns.map(async (column, k): Promise<Map<number, Uint8Array> | null> => {
        if (column === null || !('dictionary' in column)) return null
        const wanted = this.#heap.map((row) => row.values[k]!).filter((value) => value !== null) as number[]
        const ordinals = Uint32Array.from(new Set(wanted)).sort()
        const list = await column.dictionary.termsOf(ordinals, signal)
        return new Map(Array.from(ordinals, (ordinal, at) => [ordinal, termAt(list, at)]))
      }),
    )
    return this.#heap.map(({ doc, values }) => ({
      segment,
      doc,
      values: values.map((value, k) => (value === null ? null : (terms[k]?.get(value as number) ?? value))),
    }))
  }

  /** True if the row was taken. */
  #offer(doc: number, i: number): boolean {
    const heap = this.#heap
    const row = this.#row(doc, i)
    if (heap.length < this.#limit) {
      heap.push(row)
      this.#siftUp(heap.length - 1)
      return true
    }
    if (!this.#isBehind(heap[0]!, row)) return false
    heap[0] = row
    this.#siftDown()
    return true
  }

  #row(doc: number, i: number): Row {
    return { doc, values: this.#readers.map((reader) => reader.value(i)) }
  }

  #isBehind(a: Row, b: Row): boolean {
    const sign = this.#compare(a.values, b.values)
    return sign > 0 || (sign === 0 && a.doc > b.doc)
  }

  #siftUp(from: number): void {
    const heap = this.#heap
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1
      if (this.#isBehind(heap[parent]!, heap[at]!)) return
      this.#swap(parent, at)
      at = parent
    }
  }

  #siftDown(): void {
    const heap = this.#heap
    for (let at = 0; ;) {
      let child = 2 * at + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && this.#isBehind(heap[child + 1]!, heap[child]!)) child += 1
      if (!this.#isBehind(heap[child]!, heap[at]!)) return
      this.#swap(child, at)
      at = child
    }
  }

  #swap(a: number, b: number): void {
    const row = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = row
  }
}

function termAt(list: TermList, k: number): Uint8Array {
  return list.bytes.slice(list.offsets[k], list.offsets[k + 1])
}

/** Reads one key for a chunk of documents. */
class KeyReader {
  /** Numbers and ordinals as floats, in the same order but for what rounding makes equal; NaN for no value. */
  readonly near: Float64Array = new Float64Array(CHUNK)
  readonly #column: Column | null
  readonly #validity = new Uint8Array(CHUNK / 8)
  readonly #numbers: NumericArray
  readonly #ordinals: Uint32Array
  readonly #addresses: Uint8Array
  #docs: Uint32Array = new Uint32Array(0)
  /** Whether the values of the chunk are at hand, not only floats near them. */
  #loaded = true

  constructor(column: Column | null) {
    this.#column = column
    const type = column?.type
    this.#numbers =
      type === 'f64'
        ? new Float64Array(CHUNK)
        : type === 'bool'
          ? new Uint8Array(CHUNK)
          : type === 'u64'
            ? new BigUint64Array(CHUNK)
            : new BigInt64Array(type === 'i64' || type === 'date' ? CHUNK : 0)
    this.#ordinals = new Uint32Array(type === 'str' || type === 'bytes' ? CHUNK : 0)
    this.#addresses = new Uint8Array(type === 'ip' ? 16 * CHUNK : 0)
  }

  read(docs: Uint32Array): void {
    const column = this.#column
    const count = docs.length
    this.#docs = docs
    this.#loaded = true
    if (column !== null && 'readNear' in column && column.readNear(docs, count, this.near)) {
      this.#loaded = false
      return
    }
    this.#load(docs)
  }

  #load(docs: Uint32Array): void {
    const column = this.#column
    const count = docs.length
    let nulls = 0
    switch (column?.type) {
      case undefined:
        this.#validity.fill(0)
        this.near.fill(NaN, 0, count)
        return
      case 'str':
      case 'bytes':
        nulls = (column as BytesColumn).readOrdinalsOf(docs, count, this.#ordinals, this.#validity)
        this.near.set(this.#ordinals.subarray(0, count))
        break
      case 'ip':
        nulls = (column as IpColumn).readDocs(docs, count, this.#addresses, this.#validity)
        break
      default:
        nulls = (column as NumericColumn).readDocs(docs, count, this.#numbers, this.#validity)
        numbersToFloats(this.#numbers, count, this.near)
    }
    if (nulls > 0) clearMissing(this.near, count, this.#validity)
  }

  isNull(i: number): boolean {
    if (!this.#loaded) return Number.isNaN(this.near[i])
    return ((this.#validity[i >> 3]! >> (i & 7)) & 1) === 0
  }

  value(i: number): SortValue {
    if (this.isNull(i)) return null
    if (!this.#loaded) {
      // a row that is looked at closely is read by itself
      ;(this.#column as NumericColumn).readDocs(this.#docs.subarray(i, i + 1), 1, this.#numbers, this.#validity)
      return this.#numbers[0]!
    }
    switch (this.#column!.type) {
      case 'str':
      case 'bytes':
        return this.#ordinals[i]!
      case 'ip':
        return this.#addresses.slice(16 * i, 16 * i + 16)
      default:
        return this.#numbers[i]!
    }
  }
}

/** Without a BigInt a value: halves, of which the high one is signed in a signed column. */
function numbersToFloats(numbers: NumericArray, count: number, out: Float64Array): void {
  if (numbers instanceof Float64Array || numbers instanceof Uint8Array) {
    out.set(numbers.subarray(0, count))
    return
  }
  const low = new Uint32Array(numbers.buffer, numbers.byteOffset, 2 * count)
  const high = numbers instanceof BigInt64Array ? new Int32Array(low.buffer, low.byteOffset, 2 * count) : low
  for (let i = 0; i < count; i += 1) out[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!
}

function clearMissing(near: Float64Array, count: number, validity: Uint8Array): void {
  for (let at = 0; at < count; at += 8) {
    const byte = validity[at >> 3]!
    if (byte === 255) continue
    const end = Math.min(count, at + 8)
    for (let i = at; i < end; i += 1) if (((byte >> (i & 7)) & 1) === 0) near[i] = NaN
  }
}
