import type { BytesColumn, Column, IpColumn, NumericColumn } from '../../columnar/column.ts'
import { formatDate } from './format-date.ts'
import { Distances, InternedAddresses, InternedNumbers, type RowSource, TermOrdinals } from './row-sources.ts'
import { encodeFloat, encodeInteger, type EncodedKey } from './term-key.ts'
import type { TupleTable } from './tuple-table.ts'

/** A range of integers up to which an array has an entry for each of them. */
const MAX_DISTANCES = 1n << 20n

/** Terms of a column as ordinals: of its dictionary, by distance from the least, or by first appearance. */
export interface OrdinalDomain {
  readonly source: RowSource<Uint32Array>
  /** Above every ordinal so far. */
  readonly size: number
  /** Compares the terms of two ordinals. */
  compare(a: number, b: number): number
  /** A float that orders as the term does but for what rounding makes equal. */
  near(ordinal: number): number
  /** Keys of ascending distinct ordinals. */
  keysOf(ordinals: Uint32Array, signal?: AbortSignal): Promise<EncodedKey[]>
}

/** @param interned numbers are numbered by appearance, so that others can be added. */
export function ordinalDomainOf(column: Column, interned: boolean = false): OrdinalDomain {
  switch (column.type) {
    case 'str':
    case 'bytes':
      return new DictionaryDomain(column as BytesColumn)
    case 'ip':
      return new AddressDomain(column as IpColumn)
    case 'f64':
      return new NumberDomain(column as NumericColumn)
    default: {
      const { minValue, maxValue } = column as NumericColumn
      const narrow = !interned && (minValue === null || BigInt(maxValue!) - BigInt(minValue) < MAX_DISTANCES)
      return narrow ? new DistanceDomain(column as NumericColumn) : new NumberDomain(column as NumericColumn)
    }
  }
}

const decoder = new TextDecoder()

class DictionaryDomain implements OrdinalDomain {
  readonly source: TermOrdinals
  readonly size: number
  readonly #column: BytesColumn

  constructor(column: BytesColumn) {
    this.source = new TermOrdinals(column)
    this.size = column.dictionary.numTerms
    this.#column = column
  }

  compare(a: number, b: number): number {
    return a - b
  }

  near(ordinal: number): number {
    return ordinal
  }

  async keysOf(ordinals: Uint32Array, signal?: AbortSignal): Promise<EncodedKey[]> {
    if (ordinals.length === 0) return []
    const { offsets, bytes } = await this.#column.dictionary.termsOf(ordinals, signal)
    return Array.from(ordinals, (_, k) => `s${decoder.decode(bytes.subarray(offsets[k], offsets[k + 1]))}`)
  }
}

function encodeNumber(type: NumericColumn['type'], value: bigint): EncodedKey {
  if (type === 'bool') return `b${value}`
  return type === 'date' ? `s${formatDate(value)}` : encodeInteger(value, type === 'i64')
}

class DistanceDomain implements OrdinalDomain {
  readonly source: Distances
  readonly size: number
  readonly #type: NumericColumn['type']
  readonly #least: bigint

  constructor(column: NumericColumn) {
    this.#least = BigInt(column.minValue ?? 0)
    this.source = new Distances(column, this.#least)
    this.size = column.minValue === null ? 0 : Number(BigInt(column.maxValue!) - this.#least) + 1
    this.#type = column.type
  }

  compare(a: number, b: number): number {
    return a - b
  }

  near(ordinal: number): number {
    return ordinal
  }

  async keysOf(ordinals: Uint32Array): Promise<EncodedKey[]> {
    return Array.from(ordinals, (ordinal) => encodeNumber(this.#type, this.#least + BigInt(ordinal)))
  }
}

class NumberDomain implements OrdinalDomain {
  readonly source: InternedNumbers
  readonly #type: NumericColumn['type']

  constructor(column: NumericColumn) {
    this.source = new InternedNumbers(column)
    this.#type = column.type
  }

  get size(): number {
    return this.source.table.size
  }

  compare(a: number, b: number): number {
    const left = numberAt(this.source.table, this.#type, a)
    const right = numberAt(this.source.table, this.#type, b)
    return left < right ? -1 : left > right ? 1 : 0
  }

  near(ordinal: number): number {
    const { words } = this.source.table
    const low = words[2 * ordinal]!
    const high = words[2 * ordinal + 1]!
    if (this.#type === 'f64') {
      halves[0] = low
      halves[1] = high
      return floats[0]!
    }
    return (this.#type === 'u64' ? high : high | 0) * 4294967296 + low
  }

  async keysOf(ordinals: Uint32Array): Promise<EncodedKey[]> {
    return Array.from(ordinals, (ordinal) => {
      const value = numberAt(this.source.table, this.#type, ordinal)
      return typeof value === 'number' ? encodeFloat(value) : encodeNumber(this.#type, value)
    })
  }
}

const floats = new Float64Array(1)
const halves = new Uint32Array(floats.buffer)
const integers = new BigInt64Array(floats.buffer)

/** A value of two words in a column's type. */
function numberAt(table: TupleTable, type: NumericColumn['type'], ordinal: number): bigint | number {
  halves[0] = table.words[2 * ordinal]!
  halves[1] = table.words[2 * ordinal + 1]!
  if (type === 'f64') return floats[0]!
  return type === 'u64' ? BigInt.asUintN(64, integers[0]!) : integers[0]!
}

class AddressDomain implements OrdinalDomain {
  readonly source: InternedAddresses

  constructor(column: IpColumn) {
    this.source = new InternedAddresses(column)
  }

  get size(): number {
    return this.source.table.size
  }

  compare(a: number, b: number): number {
    const left = addressAt(this.source.table, a)
    const right = addressAt(this.source.table, b)
    return left < right ? -1 : left > right ? 1 : 0
  }

  near(ordinal: number): number {
    return Number(addressAt(this.source.table, ordinal))
  }

  async keysOf(ordinals: Uint32Array): Promise<EncodedKey[]> {
    return Array.from(ordinals, (ordinal) => `a${addressAt(this.source.table, ordinal).toString(16)}`)
  }
}

/** An address of four words that hold its big-endian bytes. */
export function addressAt(table: TupleTable, ordinal: number): bigint {
  const { words } = table
  const view = new DataView(words.buffer, words.byteOffset + 16 * ordinal, 16)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}
