import type { BytesColumn, Column, IpColumn, NumericColumn } from '../../columnar/column.ts'
import type { CompositeValue } from './aggregation-request.ts'
import { BlockReader } from './block-reader.ts'
import type { DocBlock } from './doc-block.ts'
import { addressAt } from './ordinal-domain.ts'
import { Floats, HalfWords, InternedAddresses, TermOrdinals } from './row-sources.ts'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * Reads the values of one column for composite keys: two words a value, which order as the values do, high word first
 * (but for addresses, which `compare` knows).
 */
export abstract class KeyAccessor {
  /** Rank among types: values of a lower one come first. */
  abstract readonly rank: number
  low: Uint32Array = new Uint32Array(0)
  high: Uint32Array = new Uint32Array(0)
  /** Holds documents and buckets of the values. */
  abstract readonly block: DocBlock

  /** Reads the values of a block, one entry a value. */
  abstract read(block: DocBlock): void
  /** Values of pairs of words, `low[k]` and `high[k]`. */
  abstract valuesOf(low: Uint32Array, high: Uint32Array): Promise<CompositeValue[]>
  /**
   * Where a value of the same rank would be: the words of the first value that is not below it, and whether that is
   * equal; null past the last.
   */
  abstract positionOf(value: CompositeValue): Promise<KeyPosition | null>

  compare(lowA: number, highA: number, lowB: number, highB: number): number {
    return highA - highB || lowA - lowB
  }
}

export interface KeyPosition {
  readonly low: number
  readonly high: number
  readonly exact: boolean
}

/** Ranks of types in the order of pages. */
export const TYPE_RANKS: Readonly<Record<Exclude<CompositeValue['type'], 'null'>, number>> = {
  bool: 1,
  str: 2,
  i64: 3,
  u64: 3,
  f64: 3,
  ip: 4,
  dt: 5,
}

export function termAccessorOf(column: Column, unique: boolean): KeyAccessor {
  switch (column.type) {
    case 'str':
    case 'bytes':
      return new TermAccessor(column as BytesColumn, unique)
    case 'ip':
      return new AddressAccessor(column as IpColumn, unique)
    default:
      return new NumberAccessor(column as NumericColumn)
  }
}

class TermAccessor extends KeyAccessor {
  readonly rank = TYPE_RANKS.str
  readonly block: BlockReader<Uint32Array>
  readonly #column: BytesColumn

  constructor(column: BytesColumn, unique: boolean) {
    super()
    this.#column = column
    this.block = new BlockReader(new TermOrdinals(column), (count) => new Uint32Array(count), null, unique)
  }

  override read(block: DocBlock): void {
    this.block.read(block)
    this.low = this.block.values
    if (this.high.length < this.block.count) this.high = new Uint32Array(this.block.count)
  }

  override async valuesOf(low: Uint32Array): Promise<CompositeValue[]> {
    const ordinals = Uint32Array.from(new Set(low)).sort()
    if (ordinals.length === 0) return []
    const { offsets, bytes } = await this.#column.dictionary.termsOf(ordinals)
    const texts = new Map<number, string>()
    for (let k = 0; k < ordinals.length; k += 1) {
      texts.set(ordinals[k]!, decoder.decode(bytes.subarray(offsets[k], offsets[k + 1])))
    }
    return Array.from(low, (ordinal) => ({ type: 'str', value: texts.get(ordinal)! }))
  }

  override async positionOf(value: CompositeValue): Promise<KeyPosition | null> {
    if (value.type !== 'str') return null
    const term = encoder.encode(value.value)
    const { dictionary } = this.#column
    const ordinal = await dictionary.lowerBound(term)
    if (ordinal >= dictionary.numTerms) return null
    return { low: ordinal, high: 0, exact: (await dictionary.ordOf(term)) === ordinal }
  }
}

class AddressAccessor extends KeyAccessor {
  readonly rank = TYPE_RANKS.ip
  readonly block: BlockReader<Uint32Array>
  readonly #source: InternedAddresses

