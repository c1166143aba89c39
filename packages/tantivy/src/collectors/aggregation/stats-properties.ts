import { invalidRequest } from './aggregation-error.ts'
import type { PartialExtendedStats } from './aggregation-partial.ts'
import type { StatsAggregation } from './aggregation-request.ts'

interface Totals {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

/** A value of a metric, by its property where it has several; null where there is none. */
export function statsProperty(kind: StatsAggregation['kind'], totals: Totals, property: string): number | null {
  const { count, sum, min, max } = totals
  const wanted = kind === 'stats' ? property : kind
  switch (wanted) {
    case 'count':
    case 'value_count':
      return count
    case 'sum':
      return kind === 'sum' && count === 0 ? null : sum
    case 'min':
      return count === 0 ? null : min
    case 'max':
      return count === 0 ? null : max
    case 'avg':
      return count === 0 ? null : sum / count
    default:
      throw invalidRequest(`unknown property ${JSON.stringify(property)} of a stats aggregation`)
  }
}

/** The members of an extended_stats result, in its order. */
export interface ExtendedStats {
  readonly count: number
  readonly sum: number
  readonly min: number | null
  readonly max: number | null
  readonly avg: number | null
  readonly sum_of_squares: number | null
  readonly variance: number | null
  readonly variance_population: number | null
  readonly variance_sampling: number | null
  readonly std_deviation: number | null
  readonly std_deviation_population: number | null
  readonly std_deviation_sampling: number | null
  readonly std_deviation_bounds: {
    readonly upper: number
    readonly lower: number
    readonly upper_sampling: number
    readonly lower_sampling: number
    readonly upper_population: number
    readonly lower_population: number
  } | null
}

export function extendedStatsOf(partial: Omit<PartialExtendedStats, 'kind'>, sigma: number): ExtendedStats {
  const { count, sum, min, max, mean, deviation, squares } = partial
  const some = count > 0
  const variance = count > 1 ? deviation / count : null
  const sampling = count > 1 ? deviation / (count - 1) : null
  const std = variance === null ? null : Math.sqrt(variance)
  const stdSampling = sampling === null ? null : Math.sqrt(sampling)
  return {
    count,
    sum,
    min: some ? min : null,
    max: some ? max : null,
    avg: some ? mean : null,
    sum_of_squares: some ? squares : null,
    variance,
    variance_population: variance,
    variance_sampling: sampling,
    std_deviation: std,
    std_deviation_population: std,
    std_deviation_sampling: stdSampling,
    std_deviation_bounds:
      std === null || stdSampling === null
        ? null
        : {
            upper: mean + std * sigma,
            lower: mean - std * sigma,
            upper_sampling: mean + stdSampling * sigma,
            lower_sampling: mean - stdSampling * sigma,
            upper_population: mean + std * sigma,
            lower_population: mean - std * sigma,
          },
  }
}

/** A number of an extended_stats result by its name, that of a bound after std_deviation_bounds and a dot. */
export function extendedStatsProperty(stats: ExtendedStats, property: string): number | null {
  const bound = property.startsWith('std_deviation_bounds.') ? property.slice('std_deviation_bounds.'.length) : null
  const from: Readonly<Record<string, unknown>> = { ...(bound === null ? stats : stats.std_deviation_bounds) }
  if (bound !== null && stats.std_deviation_bounds === null) return null
  const value = from[bound ?? property]
  if (value === null || typeof value === 'number') return value
  throw invalidRequest(`unknown property ${JSON.stringify(property)} of an extended_stats aggregation`)
}
