import type { PartialExtendedStats, PartialResult } from './aggregation-partial.ts'
import type { BlockReader } from './block-reader.ts'
import type { DocBlock } from './doc-block.ts'
import { extendedStatsOf, extendedStatsProperty } from './stats-properties.ts'
import { grow, SegmentAggregation } from './segment-aggregation.ts'

/** Statistics with the variance (Welford, "Note on a Method for Calculating Corrected Sums of Squares", 1962). */
export class ExtendedStatsAggregator extends SegmentAggregation {
  readonly #reader: BlockReader<Float64Array>
  readonly #sigma: number
  #counts = new Float64Array(0)
  #sums = new Float64Array(0)
  #deltas = new Float64Array(0)
  #mins = new Float64Array(0)
  #maxs = new Float64Array(0)
  #means = new Float64Array(0)
  #deviations = new Float64Array(0)
  #squares = new Float64Array(0)

  constructor(reader: BlockReader<Float64Array>, sigma: number) {
    super()
    this.#reader = reader
    this.#sigma = sigma
  }

  override reserve(count: number): void {
    if (count <= this.#counts.length) return
    this.#counts = grow(this.#counts, count)
    this.#sums = grow(this.#sums, count)
    this.#deltas = grow(this.#deltas, count)
    this.#mins = grow(this.#mins, count, Number.MAX_VALUE)
    this.#maxs = grow(this.#maxs, count, -Number.MAX_VALUE)
    this.#means = grow(this.#means, count)
    this.#deviations = grow(this.#deviations, count)
    this.#squares = grow(this.#squares, count)
  }

  override collect(block: DocBlock): void {
    const reader = this.#reader
    reader.read(block)
    const { values, buckets, count } = reader
    for (let i = 0; i < count; i += 1) {
      const bucket = buckets === null ? 0 : buckets[i]!
      const value = values[i]!
      const n = this.#counts[bucket]! + 1
      this.#counts[bucket] = n
      const term = value - this.#deltas[bucket]!
      const sum = this.#sums[bucket]! + term
      this.#deltas[bucket] = sum - this.#sums[bucket]! - term
      this.#sums[bucket] = sum
      if (value < this.#mins[bucket]!) this.#mins[bucket] = value
      if (value > this.#maxs[bucket]!) this.#maxs[bucket] = value
      const before = value - this.#means[bucket]!
      const mean = sum / n
      this.#means[bucket] = mean
      this.#deviations[bucket]! += before * (value - mean)
      this.#squares[bucket]! += value * value
    }
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    return Array.from(parents, (parent) => this.#partialOf(parent))
  }

  override metric(parent: number, property: string): number | null {
    if (parent >= this.#counts.length) return null
    return extendedStatsProperty(extendedStatsOf(this.#partialOf(parent), this.#sigma), property)
  }

  #partialOf(parent: number): PartialExtendedStats {
    return {
      kind: 'extended_stats',
      count: this.#counts[parent]!,
      sum: this.#sums[parent]!,
      delta: this.#deltas[parent]!,
      min: this.#mins[parent]!,
      max: this.#maxs[parent]!,
      mean: this.#means[parent]!,
      deviation: this.#deviations[parent]!,
      squares: this.#squares[parent]!,
    }
  }
}
