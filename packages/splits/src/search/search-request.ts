import type { AggregationJson } from '@volley/tantivy'
import type { Json } from '../query-dsl/body.ts'
import type { RawQuery } from '../query-dsl/raw-query.ts'

/** One value that hits are sorted by; a date is an i64 of nanoseconds. */
export type SortValue =
  | { readonly type: 'u64' | 'i64'; readonly value: bigint }
  | { readonly type: 'f64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }

export interface SortField {
  /** A fast field, `_score`, or `_doc` and `_shard_doc` for the order of documents. */
  readonly field: string
  readonly order: 'asc' | 'desc'
  /** How dates are given: in milliseconds, unless nanoseconds are asked for. */
  readonly format?: 'nanos'
}

/** Where a document lies. */
export interface HitAddress {
  readonly splitId: string
  readonly segment: number
  readonly doc: number
}

/** A search over indexes, of either API. */
export interface SearchRequest {
  /** Index ids and patterns with `*`; a leading `-` excludes. */
  readonly indexes: readonly string[]
  readonly query: RawQuery
  readonly maxHits: number
  readonly startOffset: number
  /** At most two. Without any, the latest documents come first, by their address. */
  readonly sort: readonly SortField[]
  /** Seconds; the start is included, the end is not. */
  readonly startTimestamp?: bigint
  readonly endTimestamp?: bigint
  /** The `aggs` object, parsed by parseJsonBody. */
  readonly aggregations?: Json
  readonly snippetFields?: readonly string[]
  /** Only hits that come after these sort values, one a sort field that is not the order of documents. */
  readonly searchAfter?: { readonly values: readonly (SortValue | null)[]; readonly address?: HitAddress }
  readonly ignoreMissingIndexes?: boolean
}

export interface SearchHit {
  readonly indexId: string
  readonly address: HitAddress
  /** The document as Quickwit renders it, as JSON text. */
  readonly document: string
  /** One value a sort field that is a field or the score; null for none. */
  readonly sort: readonly (SortValue | null)[]
  /** For each snippet field that the document has: its values with a match, as HTML. Null when none were asked for. */
  readonly snippets: Readonly<Record<string, readonly string[]>> | null
}

export interface SearchResponse {
  /** All documents that match. */
  readonly numHits: number
  readonly hits: readonly SearchHit[]
  readonly aggregations: { readonly [name: string]: AggregationJson } | null
  /** Splits that were searched. */
  readonly numSplits: number
}

export function isDocField({ field }: SortField): boolean {
  return field === '_doc' || field === '_shard_doc'
}
