import { parseRfc3339 } from '../../query-parser/parse-values.ts'
import type {
  Aggregation,
  HistogramAggregation,
  HistogramBounds,
  MissingValue,
  TermFilter,
  TermOrder,
} from './aggregation-request.ts'
import { parseComposite } from './parse-composite.ts'
import { isObject, type Parameters } from './parameters.ts'
import { parseMillis, parseOffset } from './parse-interval.ts'

/** Parses an aggregation that makes buckets; null for a metric. */
export function parseBucketAggregation(
  name: string,
  kind: Aggregation['kind'],
  from: Parameters,
  aggregations: readonly Aggregation[],
): Aggregation | null {
  switch (kind) {
    case 'terms':
      return {
        name,
        kind,
        aggregations,
        field: from.needText('field'),
        ...termsOptions(from),
        missing: from.missing(),
        include: termFilter(from, 'include'),
        exclude: termFilter(from, 'exclude'),
      }
    case 'multi_terms':
      return { name, kind, aggregations, terms: multiTerms(from), ...termsOptions(from) }
    case 'histogram':
      return histogram(name, from, aggregations)
    case 'date_histogram':
      return dateHistogram(name, from, aggregations)
    case 'range':
      return range(name, from, aggregations)
    case 'filter':
      return { name, kind, aggregations, query: filterQuery(from) }
    case 'composite':
      return parseComposite(name, from, aggregations)
    default:
      if (aggregations.length > 0) from.fail('a metric has no sub-aggregations')
      return null
  }
}

function termsOptions(from: Parameters): {
  size: number
  segmentSize: number
  minDocCount: number
  order: TermOrder
  showErrorBound: boolean
} {
  const size = from.count('size') ?? 10
  const sizes = ['segment_size', 'shard_size', 'split_size'].map((key) => from.count(key))
  const given = sizes.filter((each) => each !== undefined)
  if (given.length > 1) from.fail('duplicate field `segment_size`')
  const order = termOrder(from)
  return {
    size,
    segmentSize: Math.max(size, given[0] ?? 10 * size),
    minDocCount: from.count('min_doc_count') ?? 1,
    order,
    showErrorBound: from.flag('show_term_doc_count_error') ?? (order.by === '_count' && order.order === 'desc'),
  }
}

function termOrder(from: Parameters): TermOrder {
  const value = from.value('order')
  if (value === undefined) return { by: '_count', order: 'desc' }
  const list = Array.isArray(value) ? value : [value]
  if (list.length !== 1) from.fail('only one sort order supported currently')
  const entries = isObject(list[0]) ? Object.entries(list[0]) : from.fail('order is not an object')
  if (entries.length !== 1) from.fail('expected exactly one key-value pair in the order map')
  const [target, direction] = entries[0]!
  const order = from.toOrder('order', direction)
  if (target === '_count' || target === '_key') return { by: target, order }
  const dot = target.indexOf('.')
  const aggregation = dot < 0 ? target : target.slice(0, dot)
  return { by: { aggregation, property: dot < 0 ? '' : target.slice(dot + 1) }, order }
}

function termFilter(from: Parameters, key: string): TermFilter | null {
  const value = from.value(key)
  if (value === undefined) return null
  if (typeof value === 'string') return { pattern: value }
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) {
    from.fail(`${key} is not a string (regex) or an array of strings`)
  }
  return { values: value as string[] }
}

function multiTerms(from: Parameters): { field: string; missing: MissingValue | null }[] {
  const list = from.list('terms') ?? from.fail('missing field `terms`')
  if (list.length < 2) from.fail('terms has fewer than two fields')
  return list.map((entry) => {
    if (!isObject(entry) || typeof entry['field'] !== 'string') from.fail('an entry of terms has no field')
    const { field, missing, ...others } = entry as Record<string, unknown>
    const [other] = Object.keys(others)
    if (other !== undefined) from.fail(`unknown parameter \`${other}\` in terms`)
    if (missing === undefined || missing === null) return { field: field as string, missing: null }
    const known = typeof missing === 'string' || typeof missing === 'bigint' || typeof missing === 'number'
    if (!known) from.fail('missing is not a string or a number')
    const value = Number.isSafeInteger(missing) ? BigInt(missing as number) : (missing as MissingValue)
    return { field: field as string, missing: value }
  })
}

