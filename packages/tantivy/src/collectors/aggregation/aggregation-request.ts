/** A parsed request: aggregations in the order of the JSON object. */
export interface AggregationRequest {
  readonly aggregations: readonly Aggregation[]
}

export type SortOrder = 'asc' | 'desc'

interface AggregationBase {
  readonly name: string
  /** Sub-aggregations; empty for a metric. */
  readonly aggregations: readonly Aggregation[]
}

/** What stands for documents without a value. Whole numbers are bigint. */
export type MissingValue = string | number | bigint

export interface TermOrder {
  /** A metric is the name of a sub-aggregation, with a dot and a property for one of several values. */
  readonly by: '_count' | '_key' | { readonly aggregation: string; readonly property: string }
  readonly order: SortOrder
}

/** Terms to keep or drop: a regular expression over whole terms, or a list. */
export type TermFilter =
  | { readonly pattern: string; readonly values?: undefined }
  | { readonly pattern?: undefined; readonly values: readonly string[] }

interface TermsOptions {
  readonly size: number
  /** Buckets that a segment keeps; at least `size`. */
  readonly segmentSize: number
  readonly minDocCount: number
  readonly order: TermOrder
  readonly showErrorBound: boolean
}

export interface TermsAggregation extends AggregationBase, TermsOptions {
  readonly kind: 'terms'
  readonly field: string
  readonly missing: MissingValue | null
  readonly include: TermFilter | null
  readonly exclude: TermFilter | null
}

export interface MultiTermsAggregation extends AggregationBase, TermsOptions {
  readonly kind: 'multi_terms'
  readonly terms: readonly { readonly field: string; readonly missing: MissingValue | null }[]
}

export interface HistogramBounds {
  readonly min: number
  readonly max: number
}

/** Numbers are in units of the column; for dates in milliseconds. */
export interface HistogramAggregation extends AggregationBase {
  readonly kind: 'histogram' | 'date_histogram'
  readonly field: string
  readonly interval: number
  readonly offset: number
  readonly minDocCount: number
  readonly hardBounds: HistogramBounds | null
  readonly extendedBounds: HistogramBounds | null
  readonly keyed: boolean
}

export interface RangeAggregation extends AggregationBase {
  readonly kind: 'range'
  readonly field: string
  /** Half-open: from is in, to is not; null is unbounded. */
  readonly ranges: readonly { readonly key: string | null; readonly from: number | null; readonly to: number | null }[]
  readonly keyed: boolean
}

export interface FilterAggregation extends AggregationBase {
  readonly kind: 'filter'
  /** In tantivy's query language. */
  readonly query: string
}

export type MissingOrder = 'default' | 'first' | 'last'

interface CompositeSourceBase {
  readonly name: string
  readonly field: string
  readonly order: SortOrder
  readonly missingBucket: boolean
  readonly missingOrder: MissingOrder
}

export type CompositeSource =
  | (CompositeSourceBase & { readonly kind: 'terms' })
  | (CompositeSourceBase & { readonly kind: 'histogram'; readonly interval: number })
  | (CompositeSourceBase & {
      readonly kind: 'date_histogram'
      /** Milliseconds, or a unit of the calendar in UTC. */
      readonly interval: number | 'week' | 'month' | 'year'
    })

/** A value in a composite key, by the type that after keys name it with. */
export type CompositeValue =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'str'; readonly value: string }
  | { readonly type: 'i64' | 'u64'; readonly value: bigint }
  /** Nanoseconds. */
  | { readonly type: 'dt'; readonly value: bigint }
  | { readonly type: 'f64'; readonly value: number }
  | { readonly type: 'ip'; readonly value: bigint }

export interface CompositeAggregation extends AggregationBase {
  readonly kind: 'composite'
  readonly size: number
  readonly sources: readonly CompositeSource[]
  /** The last key of the page before, one value a source; null for the first page. */
  readonly after: readonly (CompositeValue | null)[] | null
}

export interface StatsAggregation extends AggregationBase {
  readonly kind: 'avg' | 'sum' | 'min' | 'max' | 'value_count' | 'stats'
  readonly field: string
  readonly missing: number | null
  /** A sum without values is null rather than 0. */
  readonly noneIfNoMatch: boolean
}

export interface ExtendedStatsAggregation extends AggregationBase {
  readonly kind: 'extended_stats'
  readonly field: string
  readonly missing: number | null
  /** Standard deviations between the mean and a bound; 2 by default. */
  readonly sigma: number
}

export interface PercentilesAggregation extends AggregationBase {
  readonly kind: 'percentiles'
  readonly field: string
  readonly missing: number | null
  /** From 0 to 100. */
  readonly percents: readonly number[]
  readonly keyed: boolean
}

export interface CardinalityAggregation extends AggregationBase {
  readonly kind: 'cardinality'
  readonly field: string
  readonly missing: MissingValue | null
}

export interface TopHitsAggregation extends AggregationBase {
  readonly kind: 'top_hits'
  readonly sort: readonly { readonly field: string; readonly order: SortOrder }[]
  readonly size: number
  readonly from: number
  /** Names of fast fields; `*` stands for any text. */
  readonly docvalueFields: readonly string[]
}

export type Aggregation =
  | TermsAggregation
  | MultiTermsAggregation
  | HistogramAggregation
  | RangeAggregation
  | FilterAggregation
  | CompositeAggregation
  | StatsAggregation
  | ExtendedStatsAggregation
  | PercentilesAggregation
  | CardinalityAggregation
  | TopHitsAggregation

/** Every kind that a request may name. */
export const AGGREGATION_KINDS: readonly Aggregation['kind'][] = [
  'range',
  'histogram',
  'date_histogram',
  'terms',
  'multi_terms',
  'filter',
  'composite',
  'avg',
  'value_count',
  'max',
  'min',
  'stats',
  'extended_stats',
  'sum',
  'percentiles',
  'top_hits',
  'cardinality',
]
