import { invalidRequest } from './aggregation-error.ts'
import type {
  PartialCardinality,
  PartialExtendedStats,
  PartialPercentiles,
  PartialResult,
  PartialStats,
  PartialTopHits,
} from './aggregation-partial.ts'
import type {
  Aggregation,
  ExtendedStatsAggregation,
  PercentilesAggregation,
  StatsAggregation,
  TopHitsAggregation,
} from './aggregation-request.ts'
import { DdSketch } from './dd-sketch.ts'
import type { AggregationJson } from './finish-aggregations.ts'
import { formatFloat } from './format-float.ts'
import { HllSketch } from './hll-sketch.ts'
import { extendedStatsOf, extendedStatsProperty, statsProperty } from './stats-properties.ts'
import { jsonInteger } from './term-key.ts'

/** The result of a metric. */
export function finishMetric(result: PartialResult, metric: Aggregation, exact: boolean): AggregationJson {
  switch (metric.kind) {
    case 'stats': {
      const partial = result as PartialStats
      return {
        count: partial.count,
        sum: shown(partial, 'sum', exact),
        min: shown(partial, 'min', exact),
        max: shown(partial, 'max', exact),
        avg: partial.count === 0 ? null : partial.sum / partial.count,
      }
    }
    case 'extended_stats':
      return { ...extendedStatsOf(result as PartialExtendedStats, metric.sigma) }
    case 'percentiles':
      return percentiles(result as PartialPercentiles, metric)
    case 'top_hits':
      return topHits(result as PartialTopHits, metric)
    case 'cardinality':
      return { value: Math.trunc(HllSketch.from(result as PartialCardinality).estimate()) }
    case 'sum':
    case 'min':
    case 'max':
      return { value: singleValue(result as PartialStats, metric, exact) }
    default:
      return { value: metricValue(result, metric, '') }
  }
}

/** A number of a metric to order by. */
export function metricValue(result: PartialResult, metric: Aggregation, property: string): number | null {
  switch (metric.kind) {
    case 'avg':
    case 'sum':
    case 'min':
    case 'max':
    case 'value_count':
    case 'stats':
      return statsProperty((metric as StatsAggregation).kind, result as PartialStats, property)
    case 'extended_stats':
      return extendedStatsProperty(
        extendedStatsOf(result as PartialExtendedStats, (metric as ExtendedStatsAggregation).sigma),
        property,
      )
    case 'percentiles': {
      const percent = property === '' ? NaN : Number(property)
      if (!(percent >= 0 && percent <= 100)) {
        throw invalidRequest(`percentile property ${JSON.stringify(property)} is not a number from 0 to 100`)
      }
      return new DdSketch(result as PartialPercentiles).quantile(percent / 100)
    }
    case 'cardinality':
      return Math.trunc(HllSketch.from(result as PartialCardinality).estimate())
    default:
      throw invalidRequest(`${metric.kind} can't be used to order: aggregation ${metric.name}`)
  }
}

function singleValue(partial: PartialStats, metric: StatsAggregation, exact: boolean): AggregationJson {
  if (metric.kind === 'sum' && partial.count === 0) return metric.noneIfNoMatch ? null : 0
  return shown(partial, metric.kind as 'sum' | 'min' | 'max', exact)
}

function shown(partial: PartialStats, property: 'sum' | 'min' | 'max', exact: boolean): number | bigint | null {
  if (exact && partial.exact !== null) return jsonInteger(partial.exact[property])
  return statsProperty('stats', partial, property)
}

function percentiles(partial: PartialPercentiles, request: PercentilesAggregation): AggregationJson {
  const sketch = new DdSketch(partial)
  const values = request.percents.map((percent) => ({ key: percent, value: sketch.quantile(percent / 100) }))
  if (!request.keyed) return { values }
  const name = (percent: number): string => {
    const text = formatFloat(percent)
    return text.includes('.') ? text : `${text}.0`
  }
  return { values: Object.fromEntries(values.map(({ key, value }) => [name(key), value])) }
}

function topHits(partial: PartialTopHits, request: TopHitsAggregation): AggregationJson {
  return {
    hits: partial.hits.slice(request.from).map(({ sort, values }) => ({
      sort: sort.map((value) => (value === null ? null : jsonInteger(value))),
      ...(values.length === 0 ? {} : { docvalue_fields: Object.fromEntries(values) }),
    })),
  }
}
