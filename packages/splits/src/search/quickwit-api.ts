import { BodyError, expectedNames, fieldsOf, type Json, parseJsonBody, stringOf } from '../query-dsl/body.ts'
import { operatorOf } from '../query-dsl/match-queries.ts'
import { type ApiAnswer, refusal } from './answer.ts'
import { type ElasticBody, elasticBody } from './elastic-body.ts'
import {
  elasticAnswer,
  ElasticError,
  elasticFailure,
  type ElasticParameters,
  elasticRequest,
} from './elastic-search.ts'
import { nativeAnswer, nativeRequest, nativeRequestOfParameters } from './native-search.ts'
import { SearchError } from './search-error.ts'
import type { SearchService } from './search-service.ts'

export interface ApiRequest {
  readonly method: string
  /** With the parameters, such as `/api/v1/logs/search?query=error`. */
  readonly path: string
  /** JSON text; empty or absent for none. */
  readonly body?: string
}

/**
 * The search requests of Quickwit's REST API and of its Elasticsearch API (`_search`, `_count`, `_msearch`), answered with
 * the JSON and the status that Quickwit gives.
 */
export class QuickwitApi {
  readonly #service: SearchService

  constructor(service: SearchService) {
    this.#service = service
  }

  /** Answers a request; null for one that is no search. */
  async answer(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer | null> {
    const url = new URL(request.path, 'http://localhost')
    const elastic = /^\/api\/v1\/_elastic\/(?:([^/]+)\/(_search|_count)|(_msearch))$/.exec(url.pathname)
    const body = request.body ?? ''
    if (elastic?.[3] !== undefined) return this.#elasticMany(url.searchParams, body, signal)
    if (elastic !== null) {
      const indexes = patternsOf(elastic[1]!)
      if (indexes === null) return BAD_PATTERNS
      return this.#elastic(indexes, url.searchParams, body, elastic[2] === '_count', signal)
    }
    const native = /^\/api\/v1\/([^/_][^/]*)\/search$/.exec(url.pathname)
    if (native === null) return null
    const indexes = patternsOf(native[1]!)
    return indexes === null ? BAD_PATTERNS : this.#native(indexes, request, url, signal)
  }

  async #native(indexes: readonly string[], request: ApiRequest, url: URL, signal?: AbortSignal): Promise<ApiAnswer> {
    const start = performance.now()
    try {
      const search =
        request.method === 'GET'
          ? nativeRequestOfParameters(indexes, url.searchParams)
          : nativeRequest(indexes, parseJsonBody(request.body ?? ''))
      const response = await this.#service.search(search, signal)
      return { status: 200, body: nativeAnswer(response, Math.round((performance.now() - start) * 1000)), response }
    } catch (error) {
      if (!(error instanceof BodyError) || request.method === 'GET') return refusal(error)
      return { status: 400, body: { message: `Request body deserialize error: ${error.message}` } }
    }
  }

  async #elastic(
    indexes: readonly string[],
    parameters: URLSearchParams,
    body: string,
    countOnly: boolean,
    signal?: AbortSignal,
  ): Promise<ApiAnswer> {
    const start = performance.now()
    try {
      const known = countOnly ? COUNT_PARAMETERS : SEARCH_PARAMETERS
      const given = { ...elasticParameters(parameters, known), ...(countOnly && { size: 0 }) }
      const request = elasticRequest(indexes, given, bodyOf(body))
      const response = await this.#service.search(request, signal)
      if (countOnly) return { status: 200, body: { count: BigInt(response.numHits) }, response }
      return {
        status: 200,
        body: elasticAnswer(response, request, given, Math.round(performance.now() - start)),
        response,
      }
    } catch (error) {
      return elasticRefusal(error)
    }
  }

  /** Pairs of lines: a header with the indexes, and a body. One that fails does not keep others from being answered. */
  async #elasticMany(parameters: URLSearchParams, body: string, signal?: AbortSignal): Promise<ApiAnswer> {
    try {
      const common = elasticParameters(parameters, MULTI_PARAMETERS)
      const lines = body.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
      const requests = []
      for (let at = 0; at < lines.length; at += 2) {
        const header = headerOf(lines[at]!)
        const text = lines[at + 1]
        if (text === undefined) throw new SearchError('invalid_argument', 'expect request body after request header')
        const given = { ...common, ...header.parameters }
        requests.push({ request: elasticRequest(header.indexes, given, lineBody(text)), given })
      }
      const responses: Json[] = []
      for (const { request, given } of requests) {
        const start = performance.now()
        try {
          const response = await this.#service.search(request, signal)
          const answer = elasticAnswer(response, request, given, Math.round(performance.now() - start))
          responses.push({ status: 200n, ...answer })
        } catch (error) {
          responses.push(elasticRefusal(error).body)
        }
      }
      return { status: 200, body: { responses } }
    } catch (error) {
      return elasticRefusal(error)
    }
  }
}

const BAD_PATTERNS: ApiAnswer = {
  status: 400,
  body: { message: 'failed to percent decode comma-separated index ID patterns' },
}

/** The index patterns of a path; null for what is not encoded well. */
function patternsOf(step: string): readonly string[] | null {
  try {
    return decodeURIComponent(step).split(',')
  } catch {
    return null
  }
}

