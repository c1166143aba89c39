import type { Aggregation } from './aggregation-request.ts'
import type { Parameters } from './parameters.ts'
import { isObject } from './parameters.ts'

const DEFAULT_PERCENTS = [1, 5, 25, 50, 75, 95, 99]

export function parseMetricAggregation(name: string, kind: Aggregation['kind'], from: Parameters): Aggregation {
  switch (kind) {
    case 'extended_stats':
      return {
        name,
        kind,
        aggregations: [],
        field: from.needText('field'),
        missing: from.number('missing') ?? null,
        sigma: from.number('sigma') ?? 2,
      }
    case 'percentiles':
      return {
        name,
        kind,
        aggregations: [],
        field: from.needText('field'),
        missing: from.number('missing') ?? null,
        percents: percents(from),
        keyed: from.flag('keyed') ?? true,
      }
    case 'cardinality':
      return { name, kind, aggregations: [], field: from.needText('field'), missing: from.missing() }
    case 'top_hits':
      return topHits(name, from)
    case 'avg':
    case 'sum':
    case 'min':
    case 'max':
    case 'value_count':
    case 'stats':
      return {
        name,
        kind,
        aggregations: [],
        field: from.needText('field'),
        missing: from.number('missing') ?? null,
        noneIfNoMatch: kind === 'sum' && (from.flag('none_if_no_match') ?? false),
      }
    default:
      return from.fail('it is no metric')
  }
}

function percents(from: Parameters): number[] {
  const list = from.list('percents')
  if (list === undefined) return DEFAULT_PERCENTS
  return list.map((value) => {
    const percent = from.toNumber('percents', value)
    if (!(percent >= 0 && percent <= 100)) from.fail('all percentiles have to be between 0.0 and 100.0')
    return percent
  })
}

function topHits(name: string, from: Parameters): Aggregation {
  for (const key of ['_source', 'fields', 'script_fields', 'highlight', 'explain', 'version']) {
    if (from.value(key) !== undefined) from.fail(`the \`${key}\` parameter is not supported in top_hits`)
  }
  const sort = from.list('sort') ?? from.fail('missing field `sort`')
  return {
    name,
    kind: 'top_hits',
    aggregations: [],
    sort: sort.map((entry) => {
      const pairs = isObject(entry) ? Object.entries(entry) : []
      if (pairs.length !== 1) from.fail('an entry of sort is not one field and its order')
      const [field, order] = pairs[0]!
      return { field, order: from.toOrder('sort', order) }
    }),
    size: from.count('size') ?? from.fail('missing field `size`'),
    from: from.count('from') ?? 0,
    docvalueFields: (from.list('docvalue_fields') ?? []).map((field) =>
      typeof field === 'string' ? field : from.fail('docvalue_fields has something that is not a string'),
    ),
  }
}
