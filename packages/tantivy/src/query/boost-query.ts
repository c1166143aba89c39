import type { SegmentReader } from '../segment/segment-reader.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

/** The documents of another query, with scores multiplied. */
export class BoostQuery implements Query {
  readonly kind = 'Boost'
  readonly query: Query
  readonly boost: number

  constructor(query: Query, boost: number) {
    this.query = query
    this.boost = boost
  }

  visitTerms(visit: (field: number, term: Uint8Array) => void): void {
    this.query.visitTerms(visit)
  }

  prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const boost = Math.fround(context.boost * Math.fround(this.boost))
    return this.query.prepare(segment, { ...context, boost })
  }

  maxScore(statistics: ScoreStatistics, boost: number): number {
    return this.query.maxScore?.(statistics, Math.fround(boost * Math.fround(this.boost))) ?? Infinity
  }

  async quickCount(segment: SegmentReader, signal: AbortSignal | undefined): Promise<number | null> {
    return (await this.query.quickCount?.(segment, signal)) ?? null
  }

  toString(): string {
    return `(${this.query})^${this.boost}`
  }
}
