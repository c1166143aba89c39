import {
  BodyError,
  boolOf,
  expectedNames,
  fieldsOf,
  type Json,
  type JsonMap,
  optionalString,
  required,
  stringOf,
  unsignedOf,
} from '../query-dsl/body.ts'
import type { SearchRequest, SearchResponse, SortField } from './search-request.ts'
import { aggregationsJson, documentJson } from './answer.ts'

const FIELDS = [
  'query',
  'aggs',
  'search_field',
  'snippet_fields',
  'start_timestamp',
  'end_timestamp',
  'max_hits',
  'start_offset',
  'format',
  'sort_by',
  'count_all',
  'allow_failed_splits',
]
const MAX_HITS = 20

/**
 * Reads the body of `POST /api/v1/<index>/search`.
 *
 * @throws BodyError
 */
export function nativeRequest(indexes: readonly string[], body: Json): SearchRequest {
  const fields = fieldsOf(body, 'SearchRequestQueryString', [...FIELDS, 'sort_by_field'])
  const searchFields = list(fields['search_field'])
  const sort = fields['sort_by'] ?? fields['sort_by_field']
  const [start, end] = [timestamp(fields['start_timestamp']), timestamp(fields['end_timestamp'])]
  const snippets = list(fields['snippet_fields'])
  const aggregations = fields['aggs'] ?? null
  const format = fields['format']
  if (format !== undefined) checkFormat(stringOf(format))
  boolOf(fields['count_all'] ?? undefined, true)
  boolOf(fields['allow_failed_splits'], false)
  return {
    indexes,
    query: {
      type: 'user_input',
      user_text: stringOf(required(fields, 'query')),
      ...(searchFields && { default_fields: searchFields }),
      default_operator: 'And',
      lenient: false,
    },
    maxHits: fields['max_hits'] === undefined ? MAX_HITS : unsignedOf(fields['max_hits'], 'u64'),
    startOffset: fields['start_offset'] === undefined ? 0 : unsignedOf(fields['start_offset'], 'u64'),
    sort: sort === undefined ? [] : sortFields(stringOf(sort)),
    ...(start !== undefined && { startTimestamp: start }),
    ...(end !== undefined && { endTimestamp: end }),
    ...(aggregations !== null && { aggregations }),
    ...(snippets && { snippetFields: snippets }),
  }
}

/**
 * Reads the parameters of `GET /api/v1/<index>/search`.
 *
 * @throws BodyError
 */
export function nativeRequestOfParameters(indexes: readonly string[], parameters: URLSearchParams): SearchRequest {
  const fields: Record<string, Json> = {}
  for (const [name, text] of parameters) {
    if (['start_timestamp', 'end_timestamp', 'max_hits', 'start_offset'].includes(name)) {
      if (!/^[+-]?\d+$/.test(text)) throw new BodyError('Invalid query string')
      fields[name] = BigInt(text.replace('+', ''))
    } else if (name === 'count_all' || name === 'allow_failed_splits') {
      if (text !== 'true' && text !== 'false') throw new BodyError('Invalid query string')
      fields[name] = text === 'true'
    } else fields[name] = text
  }
  try {
    return nativeRequest(indexes, fields)
  } catch (error) {
    throw error instanceof BodyError ? new BodyError('Invalid query string') : error
  }
}

/** The answer of the search API. */
export function nativeAnswer(response: SearchResponse, micros: number): JsonMap {
  const snippets = response.hits.flatMap((hit) => (hit.snippets === null ? [] : [hit.snippets]))
  return {
    num_hits: BigInt(response.numHits),
    hits: response.hits.map(({ document }) => documentJson(document)),
    ...(snippets.length > 0 && { snippets }),
    elapsed_time_micros: BigInt(micros),
    errors: [],
    ...(response.aggregations !== null && { aggregations: aggregationsJson(response.aggregations) }),
  }
}

/** `field`, `+field` (both descending) and `-field` (ascending), parted by commas. */
function sortFields(text: string): SortField[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const signed = part.startsWith('+') || part.startsWith('-')
      return { field: (signed ? part.slice(1) : part).trim(), order: part.startsWith('-') ? 'asc' : 'desc' }
    })
}

/** Names parted by commas. */
function list(value: Json | undefined): readonly string[] | undefined {
  return optionalString(value)
    ?.replaceAll(/^,+|,+$/g, '')
    .split(',')
}

function timestamp(value: Json | undefined): bigint | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'bigint') throw new BodyError('invalid type: expected i64')
  return value
}

function checkFormat(format: string): void {
  const formats = ['json', 'pretty_json']
  if (!formats.includes(format)) throw new BodyError(`unknown variant \`${format}\`, ${expectedNames(formats)}`)
}
