import { foldIntegers } from '@volley/kernels'
import type { NumericColumn } from '../../columnar/column.ts'
import { BlockReader } from './block-reader.ts'
import { BLOCK, type DocBlock } from './doc-block.ts'
import { HalfWords } from './row-sources.ts'
import { grow } from './segment-aggregation.ts'

/** Values after which the halves are added up: sums of fewer u32 are exact in a float. */
const CARRY_AFTER = 1 << 20

/** Sums, minima and maxima of 64-bit integers without rounding: halves are summed apart. */
export class ExactSums {
  readonly #column: NumericColumn
  readonly #type: NumericColumn['type']
  /** Values of a block, where each document has one; else null. */
  readonly #whole: BigInt64Array | BigUint64Array | null = null
  readonly #validity = new Uint8Array(BLOCK / 8)
  readonly #signed: boolean
  readonly #low: BlockReader<Uint32Array>
  readonly #high: BlockReader<Uint32Array>
  #uncarried = 0
  #counts = new Float64Array(0)
  #lows = new Float64Array(0)
  #highs = new Float64Array(0)
  readonly #totals: bigint[] = []
  #minLows = new Uint32Array(0)
  /** High halves that compare unsigned: with the sign bit inverted where the column is signed. */
  #minHighs = new Uint32Array(0)
  #maxLows = new Uint32Array(0)
  #maxHighs = new Uint32Array(0)

  constructor(column: NumericColumn) {
    this.#column = column
    this.#type = column.type
    this.#signed = column.type !== 'u64' && column.type !== 'bool'
    if (column.cardinality === 'full' && column.type !== 'bool') {
      this.#whole = this.#signed ? new BigInt64Array(BLOCK) : new BigUint64Array(BLOCK)
    }
    this.#low = new BlockReader(new HalfWords(column, 0), (count) => new Uint32Array(count))
    this.#high = new BlockReader(new HalfWords(column, 1), (count) => new Uint32Array(count))
  }

  reserve(count: number): void {
    if (count <= this.#counts.length) return
    this.#counts = grow(this.#counts, count)
    this.#lows = grow(this.#lows, count)
    this.#highs = grow(this.#highs, count)
    this.#minLows = grow(this.#minLows, count, 0xffffffff)
    this.#minHighs = grow(this.#minHighs, count, 0xffffffff)
    this.#maxLows = grow(this.#maxLows, count)
    this.#maxHighs = grow(this.#maxHighs, count)
  }

  collect(block: DocBlock): void {
    if (this.#whole !== null && block.buckets === null && block.count <= BLOCK) {
      this.#fold(block, this.#whole)
      return
    }
    this.#low.read(block)
    this.#high.read(block)
    const { buckets, count } = this.#low
    const low = this.#low.values
    const high = this.#high.values
    if (this.#signed) this.#addSigned(low, high, buckets, count)
    else this.#addUnsigned(low, high, buckets, count)
    this.#uncarried += count
    if (this.#uncarried >= CARRY_AFTER) this.#carry()
  }

  /** All in bucket 0, of a column where each document has one value. */
  #fold({ docs, start, count }: DocBlock, values: BigInt64Array | BigUint64Array): void {
    if (count === 0) return
    if (docs === null) this.#column.readRange(start, start + count, values, this.#validity)
    else this.#column.readDocs(docs, count, values, this.#validity)
    const { lows, highs, least, most } = foldIntegers(values, count, this.#signed)
    this.#lows[0]! += lows
    this.#highs[0]! += highs
    this.#addBounds(0, ...this.#split(least))
    this.#addBounds(0, ...this.#split(most))
    this.#counts[0]! += count - 2
    this.#uncarried += count
    if (this.#uncarried >= CARRY_AFTER) this.#carry()
  }

  /** Halves as bounds are kept. */
  #split(value: bigint): [number, number] {
    const high = Number((value >> 32n) & 0xffffffffn)
    return [Number(value & 0xffffffffn), this.#signed ? (high ^ 0x80000000) >>> 0 : high]
  }

  /** Of a bucket; null where it has no value. */
  valueOf(bucket: number): { sum: bigint; min: bigint; max: bigint } | null {
    this.#carry()
    if (!(this.#counts[bucket]! > 0)) return null
    const flip = this.#signed ? 0x80000000 : 0
    return {
      sum: this.#totals[bucket]!,
      min: this.#join(this.#minLows[bucket]!, (this.#minHighs[bucket]! ^ flip) >>> 0),
      max: this.#join(this.#maxLows[bucket]!, (this.#maxHighs[bucket]! ^ flip) >>> 0),
    }
  }

  #addSigned(low: Uint32Array, high: Uint32Array, buckets: Uint32Array | null, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const bucket = buckets === null ? 0 : buckets[i]!
      this.#lows[bucket]! += low[i]!
      this.#highs[bucket]! += high[i]! | 0
      this.#addBounds(bucket, low[i]!, (high[i]! ^ 0x80000000) >>> 0)
    }
  }

  #addUnsigned(low: Uint32Array, high: Uint32Array, buckets: Uint32Array | null, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const bucket = buckets === null ? 0 : buckets[i]!
      this.#lows[bucket]! += low[i]!
      this.#highs[bucket]! += high[i]!
      this.#addBounds(bucket, low[i]!, high[i]!)
    }
  }

  #addBounds(bucket: number, low: number, high: number): void {
    this.#counts[bucket]! += 1
    const minHigh = this.#minHighs[bucket]!
    if (high < minHigh || (high === minHigh && low < this.#minLows[bucket]!)) {
      this.#minHighs[bucket] = high
      this.#minLows[bucket] = low
    }
    const maxHigh = this.#maxHighs[bucket]!
    if (high > maxHigh || (high === maxHigh && low > this.#maxLows[bucket]!)) {
      this.#maxHighs[bucket] = high
      this.#maxLows[bucket] = low
    }
  }

  #carry(): void {
    if (this.#uncarried === 0) return
    this.#uncarried = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket += 1) {
      const low = this.#lows[bucket]!
      const high = this.#highs[bucket]!
      if (low === 0 && high === 0 && this.#totals[bucket] !== undefined) continue
      this.#totals[bucket] = (this.#totals[bucket] ?? 0n) + BigInt(low) + BigInt(high) * 4294967296n
      this.#lows[bucket] = 0
      this.#highs[bucket] = 0
    }
  }

  #join(low: number, high: number): bigint {
    const value = (BigInt(high) << 32n) | BigInt(low)
    return this.#type === 'u64' || this.#type === 'bool' ? value : BigInt.asIntN(64, value)
  }
}
