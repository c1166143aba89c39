import type { BytesColumn, Cardinality, DocRows, IpColumn, NumericArray, NumericColumn } from '../../columnar/column.ts'
import { TupleTable } from './tuple-table.ts'

/** Values of a column in the form that an aggregation needs. Values of documents without one may be anything. */
export interface RowSource<Values> {
  readonly cardinality: Cardinality
  /** Writes the first value of each document of [start, end); returns the number of documents without one. */
  readRange(start: number, end: number, out: Values, validity: Uint8Array): number
  readDocs(docs: Uint32Array, count: number, out: Values, validity: Uint8Array): number
  readLists(rows: DocRows): { readonly offsets: Int32Array; readonly values: Values }
}

/** Ordinals of a str or bytes column. */
export class TermOrdinals implements RowSource<Uint32Array> {
  readonly cardinality: Cardinality
  readonly #column: BytesColumn

  constructor(column: BytesColumn) {
    this.#column = column
    this.cardinality = column.cardinality
  }

  readRange(start: number, end: number, out: Uint32Array, validity: Uint8Array): number {
    return this.#column.readOrdinals(start, end, out, validity)
  }

  readDocs(docs: Uint32Array, count: number, out: Uint32Array, validity: Uint8Array): number {
    return this.#column.readOrdinalsOf(docs, count, out, validity)
  }

  readLists(rows: DocRows): { readonly offsets: Int32Array; readonly values: Uint32Array } {
    return this.#column.readOrdinalLists(rows)
  }
}

/** Reads a numeric column to an array of its own type, and converts that. */
export abstract class ConvertedNumbers<Values> implements RowSource<Values> {
  readonly cardinality: Cardinality
  protected readonly column: NumericColumn
  #raw: NumericArray

  constructor(column: NumericColumn) {
    this.column = column
    this.cardinality = column.cardinality
    this.#raw = this.#allocate(0)
  }

  protected abstract convert(raw: NumericArray, count: number, out: Values): void
  protected abstract allocateOut(count: number): Values

  readRange(start: number, end: number, out: Values, validity: Uint8Array): number {
    const raw = this.#rawOf(end - start)
    const nulls = this.column.readRange(start, end, raw, validity)
    this.convert(raw, end - start, out)
    return nulls
  }

  readDocs(docs: Uint32Array, count: number, out: Values, validity: Uint8Array): number {
    const raw = this.#rawOf(count)
    const nulls = this.column.readDocs(docs, count, raw, validity)
    this.convert(raw, count, out)
    return nulls
  }

  readLists(rows: DocRows): { readonly offsets: Int32Array; readonly values: Values } {
    const lists = this.column.readLists(rows)
    const values = this.allocateOut(lists.values.length)
    this.convert(lists.values, lists.values.length, values)
    return { offsets: lists.offsets, values }
  }

  #rawOf(count: number): NumericArray {
    if (this.#raw.length < count) this.#raw = this.#allocate(count)
    return this.#raw
  }

  #allocate(count: number): NumericArray {
    switch (this.column.type) {
      case 'bool':
        return new Uint8Array(count)
      case 'f64':
        return new Float64Array(count)
      case 'u64':
        return new BigUint64Array(count)
      default:
        return new BigInt64Array(count)
    }
  }
}

/** Numbers as f64; dates in nanoseconds. */
export class Floats extends ConvertedNumbers<Float64Array> {
  override readRange(start: number, end: number, out: Float64Array, validity: Uint8Array): number {
    if (this.column.type === 'f64') return this.column.readRange(start, end, out, validity)
    return super.readRange(start, end, out, validity)
  }

  override readDocs(docs: Uint32Array, count: number, out: Float64Array, validity: Uint8Array): number {
    if (this.column.type === 'f64') return this.column.readDocs(docs, count, out, validity)
    return super.readDocs(docs, count, out, validity)
  }

  protected override convert(raw: NumericArray, count: number, out: Float64Array): void {
    if (raw instanceof Float64Array || raw instanceof Uint8Array) out.set(raw.subarray(0, count))
    else if (raw instanceof BigUint64Array) wordsToFloats(wordsOf(raw, count), count, out)
    else signedWordsToFloats(wordsOf(raw, count), count, out)
  }

  protected override allocateOut(count: number): Float64Array {
    return new Float64Array(count)
  }
}

/** The low or the high words of the 64 bits of values, in their own type (dates and i64 signed, f64 its bits). */
export class HalfWords extends ConvertedNumbers<Uint32Array> {
  readonly #half: number

  /** @param half 0 for the low words, 1 for the high ones. */
  constructor(column: NumericColumn, half: 0 | 1) {
    super(column)
    this.#half = half
  }

