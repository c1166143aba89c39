import {
  BodyError,
  fieldsOf,
  invalidType,
  isMap,
  type Json,
  type JsonMap,
  mapOf,
  onlyField,
  optionalUnsigned,
} from '../query-dsl/body.ts'
import { parseDslQuery } from '../query-dsl/dsl-query.ts'
import type { RawQuery } from '../query-dsl/raw-query.ts'
import { DslError } from '../query-dsl/dsl-error.ts'
import { SearchError } from './search-error.ts'
import type { SortField } from './search-request.ts'

const FIELDS = [
  'from',
  'size',
  'query',
  'sort',
  'aggs',
  'track_total_hits',
  'stored_fields',
  'search_after',
  '_source',
  'docvalue_fields',
  'script_fields',
  'highlight',
  'version',
]

/** The body of an Elasticsearch search. */
export interface ElasticBody {
  readonly from?: number
  readonly size?: number
  readonly query?: RawQuery
  readonly sort?: readonly SortField[]
  readonly aggregations?: JsonMap
  readonly searchAfter: readonly Json[]
}

/**
 * Reads the body of `_search`; `_source`, `highlight` and the like have no effect, as in Quickwit.
 *
 * @throws BodyError, or SearchError for a query that means nothing.
 */
export function elasticBody(body: Json): ElasticBody {
  const fields = fieldsOf(body, 'SearchBody', [...FIELDS, 'aggregations'])
  const from = optionalUnsigned(fields['from'], 'u64')
  const size = optionalUnsigned(fields['size'], 'u64')
  const query = queryOf(fields['query'])
  const sort = fields['sort'] === undefined ? undefined : sortOf(fields['sort'])
  const aggregations = fields['aggs'] === undefined ? fields['aggregations'] : fields['aggs']
  const after = fields['search_after']
  const track = fields['track_total_hits'] ?? null
  if (track !== null && typeof track !== 'boolean' && typeof track !== 'bigint') {
    throw new BodyError('data did not match any variant of untagged enum TrackTotalHits')
  }
  if (after !== undefined && !Array.isArray(after)) throw invalidType(after, 'a sequence')
  return {
    ...(from !== undefined && { from }),
    ...(size !== undefined && { size }),
    ...(query !== undefined && { query }),
    ...(sort !== undefined && { sort }),
    ...(aggregations !== undefined && { aggregations: mapOf(aggregations, 'a map') }),
    searchAfter: (after ?? []) as readonly Json[],
  }
}

function queryOf(value: Json | undefined): RawQuery | undefined {
  if (value === undefined || value === null) return undefined
  try {
    return parseDslQuery(value)
  } catch (error) {
    throw error instanceof DslError ? new SearchError('invalid_query', error.message, error) : error
  }
}

/** A field name, fields with their options, or a list of both. */
function sortOf(value: Json): SortField[] {
  if (typeof value === 'string') return [{ field: value, order: defaultOrder(value) }]
  if (isMap(value)) return Object.entries(value).map(([field, options]) => sortField(field, options))
  if (!Array.isArray(value)) {
    throw invalidType(value, 'A string, array, or object containing the sort fields.')
  }
  return (value as readonly Json[]).map((each) => {
    if (typeof each === 'string') return { field: each, order: defaultOrder(each) }
    try {
      return sortField(...onlyField(each))
    } catch (error) {
      if (!(error instanceof BodyError)) throw error
      throw new BodyError('data did not match any variant of untagged enum StringOrMapFieldSort')
    }
  })
}

function sortField(field: string, options: Json): SortField {
  if (typeof options === 'string') return { field, order: orderOf(options) }
  if (!isMap(options)) throw noVariant()
  const { order = null, format = null } = options
  if (format !== null && format !== 'epoch_nanos_int') throw noVariant()
  return {
    field,
    order: order === null ? defaultOrder(field) : orderOf(order),
    ...(format !== null && { format: 'nanos' as const }),
  }
}

function orderOf(value: Json): 'asc' | 'desc' {
  if (value !== 'asc' && value !== 'desc') throw noVariant()
  return value
}

function noVariant(): BodyError {
  return new BodyError('data did not match any variant of untagged enum FieldSortParamsForDeser')
}

export function defaultOrder(field: string): 'asc' | 'desc' {
  return field === '_score' ? 'desc' : 'asc'
}
