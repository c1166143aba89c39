import type { Json, JsonMap } from '../query-dsl/body.ts'
import type { RawQuery } from '../query-dsl/raw-query.ts'
import { aggregationsJson, documentJson } from './answer.ts'
import { defaultOrder, type ElasticBody } from './elastic-body.ts'
import { SearchError } from './search-error.ts'
import {
  type HitAddress,
  isDocField,
  type SearchHit,
  type SearchRequest,
  type SearchResponse,
  type SortField,
  type SortValue,
} from './search-request.ts'
import { filterSource } from './source-filter.ts'

/** Parameters of a URL that have an effect; others that Elasticsearch knows are taken and ignored. */
export interface ElasticParameters {
  readonly query?: string
  readonly defaultOperator?: 'And' | 'Or'
  readonly from?: number
  readonly size?: number
  readonly sort?: readonly string[]
  readonly extraFilters?: readonly string[]
  readonly ignoreUnavailable?: boolean
  readonly sourceIncludes?: readonly string[]
  readonly sourceExcludes?: readonly string[]
}

const DEFAULT_SIZE = 10

/**
 * The search that a body and parameters ask for; parameters win.
 *
 * @throws SearchError, ElasticError
 */
export function elasticRequest(
  indexes: readonly string[],
  parameters: ElasticParameters,
  body: ElasticBody,
): SearchRequest {
  const operator = parameters.defaultOperator ?? 'Or'
  const text = (user_text: string): RawQuery => ({
    type: 'user_input',
    user_text,
    default_operator: operator,
    lenient: false,
  })
  let query: RawQuery = parameters.query === undefined ? (body.query ?? { type: 'match_all' }) : text(parameters.query)
  const { extraFilters } = parameters
  if (extraFilters !== undefined) query = { type: 'bool', must: [query], filter: extraFilters.map(text) }
  const sort = untilDocField(parameters.sort?.map(sortField) ?? body.sort ?? [])
  if (sort.length >= 3) {
    throw new SearchError('invalid_argument', `only up to two sort fields supported at the moment. got ${debug(sort)}`)
  }
  const searchAfter = searchAfterOf(body.searchAfter, sort)
  const { aggregations } = body
  return {
    indexes,
    query,
    maxHits: parameters.size ?? body.size ?? DEFAULT_SIZE,
    startOffset: parameters.from ?? body.from ?? 0,
    sort,
    ...(aggregations !== undefined && Object.keys(aggregations).length > 0 && { aggregations }),
    ...(searchAfter !== null && { searchAfter }),
    ignoreMissingIndexes: parameters.ignoreUnavailable ?? false,
  }
}

/** A refusal that only the Elasticsearch API has. */
export class ElasticError extends Error {
  readonly status: number

  constructor(status: number, reason: string) {
    super(reason)
    this.status = status
  }
}

export function elasticFailure(status: number, reason: string): JsonMap {
  return { status: BigInt(status), error: { caused_by: null, reason, stack_trace: null, type: null } }
}

/** The answer of `_search`. */
export function elasticAnswer(
  response: SearchResponse,
  request: SearchRequest,
  parameters: ElasticParameters,
  millis: number,
): JsonMap {
  const splits = BigInt(response.numSplits)
  return {
    took: BigInt(millis),
    timed_out: false,
    terminated_early: null,
    fields: {},
    _shards: { total: splits, successful: splits, skipped: 0n, failed: 0n },
    hits: {
      total: { value: BigInt(response.numHits), relation: 'eq' },
      hits: response.hits.map((hit) => hitJson(hit, request, parameters)),
    },
    ...(response.aggregations !== null && { aggregations: aggregationsJson(response.aggregations) }),
  }
}

function hitJson(hit: SearchHit, request: SearchRequest, parameters: ElasticParameters): JsonMap {
  // A hit without a value for a field has none at its place either.
  const sort: Json[] = hit.sort.flatMap((value) => (value === null ? [] : [value.value]))
  if (request.sort.some(isDocField)) sort.push(addressText(hit.address))
  return {
    _index: hit.indexId,
    _source: filterSource(documentJson(hit.document), parameters.sourceIncludes, parameters.sourceExcludes),
    ...(sort.length > 0 && { sort }),
  }
}

function addressText({ splitId, segment, doc }: HitAddress): string {
  const hex = (value: number): string => value.toString(16).padStart(8, '0')
  return `${splitId}:${hex(segment)}:${hex(doc)}`
}

/** `field` or `field:order`. */
function sortField(text: string): SortField {
  const colon = text.indexOf(':')
  if (colon < 0) return { field: text, order: defaultOrder(text) }
  const [field, order] = [text.slice(0, colon), text.slice(colon + 1)]
  if (order !== 'asc' && order !== 'desc') {
    throw new SearchError('invalid_argument', `invalid sort order \`${field}\`. expected \`asc\` or \`desc\``)
  }
  return { field, order }
}

/** Nothing after the order of documents can matter. */
function untilDocField(sort: readonly SortField[]): readonly SortField[] {
  const at = sort.findIndex(isDocField)
  return at < 0 ? sort : sort.slice(0, at + 1)
}

function searchAfterOf(values: readonly Json[], sort: readonly SortField[]): SearchRequest['searchAfter'] | null {
  if (values.length === 0) return null
  if (values.length !== sort.length) throw new ElasticError(400, 'sort and search_after are of different length')
  const found: (SortValue | null)[] = []
  for (const [k, value] of values.entries()) {
    if (isDocField(sort[k]!)) return { values: found, address: addressOf(value) }
    found.push(valueOf(value))
  }
  return { values: found }
}

function addressOf(value: Json): HitAddress {
  if (typeof value !== 'string') throw new ElasticError(400, 'search_after doc id must be of string type')
  const match = /^([^:]*):([0-9a-fA-F]{1,8}):([0-9a-fA-F]{1,8})$/.exec(value)
  if (match === null) {
    throw new ElasticError(
      400,
      'invalid search_after doc id, must be of form `{split_id}:{segment_id: u32}:{doc_id: u32}`',
    )
  }
  return { splitId: match[1]!, segment: Number.parseInt(match[2]!, 16), doc: Number.parseInt(match[3]!, 16) }
}

function valueOf(value: Json): SortValue | null {
  if (value === null) return null
  if (typeof value === 'boolean') return { type: 'bool', value }
  if (typeof value === 'number') return { type: 'f64', value }
  if (typeof value === 'bigint') return { type: value < 0n ? 'i64' : 'u64', value }
  if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) {
    const whole = BigInt(value.replace('+', ''))
    if (whole >= -(1n << 63n) && whole < 1n << 63n) return { type: 'i64', value: whole }
    if (whole > 0n && whole < 1n << 64n) return { type: 'u64', value: whole }
  }
  throw new ElasticError(400, 'invalid search_after field value, expect bool, number or string')
}

function debug(sort: readonly SortField[]): string {
  const fields = sort.map(
    ({ field, order, format }) =>
      `SortField { field_name: ${JSON.stringify(field)}, sort_order: ${order === 'asc' ? 'Asc' : 'Desc'}, sort_datetime_format: ${format === undefined ? 'None' : 'Some(UnixTimestampNanos)'} }`,
  )
  return `[${fields.join(', ')}]`
}
