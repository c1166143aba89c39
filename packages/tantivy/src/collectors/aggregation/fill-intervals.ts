import { AggregationError } from './aggregation-error.ts'
import type { PartialHistogram } from './aggregation-partial.ts'
import type { HistogramAggregation } from './aggregation-request.ts'
import { emptyPartial } from './empty-partial.ts'
import { intervalOf } from './histogram-aggregator.ts'

/**
 * The buckets of a histogram with empty ones between the first and the last, and up to the extended bounds.
 *
 * @throws AggregationError where more than `limit` are needed.
 */
export function fillIntervals(
  { buckets, isDate }: PartialHistogram,
  request: HistogramAggregation,
  limit: number,
): PartialHistogram['buckets'] {
  const unit = isDate ? 1_000_000 : 1
  const interval = request.interval * unit
  const offset = request.offset * unit
  const { extendedBounds: extended, hardBounds: hard } = request
  let min = buckets[0]?.key ?? Number.MAX_VALUE
  let max = buckets.at(-1)?.key ?? -Number.MAX_VALUE
  if (extended !== null) {
    min = Math.min(min, extended.min * unit)
    max = Math.max(max, extended.max * unit)
  }
  if (hard !== null) {
    min = Math.max(min, hard.min * unit)
    max = Math.min(max, hard.max * unit)
  }
  const first = intervalOf(min, interval, offset)
  const last = intervalOf(max, interval, offset)
  if (last - first + 1 > limit) {
    throw new AggregationError(
      'limit_exceeded',
      `Aborting aggregation because bucket limit was exceeded. Limit: ${limit}, Current: ${last - first + 1}`,
    )
  }
  const filled: PartialHistogram['buckets'] = []
  let at = 0
  for (let number = first; number <= last; number += 1) {
    const key = number * interval + offset
    while (at < buckets.length && buckets[at]!.key < key) {
      filled.push(buckets[at]!)
      at += 1
    }
    if (at < buckets.length && buckets[at]!.key === key) {
      filled.push(buckets[at]!)
      at += 1
    } else filled.push({ key, count: 0, sub: emptyPartial(request.aggregations) })
  }
  return [...filled, ...buckets.slice(at)]
}
