import type { AggregationPartial, PartialBucket, PartialResult, PartialTerms } from './aggregation-partial.ts'
import type { Aggregation, AggregationRequest, MultiTermsAggregation, TermsAggregation } from './aggregation-request.ts'
import { metricValue } from './finish-metric.ts'
import { rankKeys } from './term-order.ts'
import { selectSmallest } from './select-smallest.ts'

/**
 * Cuts terms to the number that a segment keeps, as Quickwit does once on a node that has merged its splits: what is cut
 * off adds to the error bound. Changes the partial.
 */
export function prunePartial(partial: AggregationPartial, request: AggregationRequest): AggregationPartial {
  prune(partial, request.aggregations)
  return partial
}

function prune(partial: AggregationPartial, aggregations: readonly Aggregation[]): void {
  for (const [k, aggregation] of aggregations.entries()) {
    const result = partial[k]!
    if (result.kind === 'terms' || result.kind === 'multi_terms') {
      pruneTerms(result, aggregation as TermsAggregation | MultiTermsAggregation)
    }
    for (const { sub } of bucketsOf(result)) prune(sub, aggregation.aggregations)
  }
}

function bucketsOf(result: PartialResult): Iterable<PartialBucket> {
  switch (result.kind) {
    case 'terms':
    case 'multi_terms':
    case 'range':
    case 'composite':
      return result.buckets.values()
    case 'histogram':
      return result.buckets
    case 'filter':
      return [result]
    default:
      return []
  }
}

function pruneTerms(result: PartialTerms, request: TermsAggregation | MultiTermsAggregation): void {
  const { segmentSize } = request
  if (result.buckets.size <= segmentSize) return
  const entries = [...result.buckets]
  const order = selectSmallest(scoresOf(entries, request), segmentSize + 1)
  result.errorBound += entries[order[segmentSize]!]![1].count
  const kept = new Map<string, PartialBucket>()
  for (const k of order.subarray(0, segmentSize)) kept.set(entries[k]![0], entries[k]![1])
  for (const [key, { count }] of entries) if (!kept.has(key)) result.sumOther += count
  result.buckets = kept
}

function scoresOf(
  entries: readonly [string, PartialBucket][],
  request: TermsAggregation | MultiTermsAggregation,
): Float64Array {
  const { by, order } = request.order
  const sign = order === 'asc' ? 1 : -1
  if (by === '_count') return Float64Array.from(entries, ([, { count }]) => sign * count)
  if (by === '_key') {
    const ranks = rankKeys(
      entries.map(([key]) => key),
      request.kind,
    )
    return ranks.map((rank) => sign * rank)
  }
  const at = request.aggregations.findIndex(({ name }) => name === by.aggregation)
  const metric = request.aggregations[at]!
  return Float64Array.from(
    entries,
    ([, { sub }]) => sign * (metricValue(sub[at]!, metric, by.property) ?? -Number.MAX_VALUE),
  )
}
