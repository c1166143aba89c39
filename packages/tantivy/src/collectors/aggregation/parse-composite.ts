import type {
  Aggregation,
  CompositeAggregation,
  CompositeSource,
  CompositeValue,
  MissingOrder,
} from './aggregation-request.ts'
import { parseAfterValue } from './composite-key.ts'
import { isObject, Parameters } from './parameters.ts'
import { parseMillis } from './parse-interval.ts'

const MAX_SOURCES = 16

export function parseComposite(
  name: string,
  from: Parameters,
  aggregations: readonly Aggregation[],
): CompositeAggregation {
  const list = from.list('sources') ?? from.fail('missing field `sources`')
  const sources = list.map((entry) => parseSource(entry, from))
  if (sources.length === 0) from.fail('composite aggregation must have at least one source')
  if (sources.length > MAX_SOURCES) from.fail(`composite aggregation source supports maximum ${MAX_SOURCES} sources`)
  const size = from.count('size') ?? from.fail('missing field `size`')
  if (size === 0) from.fail("composite aggregation 'size' must be > 0")
  return { name, kind: 'composite', aggregations, size, sources, after: parseAfter(sources, from) }
}

function parseSource(entry: unknown, parent: Parameters): CompositeSource {
  const named = isObject(entry) ? Object.entries(entry) : []
  if (named.length !== 1) parent.fail('each composite source must have exactly one named entry')
  const [name, kinds] = named[0]!
  const pairs = isObject(kinds) ? Object.entries(kinds) : []
  if (pairs.length !== 1) parent.fail(`composite source ${name} has ${pairs.length} kinds, not one`)
  const [kind, parameters] = pairs[0]!
  const from = new Parameters(name, `${kind} source of composite`, parameters)
  const base = {
    name,
    field: from.needText('field'),
    order: from.order('order') ?? 'asc',
    missingBucket: from.flag('missing_bucket') ?? false,
    missingOrder: missingOrder(from),
  } as const
  let source: CompositeSource
  if (kind === 'terms') source = { ...base, kind }
  else if (kind === 'histogram') {
    const interval = from.number('interval') ?? from.fail('missing field `interval`')
    if (!(interval > 0)) from.fail('interval must be a positive value')
    source = { ...base, kind, interval }
  } else if (kind === 'date_histogram') source = { ...base, kind, interval: dateInterval(from) }
  else parent.fail(`unknown variant \`${kind}\`, expected one of \`terms\`, \`histogram\`, \`date_histogram\``)
  from.finish()
  return source
}

function missingOrder(from: Parameters): MissingOrder {
  const value = from.text('missing_order') ?? 'default'
  if (value !== 'default' && value !== 'first' && value !== 'last') from.fail('missing_order is not first or last')
  return value as MissingOrder
}

function dateInterval(from: Parameters): number | 'week' | 'month' | 'year' {
  const fixed = from.text('fixed_interval')
  const calendar = from.text('calendar_interval')
  if ((fixed === undefined) === (calendar === undefined)) {
    from.fail('date histogram source must have one and only one of fixed_interval or calendar_interval set')
  }
  if (fixed !== undefined) {
    const interval = parseMillis(fixed)
    return interval > 0 ? interval : from.fail('fixed_interval must be positive')
  }
  if (calendar !== 'week' && calendar !== 'month' && calendar !== 'year') {
    from.fail('calendar_interval is not week, month or year')
  }
  return calendar as 'week' | 'month' | 'year'
}

function parseAfter(sources: readonly CompositeSource[], from: Parameters): (CompositeValue | null)[] | null {
  const after = from.value('after')
  if (after === undefined) return null
  if (!isObject(after)) from.fail('after is not an object')
  const given = after as Record<string, unknown>
  if (Object.keys(given).length === 0) return null
  return sources.map((source) => {
    const text = given[source.name]
    if (text === undefined) return null
    if (typeof text !== 'string') return from.fail(`the after key of ${source.name} is not a string`)
    const value = parseAfterValue(text)
    if (value.type === 'null' && !source.missingBucket) {
      from.fail("the 'after' key for a source cannot be null when 'missing_bucket' is false")
    }
    const wanted = source.kind === 'histogram' ? 'f64' : source.kind === 'date_histogram' ? 'dt' : value.type
    if (value.type !== 'null' && value.type !== wanted)
      from.fail('after key type invalid for interval composite source')
    return value
  })
}
