import type { ScoreStatistics } from '../query/score-statistics.ts'

export interface SearchOptions {
  /** Statistics that scores are made of, for example over many indexes; those of the index by default. */
  readonly statistics?: ScoreStatistics
  readonly signal?: AbortSignal
}
