import { type FloatFold, foldFloats } from '@volley/kernels'
import type { PartialResult } from './aggregation-partial.ts'
import type { StatsAggregation } from './aggregation-request.ts'
import type { BlockReader } from './block-reader.ts'
import type { DocBlock } from './doc-block.ts'
import { emptyStats } from './empty-partial.ts'
import type { ExactSums } from './exact-sums.ts'
import { grow, SegmentAggregation } from './segment-aggregation.ts'
import { statsProperty } from './stats-properties.ts'

/** Values after which sums are carried over to the compensated totals. */
const CARRY_AFTER = 1 << 16

/** Counts, sums, minima and maxima of numbers. */
export class StatsAggregator extends SegmentAggregation {
  readonly #kind: StatsAggregation['kind']
  readonly #reader: BlockReader<Float64Array> | BlockReader<Uint32Array>
  readonly #exact: ExactSums | null
  readonly #needsSum: boolean
  readonly #needsBounds: boolean
  #size = 0
  #counts = new Float64Array(0)
  /** Sums since the last carry. */
  #recent = new Float64Array(0)
  #sums = new Float64Array(0)
  #deltas = new Float64Array(0)
  #mins = new Float64Array(0)
  #maxs = new Float64Array(0)
  #uncarried = 0
  readonly #fold: FloatFold = { sum: 0, least: 0, most: 0, leastOther: 0, mostOther: 0, zeros: 0 }

  /**
   * @param reader floats, or ordinals where values are only counted.
   * @param exact sums of the integers themselves, or null.
   */
  constructor(
    kind: StatsAggregation['kind'],
    reader: BlockReader<Float64Array> | BlockReader<Uint32Array>,
    exact: ExactSums | null,
  ) {
    super()
    this.#kind = kind
    this.#reader = reader
    this.#exact = exact
    this.#needsSum = kind === 'sum' || kind === 'avg' || kind === 'stats'
    this.#needsBounds = kind === 'min' || kind === 'max' || kind === 'stats'
  }

  override reserve(count: number): void {
    this.#size = Math.max(this.#size, count)
    this.#exact?.reserve(count)
    if (count <= this.#counts.length) return
    this.#counts = grow(this.#counts, count)
    this.#recent = grow(this.#recent, count)
    this.#sums = grow(this.#sums, count)
    this.#deltas = grow(this.#deltas, count)
    this.#mins = grow(this.#mins, count, Number.MAX_VALUE)
    this.#maxs = grow(this.#maxs, count, -Number.MAX_VALUE)
  }

  override collect(block: DocBlock): void {
    this.#exact?.collect(block)
    if (block.buckets === null) this.#collectOne(block)
    else this.#collectMany(block)
    if (this.#uncarried >= CARRY_AFTER) this.#carry()
  }

  /** All in bucket 0. Zeros of documents without a value do not change a sum. */
  #collectOne(block: DocBlock): void {
    const reader = this.#reader
    const nulls = reader.readWithZeros(block)
    const { values, count } = reader
    this.#uncarried += count
    this.#counts[0]! += count - Math.max(nulls, 0)
    if (!(values instanceof Float64Array) || count === 0) return
    if (!this.#needsBounds) {
      if (this.#needsSum) this.#recent[0]! += sumOf(values, count)
      return
    }
    const fold = this.#fold
    foldFloats(values, count, fold)
    if (this.#needsSum) this.#recent[0]! += fold.sum
    // where there are no other zeros, those of missing values are left out
    const skipZeros = nulls > 0 && fold.zeros === nulls
    const least = skipZeros ? fold.leastOther : fold.least
    const most = skipZeros ? fold.mostOther : fold.most
    if (least < this.#mins[0]!) this.#mins[0] = least
    if (most > this.#maxs[0]!) this.#maxs[0] = most
  }

  #collectMany(block: DocBlock): void {
    const reader = this.#reader
    reader.read(block)
    const { values, count } = reader
    const buckets = reader.buckets!
    this.#uncarried += count
    if (!(values instanceof Float64Array)) countIn(this.#counts, buckets, count)
    else if (this.#needsSum) sumIn(this.#recent, this.#counts, buckets, values, count)
    else countIn(this.#counts, buckets, count)
    if (this.#needsBounds && values instanceof Float64Array) boundsIn(this.#mins, this.#maxs, buckets, values, count)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    this.#carry()
    return Array.from(parents, (parent) => ({
      ...emptyStats(),
      count: this.#counts[parent]!,
      sum: this.#sums[parent]!,
      delta: this.#deltas[parent]!,
      min: this.#mins[parent]!,
      max: this.#maxs[parent]!,
      exact: this.#exact?.valueOf(parent) ?? null,
    }))
  }

  override metric(parent: number, property: string): number | null {
    this.#carry()
    const count = this.#counts[parent] ?? 0
    return statsProperty(
      this.#kind,
      {
        count,
        sum: this.#sums[parent] ?? 0,
        min: this.#mins[parent] ?? 0,
        max: this.#maxs[parent] ?? 0,
      },
      property,
    )
  }

  /** Adds the recent sums to the totals (Kahan). */
  #carry(): void {
    if (this.#uncarried === 0) return
    this.#uncarried = 0
    const { length } = this.#recent
    for (let k = 0; k < this.#size && k < length; k += 1) {
      const recent = this.#recent[k]!
      if (recent === 0) continue
      const term = recent - this.#deltas[k]!
      const sum = this.#sums[k]! + term
      this.#deltas[k] = sum - this.#sums[k]! - term
      this.#sums[k] = sum
      this.#recent[k] = 0
    }
  }
}

function sumOf(values: Float64Array, count: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = 0
  for (; i + 3 < count; i += 4) {
    a += values[i]!
    b += values[i + 1]!
    c += values[i + 2]!
    d += values[i + 3]!
  }
  for (; i < count; i += 1) a += values[i]!
  return a + b + (c + d)
}

function countIn(counts: Float64Array, buckets: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) counts[buckets[i]!]! += 1
}

function sumIn(
  sums: Float64Array,
  counts: Float64Array,
  buckets: Uint32Array,
  values: Float64Array,
  count: number,
): void {
  for (let i = 0; i < count; i += 1) {
    const bucket = buckets[i]!
    sums[bucket]! += values[i]!
    counts[bucket]! += 1
  }
}

function boundsIn(
  mins: Float64Array,
  maxs: Float64Array,
  buckets: Uint32Array,
  values: Float64Array,
  count: number,
): void {
  for (let i = 0; i < count; i += 1) {
    const bucket = buckets[i]!
    const value = values[i]!
    if (value < mins[bucket]!) mins[bucket] = value
    if (value > maxs[bucket]!) maxs[bucket] = value
  }
}
