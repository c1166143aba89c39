import type { SegmentReader } from '../segment/segment-reader.ts'
import { PreparedBoolean } from './prepared-boolean.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

/** Twice what adding two f32 loses, relative. */
const ROUNDING = 1.2e-7

export interface BooleanClauses {
  readonly must?: readonly Query[]
  readonly should?: readonly Query[]
  readonly mustNot?: readonly Query[]
  /** Number of should clauses that must match; by default 1 if there is no must clause, else 0. */
  readonly minimumShouldMatch?: number
}

/** Documents of all must clauses, of enough should clauses, and of no must-not clause. Scores are summed. */
export class BooleanQuery implements Query {
  readonly kind = 'Boolean'
  readonly must: readonly Query[]
  readonly should: readonly Query[]
  readonly mustNot: readonly Query[]
  readonly minimumShouldMatch: number

  constructor(clauses: BooleanClauses) {
    this.must = clauses.must ?? []
    this.should = clauses.should ?? []
    this.mustNot = clauses.mustNot ?? []
    this.minimumShouldMatch = clauses.minimumShouldMatch ?? (this.must.length === 0 ? 1 : 0)
  }

  visitTerms(visit: (field: number, term: Uint8Array) => void): void {
    for (const query of [...this.must, ...this.should]) query.visitTerms(visit)
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const unscored = { ...context, scoring: false, statistics: null }
    const [must, should, mustNot] = await Promise.all([
      Promise.all(this.must.map((query) => query.prepare(segment, context))),
      Promise.all(this.should.map((query) => query.prepare(segment, context))),
      Promise.all(this.mustNot.map((query) => query.prepare(segment, unscored))),
    ])
    return new PreparedBoolean(must, should, mustNot, this.minimumShouldMatch, context.scoring, segment.maxDoc)
  }

  /** The sum of its clauses' bounds, and what rounding can add. */
  maxScore(statistics: ScoreStatistics, boost: number): number {
    const boundOf = (query: Query): number => query.maxScore?.(statistics, boost) ?? Infinity
    const must = this.must.map(boundOf)
    const should = this.should.map(boundOf).filter((max) => max > -Infinity)
    if (must.includes(-Infinity) || should.length < this.minimumShouldMatch) return -Infinity
    let sum = 0
    for (const max of must) sum += max
    for (const max of should) sum += Math.max(0, max)
    return sum + Math.abs(sum) * (this.must.length + this.should.length) * ROUNDING
  }

  toString(): string {
    const clauses = [
      ...this.must.map((query) => `+${query}`),
      ...this.should.map(String),
      ...this.mustNot.map((query) => `-${query}`),
    ]
    const minimum = this.should.length > 0 && this.minimumShouldMatch > 1 ? `~${this.minimumShouldMatch}` : ''
    return `(${clauses.join(' ')})${minimum}`
  }
}
