import type { PartialRangeBucket, PartialResult } from './aggregation-partial.ts'
import type { BlockReader } from './block-reader.ts'
import type { BucketMap } from './bucket-map.ts'
import { BucketCounts } from './count-buckets.ts'
import type { DocBlock } from './doc-block.ts'
import { SegmentAggregation, type SubAggregations } from './segment-aggregation.ts'

/** A range of a request or between them, with its bounds as the column has them. */
export interface RangeBucket {
  /** Names the bounds; the same in every segment of one column type. */
  readonly id: string
  readonly key: string
  readonly from: number | null
  readonly to: number | null
  /** Order-preserving u64 of the least value in it. */
  readonly start: bigint
}

/** Writes the range of each value of a block. */
export interface RangeReader {
  readonly block: DocBlock
  /** Returns the ordinals of the ranges that the values of the block are in. */
  read(block: DocBlock): Uint32Array
}

/** Documents by range. */
export class RangeAggregator extends SegmentAggregation {
  readonly #ranges: readonly RangeBucket[]
  readonly #reader: RangeReader
  readonly #isDate: boolean
  readonly #map: BucketMap
  readonly #subs: SubAggregations
  readonly #counts: BucketCounts = new BucketCounts()

  constructor(
    ranges: readonly RangeBucket[],
    reader: RangeReader,
    isDate: boolean,
    map: BucketMap,
    subs: SubAggregations,
  ) {
    super()
    this.#ranges = ranges
    this.#reader = reader
    this.#isDate = isDate
    this.#map = map
    this.#subs = subs
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    const ordinals = this.#reader.read(block)
    const { docs, start, count, buckets: parents } = this.#reader.block
    if (count === 0) return
    const buckets = this.#map.map(ordinals, parents, count)
    const { size } = this.#map
    this.#counts.add(buckets, count, size)
    if (!this.#subs.isEmpty) this.#subs.collect({ docs, start, count, buckets }, size)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const count = this.#ranges.length
    // ranges without documents have buckets too
    const ordinals = Uint32Array.from({ length: count }, (_, k) => k)
    const ids = new Uint32Array(parents.length * count)
    for (let k = 0; k < parents.length; k += 1) {
      ids.set(this.#map.map(ordinals, new Uint32Array(count).fill(parents[k]!), count).subarray(0, count), k * count)
    }
    const counts = this.#counts.totals()
    const subs = await this.#subs.finish(ids)
    return Array.from(parents, (_, k) => {
      const buckets = new Map<string, PartialRangeBucket>()
      for (const [ordinal, { id, key, from, to }] of this.#ranges.entries()) {
        const at = k * count + ordinal
        buckets.set(id, { key, from, to, count: counts[ids[at]!] ?? 0, sub: subs[at]! })
      }
      return { kind: 'range', isDate: this.#isDate, buckets }
    })
  }
}

/** Ranges of floats. */
export class FloatRanges implements RangeReader {
  readonly block: BlockReader<Float64Array>
  readonly #starts: Float64Array
  #ordinals = new Uint32Array(0)

  /** @param starts least values of the ranges, ascending; the first is not asked. */
  constructor(block: BlockReader<Float64Array>, starts: Float64Array) {
    this.block = block
    this.#starts = starts
  }

  read(block: DocBlock): Uint32Array {
    this.block.read(block)
    const { values, count } = this.block
    if (this.#ordinals.length < count) this.#ordinals = new Uint32Array(count)
    const out = this.#ordinals
    const starts = this.#starts
    const last = starts.length - 1
    for (let i = 0; i < count; i += 1) {
      const value = values[i]!
      let at = 0
      // NaN is above every number
      while (at < last && !(value < starts[at + 1]!)) at += 1
      out[i] = at
    }
    return out
  }
}

/** Ranges of 64-bit integers. */
export class IntegerRanges implements RangeReader {
  readonly block: BlockReader<Uint32Array>
  readonly #high: BlockReader<Uint32Array>
  readonly #flip: number
  readonly #lows: Uint32Array
  readonly #highs: Uint32Array
  #ordinals = new Uint32Array(0)

  /**
   * @param low low words of values, and high their high ones.
   * @param starts order-preserving u64 of the least values of the ranges, ascending.
   */
  constructor(
    low: BlockReader<Uint32Array>,
    high: BlockReader<Uint32Array>,
    signed: boolean,
    starts: readonly bigint[],
  ) {
    this.block = low
    this.#high = high
    this.#flip = signed ? 0x80000000 : 0
    this.#lows = Uint32Array.from(starts, (start) => Number(start & 0xffffffffn))
    this.#highs = Uint32Array.from(starts, (start) => Number(start >> 32n))
  }

  read(block: DocBlock): Uint32Array {
    this.block.read(block)
    this.#high.read(block)
    const { values: low, count } = this.block
    const high = this.#high.values
    if (this.#ordinals.length < count) this.#ordinals = new Uint32Array(count)
    const out = this.#ordinals
    const lows = this.#lows
    const highs = this.#highs
    const last = lows.length - 1
    for (let i = 0; i < count; i += 1) {
      const l = low[i]!
      const h = (high[i]! ^ this.#flip) >>> 0
      let at = 0
      while (at < last && (h > highs[at + 1]! || (h === highs[at + 1]! && l >= lows[at + 1]!))) at += 1
      out[i] = at
    }
    return out
  }
}
