import type { PartialResult } from './aggregation-partial.ts'
import type { HistogramBounds } from './aggregation-request.ts'
import type { BlockReader } from './block-reader.ts'
import type { BucketMap } from './bucket-map.ts'
import { BucketCounts } from './count-buckets.ts'
import type { DocBlock } from './doc-block.ts'
import { SegmentAggregation, type SubAggregations } from './segment-aggregation.ts'
import { TupleTable } from './tuple-table.ts'

/** Intervals between the least and the greatest value for which each of them is an ordinal. */
export const MAX_DENSE_INTERVALS: number = 1 << 20

/** A grid in the column's units (dates in nanoseconds). */
export interface Grid {
  readonly interval: number
  readonly offset: number
  /** Values outside are left out; null where there are none. */
  readonly bounds: HistogramBounds | null
  /** Number of the interval that ordinal 0 stands for, and intervals from there on; null: by first appearance. */
  readonly dense: { readonly first: number; readonly length: number } | null
}

/** Number of the interval that a value is in. */
export function intervalOf(value: number, interval: number, offset: number): number {
  return Math.floor((value - offset) / interval)
}

/** Documents by interval of a number. */
export class HistogramAggregator extends SegmentAggregation {
  readonly #reader: BlockReader<Float64Array>
  readonly #grid: Grid
  readonly #isDate: boolean
  readonly #map: BucketMap
  readonly #intervals: TupleTable | null
  readonly #subs: SubAggregations
  readonly #counts: BucketCounts = new BucketCounts()
  #ordinals = new Uint32Array(0)
  #docs = new Uint32Array(0)
  #parents = new Uint32Array(0)
  #words = new Uint32Array(0)

  /** @param intervals numbers intervals by first appearance where the grid is not dense. */
  constructor(
    reader: BlockReader<Float64Array>,
    grid: Grid,
    isDate: boolean,
    map: BucketMap,
    intervals: TupleTable | null,
    subs: SubAggregations,
  ) {
    super()
    this.#reader = reader
    this.#grid = grid
    this.#isDate = isDate
    this.#map = map
    this.#intervals = intervals
    this.#subs = subs
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    this.#reader.read(block)
    const inside = this.#insideBounds(this.#reader)
    const { values, docs, start, count, buckets: parents } = inside
    if (count === 0) return
    if (this.#ordinals.length < count) this.#ordinals = new Uint32Array(count)
    const ordinals = this.#ordinals
    const { interval, offset, dense } = this.#grid
    const uniform = dense === null || parents !== null ? -1 : this.#uniformOrdinal(values, count, dense.first)
    if (uniform >= 0 && this.#subs.isEmpty) {
      this.#addAll(uniform, count)
      return
    }
    if (uniform >= 0) ordinals.fill(uniform, 0, count)
    else if (dense !== null) denseOrdinals(values, count, interval, offset, dense.first, ordinals)
    else this.#internIntervals(values, count, ordinals)
    const buckets = this.#map.map(ordinals, parents, count)
    const { size } = this.#map
    this.#counts.add(buckets, count, size)
    if (!this.#subs.isEmpty) this.#subs.collect({ docs, start, count, buckets }, size)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const counts = this.#counts.totals()
    const lists = this.#map.bucketsOf(parents).map(({ buckets, ordinals }) => {
      const rows = [...buckets.keys()].filter((k) => (counts[buckets[k]!] ?? 0) > 0)
      return rows
        .map((k) => ({ bucket: buckets[k]!, number: this.#numberOf(ordinals[k]!) }))
        .sort((a, b) => a.number - b.number)
    })
    const { interval, offset } = this.#grid
    const subs = await this.#subs.finish(Uint32Array.from(lists.flat(), ({ bucket }) => bucket))
    let at = 0
    return lists.map((list) => ({
      kind: 'histogram',
      isDate: this.#isDate,
      buckets: list.map(({ bucket, number }) => {
        const sub = subs[at]!
        at += 1
        return { key: number * interval + offset, count: counts[bucket]!, sub }
      }),
    }))
  }

  /** Leaves out values outside the bounds, and NaN. */
  #insideBounds(block: BlockReader<Float64Array>): DocBlock & { readonly values: Float64Array } {
    const { bounds } = this.#grid
    if (bounds === null) return block
    const { values, docs, start, count, buckets } = block
    if (this.#docs.length < count) {
      this.#docs = new Uint32Array(count)
      this.#parents = new Uint32Array(count)
    }
    const ids = this.#docs
    let kept = 0
    for (let i = 0; i < count; i += 1) {
      const value = values[i]!
      values[kept] = value
      ids[kept] = docs === null ? start + i : docs[i]!
      if (buckets !== null) this.#parents[kept] = buckets[i]!
      kept += +(value >= bounds.min && value <= bounds.max)
    }
    return { values, docs: ids, start: 0, count: kept, buckets: buckets === null ? null : this.#parents }
  }

  #addAll(ordinal: number, count: number): void {
    this.#ordinals[0] = ordinal
    const bucket = this.#map.map(this.#ordinals, null, 1)[0]!
    this.#counts.addTo(bucket, count)
  }

  /** Ordinal of the interval that all values are in, as often in a column that grows; -1 if there may be several. */
  #uniformOrdinal(values: Float64Array, count: number, first: number): number {
    const { interval, offset } = this.#grid
    const number = intervalOf(values[0]!, interval, offset)
    // most other blocks are told by their ends
    if (number !== intervalOf(values[count - 1]!, interval, offset)) return -1
    const margin = interval * MARGIN + Math.abs(values[0]!) * MARGIN
    const low = number * interval + offset + margin
    const high = (number + 1) * interval + offset - margin
    return isWithin(values, count, low, high) ? number - first : -1
  }

  #internIntervals(values: Float64Array, count: number, out: Uint32Array): void {
    const { interval, offset } = this.#grid
    if (this.#words.length < 2 * count) this.#words = new Uint32Array(2 * count)
    const numbers = new Float64Array(this.#words.buffer, 0, count)
    for (let i = 0; i < count; i += 1) numbers[i] = intervalOf(values[i]!, interval, offset) + 0
    this.#intervals!.intern(this.#words, count, out)
  }

  #numberOf(ordinal: number): number {
    const { dense } = this.#grid
    if (dense !== null) return dense.first + ordinal
    const { words } = this.#intervals!
    return new Float64Array(words.buffer, words.byteOffset, this.#intervals!.size)[ordinal]!
  }
}

/** Relative distance from a bound of intervals below which rounding could decide on which side a value is. */
const MARGIN = 1e-12

/** Whether all values are above `low` and below `high`. */
function isWithin(values: Float64Array, count: number, low: number, high: number): boolean {
  let outside = 0
  for (let i = 0; i < count; i += 1) outside |= +(values[i]! <= low) | +(values[i]! >= high)
  return outside === 0
}

function denseOrdinals(
  values: Float64Array,
  count: number,
  interval: number,
  offset: number,
  first: number,
  out: Uint32Array,
): void {
  for (let i = 0; i < count; i += 1) out[i] = Math.floor((values[i]! - offset) / interval) - first
}
