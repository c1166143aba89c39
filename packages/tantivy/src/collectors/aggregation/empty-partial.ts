import type { AggregationPartial, PartialResult, PartialStats } from './aggregation-partial.ts'
import type { Aggregation } from './aggregation-request.ts'
import { DdSketch } from './dd-sketch.ts'
import { HllSketch } from './hll-sketch.ts'

/** What no document leaves. */
export function emptyPartial(aggregations: readonly Aggregation[]): AggregationPartial {
  return aggregations.map(emptyResult)
}

export function emptyStats(): PartialStats {
  return { kind: 'stats', count: 0, sum: 0, delta: 0, min: Number.MAX_VALUE, max: -Number.MAX_VALUE, exact: null }
}

function emptyResult(aggregation: Aggregation): PartialResult {
  switch (aggregation.kind) {
    case 'terms':
    case 'multi_terms':
      return { kind: aggregation.kind, buckets: new Map(), sumOther: 0, errorBound: 0 }
    case 'histogram':
    case 'date_histogram':
      return { kind: 'histogram', isDate: aggregation.kind === 'date_histogram', buckets: [] }
    case 'range':
      return { kind: 'range', isDate: false, buckets: new Map() }
    case 'filter':
      return { kind: 'filter', count: 0, sub: emptyPartial(aggregation.aggregations) }
    case 'composite':
      return {
        kind: 'composite',
        size: aggregation.size,
        orders: aggregation.sources.map(({ order, missingOrder }) => ({ order, missing: missingOrder })),
        buckets: new Map(),
      }
    case 'extended_stats':
      return { ...emptyStats(), kind: 'extended_stats', mean: 0, deviation: 0, squares: 0 }
    case 'percentiles':
      return new DdSketch().toPartial()
    case 'cardinality':
      return new HllSketch().toPartial()
    case 'top_hits':
      return {
        kind: 'top_hits',
        limit: aggregation.size + aggregation.from,
        orders: aggregation.sort.map(({ order }) => order),
        hits: [],
      }
    default:
      return emptyStats()
  }
}