  protected override convert(raw: NumericArray, count: number, out: Uint32Array): void {
    if (raw instanceof Uint8Array) {
      for (let i = 0; i < count; i += 1) out[i] = this.#half === 0 ? raw[i]! : 0
      return
    }
    const words = wordsOf(raw, count)
    const half = this.#half
    for (let i = 0; i < count; i += 1) out[i] = words[2 * i + half]!
  }

  protected override allocateOut(count: number): Uint32Array {
    return new Uint32Array(count)
  }
}

/** Integers of a narrow range by their distance from the least one. */
export class Distances extends ConvertedNumbers<Uint32Array> {
  readonly #least: number

  /** The least value modulo 2^32 is enough where the range is below 2^32. */
  constructor(column: NumericColumn, least: bigint) {
    super(column)
    this.#least = Number(BigInt.asUintN(32, least))
  }

  protected override convert(raw: NumericArray, count: number, out: Uint32Array): void {
    const least = this.#least
    if (raw instanceof Uint8Array) {
      for (let i = 0; i < count; i += 1) out[i] = raw[i]! - least
      return
    }
    const words = wordsOf(raw, count)
    for (let i = 0; i < count; i += 1) out[i] = words[2 * i]! - least
  }

  protected override allocateOut(count: number): Uint32Array {
    return new Uint32Array(count)
  }
}

/** Values of 64 bits by the order in which they first appear in a table. */
export class InternedNumbers extends ConvertedNumbers<Uint32Array> {
  /** Two words a value, the low one first, in the column's type (dates and i64 signed, f64 its bits). */
  readonly table: TupleTable = new TupleTable(2)
  #flags = new Uint32Array(0)

  protected override convert(raw: NumericArray, count: number, out: Uint32Array): void {
    if (!(raw instanceof Uint8Array)) {
      this.table.intern(wordsOf(raw, count), count, out)
      return
    }
    if (this.#flags.length < 2 * count) this.#flags = new Uint32Array(2 * count)
    for (let i = 0; i < count; i += 1) this.#flags[2 * i] = raw[i]!
    this.table.intern(this.#flags, count, out)
  }

  protected override allocateOut(count: number): Uint32Array {
    return new Uint32Array(count)
  }
}

/** Addresses by the order in which they first appear. */
export class InternedAddresses implements RowSource<Uint32Array> {
  readonly cardinality: Cardinality
  /** Four words a value: its 16 big-endian bytes as they lie. */
  readonly table: TupleTable = new TupleTable(4)
  readonly #column: IpColumn
  #raw = new Uint8Array(0)

  constructor(column: IpColumn) {
    this.#column = column
    this.cardinality = column.cardinality
  }

  readRange(start: number, end: number, out: Uint32Array, validity: Uint8Array): number {
    const raw = this.#rawOf(end - start)
    const nulls = this.#column.readRange(start, end, raw, validity)
    this.#intern(raw, end - start, out)
    return nulls
  }

  readDocs(docs: Uint32Array, count: number, out: Uint32Array, validity: Uint8Array): number {
    const raw = this.#rawOf(count)
    const nulls = this.#column.readDocs(docs, count, raw, validity)
    this.#intern(raw, count, out)
    return nulls
  }

  readLists(rows: DocRows): { readonly offsets: Int32Array; readonly values: Uint32Array } {
    const { offsets, values } = this.#column.readLists(rows)
    const out = new Uint32Array(values.length / 16)
    this.#intern(values.byteOffset % 4 === 0 ? values : values.slice(), out.length, out)
    return { offsets, values: out }
  }

  #rawOf(count: number): Uint8Array {
    if (this.#raw.length < 16 * count) this.#raw = new Uint8Array(16 * count)
    return this.#raw
  }

  #intern(raw: Uint8Array, count: number, out: Uint32Array): void {
    this.table.intern(new Uint32Array(raw.buffer, raw.byteOffset, 4 * count), count, out)
  }
}

function wordsOf(raw: BigInt64Array | BigUint64Array | Float64Array, count: number): Uint32Array {
  return new Uint32Array(raw.buffer, raw.byteOffset, 2 * count)
}

/** Each float is the nearest to its integer: one rounding, of the sum. */
function wordsToFloats(words: Uint32Array, count: number, out: Float64Array): void {
  for (let i = 0; i < count; i += 1) out[i] = words[2 * i + 1]! * 4294967296 + words[2 * i]!
}

function signedWordsToFloats(words: Uint32Array, count: number, out: Float64Array): void {
  for (let i = 0; i < count; i += 1) out[i] = (words[2 * i + 1]! | 0) * 4294967296 + words[2 * i]!
}
