import type { CompositeValue, MissingOrder, SortOrder } from './aggregation-request.ts'

/**
 * What a segment or several hold of a request: one result an aggregation, in the request's order. Plain data that can be
 * structured-cloned.
 */
export type AggregationPartial = readonly PartialResult[]

/** A bucket; `sub` is empty without sub-aggregations. */
export interface PartialBucket {
  count: number
  sub: AggregationPartial
}

/** Buckets by encoded key (see term-key.ts); of multi_terms the encoded keys are joined. */
export interface PartialTerms {
  readonly kind: 'terms' | 'multi_terms'
  buckets: Map<string, PartialBucket>
  /** Documents in buckets that segments cut off. */
  sumOther: number
  /** How far a count may be too low. */
  errorBound: number
}

/** Buckets in ascending order of key; dates in nanoseconds. */
export interface PartialHistogram {
  readonly kind: 'histogram'
  isDate: boolean
  buckets: { readonly key: number; count: number; sub: AggregationPartial }[]
}

export interface PartialRangeBucket extends PartialBucket {
  readonly key: string
  readonly from: number | null
  readonly to: number | null
}

/** Buckets by their bounds. */
export interface PartialRanges {
  readonly kind: 'range'
  isDate: boolean
  buckets: Map<string, PartialRangeBucket>
}

export interface PartialFilter extends PartialBucket {
  readonly kind: 'filter'
}

export interface PartialCompositeBucket extends PartialBucket {
  readonly key: readonly CompositeValue[]
}

export interface PartialComposite {
  readonly kind: 'composite'
  readonly size: number
  readonly orders: readonly { readonly order: SortOrder; readonly missing: MissingOrder }[]
  buckets: Map<string, PartialCompositeBucket>
}

/** Sums of f64, and of integers without rounding where that was asked for. */
export interface PartialStats {
  readonly kind: 'stats'
  count: number
  sum: number
  /** What the sum is too high by. */
  delta: number
  min: number
  max: number
  /** null where it was not asked for or a value is no integer. */
  exact: { sum: bigint; min: bigint; max: bigint } | null
}

export interface PartialExtendedStats {
  readonly kind: 'extended_stats'
  count: number
  sum: number
  delta: number
  min: number
  max: number
  mean: number
  /** Sum of squared differences from the mean. */
  deviation: number
  squares: number
}

/** Bins of a store by key; count and sum over all of them. */
export interface SketchStore {
  count: number
  /** Key of the first bin. */
  offset: number
  bins: Float64Array
}

export interface PartialPercentiles {
  readonly kind: 'percentiles'
  positive: SketchStore
  negative: SketchStore
  zeroCount: number
  min: number
  max: number
}

/**
 * A HyperLogLog sketch: coupons as long as there are few, then registers. `hip` is the estimate of the history of updates
 * (Cohen's), null when sketches with registers were merged.
 */
export interface PartialCardinality {
  readonly kind: 'cardinality'
  coupons: Uint32Array | null
  registers: Uint8Array | null
  hip: number | null
}

/** A value of a fast field as JSON has it; 64-bit integers are bigint, dates RFC 3339, addresses text. */
export type FastValue = string | number | bigint | boolean

export interface PartialHit {
  /** Order-preserving u64 of each sort field, null without a value. */
  readonly sort: readonly (bigint | null)[]
  readonly values: readonly (readonly [field: string, values: readonly FastValue[]])[]
  readonly segment: string
  readonly doc: number
}

export interface PartialTopHits {
  readonly kind: 'top_hits'
  readonly limit: number
  readonly orders: readonly SortOrder[]
  /** Best first. */
  hits: PartialHit[]
}

export type PartialResult =
  | PartialTerms
  | PartialHistogram
  | PartialRanges
  | PartialFilter
  | PartialComposite
  | PartialStats
  | PartialExtendedStats
  | PartialPercentiles
  | PartialCardinality
  | PartialTopHits