function bodyOf(text: string): ElasticBody {
  return text === '' ? { searchAfter: [] } : elasticBody(parseJsonBody(text))
}

function lineBody(line: string): ElasticBody {
  try {
    return elasticBody(parseJsonBody(line))
  } catch (error) {
    if (!(error instanceof BodyError)) throw error
    throw new SearchError(
      'invalid_argument',
      `failed to parse request body \`${line.slice(0, 20)}...\`: ${error.message}`,
    )
  }
}

const HEADER = [
  'allow_no_indices',
  'expand_wildcards',
  'ignore_unavailable',
  'index',
  'preference',
  'request_cache',
  'routing',
]

function headerOf(line: string): { readonly indexes: readonly string[]; readonly parameters: ElasticParameters } {
  try {
    const fields = fieldsOf(parseJsonBody(line), 'MultiSearchHeader', HEADER)
    const index = fields['index'] ?? []
    const indexes = (Array.isArray(index) ? (index as readonly Json[]) : [index as Json]).map(stringOf)
    if (indexes.length === 0) {
      throw new SearchError('invalid_argument', '`_msearch` request header must define at least one index')
    }
    const ignore = fields['ignore_unavailable']
    return { indexes, parameters: typeof ignore === 'boolean' ? { ignoreUnavailable: ignore } : {} }
  } catch (error) {
    if (!(error instanceof BodyError)) throw error
    throw new SearchError(
      'invalid_argument',
      `failed to parse request header \`${line.slice(0, 20)}...\`: ${error.message}`,
    )
  }
}

/** Requests without the form are refused before they reach the Elasticsearch API, and so in the other shape. */
function elasticRefusal(error: unknown): ApiAnswer {
  if (error instanceof ElasticError || error instanceof SearchError) {
    return { status: error.status, body: elasticFailure(error.status, error.message) }
  }
  const { status, body } = refusal(error)
  return status === 500 ? { status, body: elasticFailure(status, (error as Error).message) } : { status, body }
}

const COUNT_PARAMETERS = [
  'allow_no_indices',
  'analyze_wildcard',
  'analyzer',
  'default_operator',
  'df',
  'expand_wildcards',
  'ignore_throttled',
  'ignore_unavailable',
  'lenient',
  'max_concurrent_shard_requests',
  'preference',
  'q',
  'request_cache',
  'routing',
]
const SEARCH_PARAMETERS = [
  ...COUNT_PARAMETERS,
  '_source',
  '_source_excludes',
  '_source_includes',
  'allow_partial_search_results',
  'batched_reduce_size',
  'ccs_minimize_roundtrips',
  'docvalue_fields',
  'error_trace',
  'explain',
  'extra_filters',
  'filter_path',
  'force_synthetic_source',
  'from',
  'human',
  'min_compatible_shard_node',
  'pre_filter_shard_size',
  'pretty',
  'rest_total_hits_as_int',
  'scroll',
  'search_type',
  'seq_no_primary_term',
  'size',
  'sort',
  'stats',
  'stored_fields',
  'suggest_field',
  'suggest_mode',
  'suggest_size',
  'suggest_text',
  'terminate_after',
  'timeout',
  'track_scores',
  'track_total_hits',
  'typed_keys',
  'version',
]
const MULTI_PARAMETERS = [
  'allow_no_indices',
  'ccs_minimize_roundtrips',
  'expand_wildcards',
  'extra_filters',
  'ignore_throttled',
  'ignore_unavailable',
  'index',
  'max_concurrent_searches',
  'max_concurrent_shard_requests',
  'pre_filter_shard_size',
  'rest_total_hits_as_int',
  'routing',
  '_source_excludes',
  '_source_includes',
  'search_type',
  'typed_keys',
]

function elasticParameters(parameters: URLSearchParams, known: readonly string[]): ElasticParameters {
  for (const name of parameters.keys()) {
    if (!known.includes(name)) throw new BodyError(`unknown field \`${name}\`, ${expectedNames(known)}`)
  }
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined
  const names = (name: string): readonly string[] | undefined =>
    text(name)
      ?.replaceAll(/^,+|,+$/g, '')
      .split(',')
  const count = (name: string): number | undefined => {
    const value = text(name)
    if (value !== undefined && !/^\+?\d+$/.test(value)) throw new BodyError('invalid digit found in string')
    return value === undefined ? undefined : Number(value)
  }
  if (text('scroll') !== undefined) {
    throw new SearchError('invalid_argument', 'scrolling is not supported: use search_after')
  }
  const [operator, ignore] = [text('default_operator'), text('ignore_unavailable')]
  return {
    ...optional('query', text('q')),
    ...(operator !== undefined && { defaultOperator: operatorOf(operator) }),
    ...optional('from', count('from')),
    ...optional('size', count('size')),
    ...optional('sort', names('sort')),
    ...optional('extraFilters', names('extra_filters')),
    ...(ignore !== undefined && { ignoreUnavailable: ignore === 'true' }),
    ...optional('sourceIncludes', names('_source_includes')),
    ...optional('sourceExcludes', names('_source_excludes')),
  }
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [name in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [name in K]?: V })
}
