import type { SegmentReader } from '../segment/segment-reader.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

/** What the asynchronous phase of a query works with. */
export interface PrepareContext {
  readonly scoring: boolean
  /** Statistics for scores; set when `scoring` is. */
  readonly statistics: ScoreStatistics | null
  /** Product of the boosts above this query (f32). */
  readonly boost: number
  readonly signal: AbortSignal | undefined
}

/** A search over an index: immutable, independent of segments. */
export interface Query {
  readonly kind: string
  /** Calls `visit` for every term whose frequency its scores need. */
  visitTerms(visit: (field: number, term: Uint8Array) => void): void
  /** Reads what one segment needs for this query: dictionary blocks, postings, positions, columns. */
  prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery>
  toString(): string

  /**
   * What no score of its documents exceeds, known by statistics alone; -Infinity where it has no document. `boost` is the product
   * of the boosts above it (f32). Absent: not known.
   */
  maxScore?(statistics: ScoreStatistics, boost: number): number
  /**
   * Number of live documents where it is known without reading postings or columns; null or absent where it is not.
   */
  quickCount?(segment: SegmentReader, signal: AbortSignal | undefined): Promise<number | null>
}
