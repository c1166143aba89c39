import { VolleyError } from '@volley/core'
import type { AggregationJson } from '@volley/tantivy'
import { BodyError, type Json, parseJsonBody } from '../query-dsl/body.ts'
import { DslError } from '../query-dsl/dsl-error.ts'
import { SearchError } from './search-error.ts'
import type { SearchResponse } from './search-request.ts'

/** An answer's JSON: integers are bigint, other numbers number. */
export interface ApiAnswer {
  readonly status: number
  readonly body: Json
  /** What a single search that succeeded found. */
  readonly response?: SearchResponse
}

/** A refusal as the search API gives it. */
export function refusal(error: unknown): ApiAnswer {
  if (error instanceof SearchError) return { status: error.status, body: { message: error.message } }
  if (error instanceof BodyError || error instanceof DslError) return { status: 400, body: { message: error.message } }
  if (error instanceof VolleyError) return { status: 500, body: { message: error.message } }
  throw error
}

/** Text of a document as JSON. */
export function documentJson(text: string): Json {
  return parseJsonBody(text)
}

/** Aggregations with whole counts as they are; nothing else of them is an integer. */
export function aggregationsJson(value: AggregationJson): Json {
  return value as Json
}
