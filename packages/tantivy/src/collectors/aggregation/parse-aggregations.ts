import { invalidRequest } from './aggregation-error.ts'
import { type Aggregation, AGGREGATION_KINDS, type AggregationRequest } from './aggregation-request.ts'
import { parseBucketAggregation } from './parse-bucket-aggregation.ts'
import { parseMetricAggregation } from './parse-metric-aggregation.ts'
import { isObject, Parameters } from './parameters.ts'

/** Levels of nested aggregations that a request may have. */
const MAX_DEPTH = 32

/**
 * Parses the `aggs` object of a request, as Quickwit takes it: a map from names to `{ kind: parameters, aggs }`. Integers
 * may be bigint.
 *
 * @throws AggregationError that names an unknown kind or parameter.
 */
export function parseAggregations(json: unknown): AggregationRequest {
  return { aggregations: parseMap(json, 0) }
}

function parseMap(json: unknown, depth: number): Aggregation[] {
  if (!isObject(json)) throw invalidRequest('invalid aggregation request: aggregations are not an object')
  if (depth > MAX_DEPTH) throw invalidRequest(`aggregations are nested deeper than ${MAX_DEPTH} levels`)
  return Object.entries(json).map(([name, value]) => parseOne(name, value, depth))
}

function parseOne(name: string, json: unknown, depth: number): Aggregation {
  if (!isObject(json)) throw invalidRequest(`invalid aggregation request: aggregation ${name} is not an object`)
  const { aggs, aggregations, ...rest } = json
  const kinds = Object.keys(rest)
  for (const kind of kinds) {
    if (!(AGGREGATION_KINDS as readonly string[]).includes(kind)) {
      const known = AGGREGATION_KINDS.map((each) => `\`${each}\``).join(', ')
      throw invalidRequest(`invalid aggregation request: unknown variant \`${kind}\`, expected one of ${known}`)
    }
  }
  if (kinds.length !== 1) {
    throw invalidRequest(`invalid aggregation request: aggregation ${name} has ${kinds.length} kinds, not one`)
  }
  const kind = kinds[0] as Aggregation['kind']
  const nested = parseMap(aggs ?? aggregations ?? {}, depth + 1)
  // the parameter of a filter is its query itself
  const given = kind === 'filter' && typeof rest[kind] === 'string' ? { query: rest[kind] } : rest[kind]
  const parameters = new Parameters(name, kind, given)
  const parsed =
    parseBucketAggregation(name, kind, parameters, nested) ?? parseMetricAggregation(name, kind, parameters)
  parameters.finish()
  return parsed
}