  constructor(column: IpColumn, unique: boolean) {
    super()
    this.#source = new InternedAddresses(column)
    this.block = new BlockReader(this.#source, (count) => new Uint32Array(count), null, unique)
  }

  override read(block: DocBlock): void {
    this.block.read(block)
    this.low = this.block.values
    if (this.high.length < this.block.count) this.high = new Uint32Array(this.block.count)
  }

  override compare(lowA: number, _highA: number, lowB: number): number {
    const left = addressAt(this.#source.table, lowA)
    const right = addressAt(this.#source.table, lowB)
    return left < right ? -1 : left > right ? 1 : 0
  }

  override async valuesOf(low: Uint32Array): Promise<CompositeValue[]> {
    return Array.from(low, (ordinal) => ({ type: 'ip', value: addressAt(this.#source.table, ordinal) }))
  }

  override async positionOf(value: CompositeValue): Promise<KeyPosition | null> {
    if (value.type !== 'ip') return null
    const words = new Uint32Array(4)
    const view = new DataView(words.buffer)
    view.setBigUint64(0, value.value >> 64n)
    view.setBigUint64(8, BigInt.asUintN(64, value.value))
    const out = new Uint32Array(1)
    this.#source.table.intern(words, 1, out)
    return { low: out[0]!, high: 0, exact: true }
  }
}

const floats = new Float64Array(1)
const integers = new BigUint64Array(floats.buffer)
const SIGN = 1n << 63n
const MAX_U64 = (1n << 64n) - 1n

/** Numbers by their order-preserving u64. */
class NumberAccessor extends KeyAccessor {
  readonly rank: number
  readonly block: BlockReader<Uint32Array>
  readonly #type: NumericColumn['type']
  readonly #high: BlockReader<Uint32Array>

  constructor(column: NumericColumn) {
    super()
    this.#type = column.type
    this.rank = column.type === 'bool' ? TYPE_RANKS.bool : column.type === 'date' ? TYPE_RANKS.dt : TYPE_RANKS.i64
    this.block = new BlockReader(new HalfWords(column, 0), (count) => new Uint32Array(count))
    this.#high = new BlockReader(new HalfWords(column, 1), (count) => new Uint32Array(count))
  }

  override read(block: DocBlock): void {
    this.block.read(block)
    this.#high.read(block)
    this.low = this.block.values
    this.high = this.#high.values
    if (this.#type === 'i64' || this.#type === 'date') flipSigns(this.high, this.block.count)
    else if (this.#type === 'f64') mapFloats(this.low, this.high, this.block.count)
  }

  override async valuesOf(low: Uint32Array, high: Uint32Array): Promise<CompositeValue[]> {
    return Array.from(low, (_, k) => this.#valueOf((BigInt(high[k]!) << 32n) | BigInt(low[k]!)))
  }

  override async positionOf(value: CompositeValue): Promise<KeyPosition | null> {
    const found = this.#type === 'f64' ? floatPosition(value) : integerPosition(this.#type, value)
    if (found === null) return null
    const { mapped, exact } = found
    return { low: Number(mapped & 0xffffffffn), high: Number(mapped >> 32n), exact }
  }

  #valueOf(mapped: bigint): CompositeValue {
    switch (this.#type) {
      case 'bool':
        return { type: 'bool', value: mapped !== 0n }
      case 'u64':
        return { type: 'u64', value: mapped }
      case 'i64':
        return { type: 'i64', value: BigInt.asIntN(64, mapped ^ SIGN) }
      case 'date':
        return { type: 'dt', value: BigInt.asIntN(64, mapped ^ SIGN) }
      case 'f64':
        return numberValue(unmapFloat(mapped))
    }
  }
}

/** Whole floats are integers, as everywhere where a path has both. */
function numberValue(value: number): CompositeValue {
  if (Number.isInteger(value)) {
    if (value >= -(2 ** 63) && value < 2 ** 63) return { type: 'i64', value: BigInt(value) }
    if (value >= 0 && value < 2 ** 64) return { type: 'u64', value: BigInt(value) }
  }
  return { type: 'f64', value }
}

function mapFloat(value: number): bigint {
  floats[0] = value
  const bits = integers[0]!
  return bits & SIGN ? MAX_U64 ^ bits : bits ^ SIGN
}

function unmapFloat(mapped: bigint): number {
  integers[0] = mapped & SIGN ? mapped ^ SIGN : MAX_U64 ^ mapped
  return floats[0]!
}

/** The first integer of a type that is not below a value, in its order-preserving form. */
function integerPosition(
  type: 'i64' | 'u64' | 'date' | 'bool',
  value: CompositeValue,
): { readonly mapped: bigint; readonly exact: boolean } | null {
  if (value.type === 'null' || value.type === 'str' || value.type === 'ip') return null
  if (value.type === 'bool') return { mapped: value.value ? 1n : 0n, exact: true }
  let whole: bigint
  let exact = true
  if (value.type === 'f64') {
    if (!Number.isFinite(value.value)) return value.value > 0 ? null : { mapped: 0n, exact: false }
    whole = BigInt(Math.ceil(value.value))
    exact = Number.isInteger(value.value)
  } else whole = value.value
  const least = type === 'u64' || type === 'bool' ? 0n : -SIGN
  const mapped = whole - least
  if (mapped < 0n) return { mapped: 0n, exact: false }
  return mapped > MAX_U64 ? null : { mapped, exact }
}

/** The first float that is not below a value. */
function floatPosition(value: CompositeValue): { readonly mapped: bigint; readonly exact: boolean } | null {
  if (value.type === 'f64') return { mapped: mapFloat(value.value), exact: true }
  if (value.type !== 'i64' && value.type !== 'u64') return null
  const near = Number(value.value)
  const exact = BigInt(near) === value.value
  return { mapped: mapFloat(near) + (BigInt(near) < value.value ? 1n : 0n), exact }
}

function flipSigns(high: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) high[i]! ^= 0x80000000
}

function mapFloats(low: Uint32Array, high: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const negative = high[i]! >> 31
    low[i] = low[i]! ^ negative
    high[i] = high[i]! ^ (negative | 0x80000000)
  }
}

/** Writes whole numbers as order-preserving u64 of i64. */
function splitIntegers(numbers: Float64Array, count: number, low: Uint32Array, high: Uint32Array): void {
  for (let i = 0; i < count; i += 1) {
    const value = Math.min(Math.max(numbers[i]!, -(2 ** 63)), 2 ** 63 - 1024)
    const top = Math.floor(value / 4294967296)
    low[i] = value - top * 4294967296
    high[i] = top ^ 0x80000000
  }
}

/** Numbers of intervals: that of value v is floor(v / interval); dates in milliseconds. */
export class IntervalAccessor extends KeyAccessor {
  readonly rank: number = TYPE_RANKS.f64
  readonly block: BlockReader<Float64Array>
  readonly #interval: number
  readonly #unit: number
  #numbers = new Float64Array(0)

  constructor(column: NumericColumn, interval: number) {
    super()
    this.block = new BlockReader(new Floats(column), (count) => new Float64Array(count))
    this.#interval = interval
    this.#unit = column.type === 'date' ? 1e6 : 1
  }

  override read(block: DocBlock): void {
    this.block.read(block)
    const { values, count } = this.block
    if (this.low.length < count) {
      this.low = new Uint32Array(count)
      this.high = new Uint32Array(count)
      this.#numbers = new Float64Array(count)
    }
    for (let i = 0; i < count; i += 1) this.#numbers[i] = Math.floor(values[i]! / this.#unit / this.#interval)
    splitIntegers(this.#numbers, count, this.low, this.high)
  }

  override async valuesOf(low: Uint32Array, high: Uint32Array): Promise<CompositeValue[]> {
    return Array.from(low, (word, k) => {
      const number = ((high[k]! ^ 0x80000000) | 0) * 4294967296 + word
      return { type: 'f64', value: number * this.#interval }
    })
  }

  override async positionOf(value: CompositeValue): Promise<KeyPosition | null> {
    if (value.type !== 'f64') return null
    const found = integerPosition('i64', { type: 'f64', value: value.value / this.#interval })
    if (found === null) return null
    return { low: Number(found.mapped & 0xffffffffn), high: Number(found.mapped >> 32n), exact: found.exact }
  }
}

/** Starts of intervals of time, in nanoseconds. */
export class DateAccessor extends KeyAccessor {
  readonly rank: number = TYPE_RANKS.dt
  readonly block: BlockReader<Uint32Array>
  readonly #high: BlockReader<Uint32Array>
  readonly #interval: number | 'week' | 'month' | 'year'

  constructor(column: NumericColumn, interval: number | 'week' | 'month' | 'year') {
    super()
    this.block = new BlockReader(new HalfWords(column, 0), (count) => new Uint32Array(count))
    this.#high = new BlockReader(new HalfWords(column, 1), (count) => new Uint32Array(count))
    this.#interval = interval
  }

  override read(block: DocBlock): void {
    this.block.read(block)
    this.#high.read(block)
    this.low = this.block.values
    this.high = this.#high.values
    const { count } = this.block
    for (let i = 0; i < count; i += 1) this.#truncate(i)
  }

  override async valuesOf(low: Uint32Array, high: Uint32Array): Promise<CompositeValue[]> {
    return Array.from(low, (word, k) => {
      const mapped = (BigInt(high[k]!) << 32n) | BigInt(word)
      return { type: 'dt', value: BigInt.asIntN(64, mapped ^ SIGN) }
    })
  }

  override async positionOf(value: CompositeValue): Promise<KeyPosition | null> {
    const found = value.type === 'dt' ? integerPosition('date', value) : null
    if (found === null) return null
    return { low: Number(found.mapped & 0xffffffffn), high: Number(found.mapped >> 32n), exact: true }
  }

  /** Replaces a value by the start of its interval. */
  #truncate(i: number): void {
    const low = this.low[i]!
    const high = this.high[i]! | 0
    // the milliseconds may be off by one, which the rest tells, computed modulo 2^32
    let millis = Math.floor((high * 4294967296 + low) / 1e6)
    let rest = (low - Math.imul(millis, 1_000_000)) | 0
    if (rest < 0) {
      millis -= 1
      rest += 1_000_000
    } else if (rest >= 1_000_000) {
      millis += 1
      rest -= 1_000_000
    }
    const start = this.#startOf(millis, rest > 0)
    const word = Math.imul(start, 1_000_000) >>> 0
    this.low[i] = word
    this.high[i] = Math.round((start * 1e6 - word) / 4294967296) ^ 0x80000000
  }

  /** In milliseconds; `more` says that the time is past its millisecond. */
  #startOf(millis: number, more: boolean): number {
    const interval = this.#interval
    if (typeof interval === 'number') {
      const number = Math.floor(millis / interval)
      // division of integers cuts towards zero
      const cut = number < 0 && (more || number * interval !== millis)
      return (cut ? number + 1 : number) * interval
    }
    const day = Math.floor(millis / 86_400_000)
    // the first of January 1970 was a Thursday
    if (interval === 'week') return (day - ((((day + 3) % 7) + 7) % 7)) * 86_400_000
    const date = new Date(millis)
    return Date.UTC(date.getUTCFullYear(), interval === 'year' ? 0 : date.getUTCMonth(), 1)
  }
}
