import type { SegmentReader } from '../segment/segment-reader.ts'
import { PreparedAll } from './prepared-sets.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'

/** Every document, with the score 1. */
export class AllQuery implements Query {
  readonly kind = 'All'

  visitTerms(): void {}

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    return new PreparedAll(segment.maxDoc, context.boost)
  }

  maxScore(_: ScoreStatistics, boost: number): number {
    return boost
  }

  async quickCount(segment: SegmentReader): Promise<number> {
    return segment.numDocs
  }

  toString(): string {
    return '*'
  }
}