function bounds(from: Parameters, key: string): HistogramBounds | null {
  const value = from.value(key)
  if (value === undefined) return null
  if (!isObject(value)) return from.fail(`${key} is not an object`)
  const bound = (name: string): number => {
    const limit = value[name]
    if (typeof limit === 'number') return limit
    if (typeof limit === 'bigint') return Number(limit)
    const date = typeof limit === 'string' ? parseRfc3339(limit) : null
    return date === null ? from.fail(`${name} of ${key} is not a number or a date`) : Number(date / 1_000_000n)
  }
  return { min: bound('min'), max: bound('max') }
}

function histogram(name: string, from: Parameters, aggregations: readonly Aggregation[]): HistogramAggregation {
  const interval = from.number('interval') ?? from.fail('missing field `interval`')
  return checked(from, {
    name,
    kind: 'histogram',
    aggregations,
    field: from.needText('field'),
    interval,
    offset: from.number('offset') ?? 0,
    ...histogramOptions(from),
  })
}

function dateHistogram(name: string, from: Parameters, aggregations: readonly Aggregation[]): HistogramAggregation {
  for (const key of ['interval', 'calendar_interval']) {
    if (from.value(key) !== undefined) {
      from.fail(`\`${key}\` parameter in date histogram is unsupported, only \`fixed_interval\` is supported`)
    }
  }
  if (from.value('format') !== undefined) from.fail('format parameter on date_histogram is unsupported')
  const interval = from.text('fixed_interval') ?? from.fail('fixed_interval in date histogram is missing')
  const offset = from.text('offset')
  return checked(from, {
    name,
    kind: 'date_histogram',
    aggregations,
    field: from.needText('field'),
    interval: parseMillis(interval),
    offset: offset === undefined ? 0 : parseOffset(offset),
    ...histogramOptions(from),
  })
}

function histogramOptions(
  from: Parameters,
): Pick<HistogramAggregation, 'minDocCount' | 'hardBounds' | 'extendedBounds' | 'keyed'> {
  return {
    minDocCount: from.count('min_doc_count') ?? 0,
    hardBounds: bounds(from, 'hard_bounds'),
    extendedBounds: bounds(from, 'extended_bounds'),
    keyed: from.flag('keyed') ?? false,
  }
}

function checked(from: Parameters, request: HistogramAggregation): HistogramAggregation {
  const { interval, minDocCount, hardBounds, extendedBounds } = request
  if (!(interval > 0)) from.fail('interval must be a positive value')
  if (minDocCount > 0 && extendedBounds !== null) {
    from.fail('cannot set min_doc_count and extended_bounds at the same time')
  }
  if (hardBounds !== null && extendedBounds !== null) {
    if (extendedBounds.min < hardBounds.min || extendedBounds.max > hardBounds.max) {
      from.fail('extended_bounds have to be inside hard_bounds')
    }
  }
  return request
}

function range(name: string, from: Parameters, aggregations: readonly Aggregation[]): Aggregation {
  const list = from.list('ranges') ?? from.fail('missing field `ranges`')
  const bound = (value: unknown, key: string): number | null =>
    value === undefined || value === null ? null : from.toNumber(key, value)
  return {
    name,
    kind: 'range',
    aggregations,
    field: from.needText('field'),
    ranges: list.map((entry) => {
      if (!isObject(entry)) return from.fail('an entry of ranges is not an object')
      const { key, from: start, to: end, ...others } = entry
      const [other] = Object.keys(others)
      if (other !== undefined) from.fail(`unknown parameter \`${other}\` in ranges`)
      if (key !== undefined && key !== null && typeof key !== 'string') from.fail('key of a range is not a string')
      return { key: (key as string | undefined) ?? null, from: bound(start, 'from'), to: bound(end, 'to') }
    }),
    keyed: from.flag('keyed') ?? false,
  }
}

function filterQuery(from: Parameters): string {
  return from.needText('query')
}
