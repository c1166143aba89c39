import type { BoolQueryAst, QueryAst } from '../query-language/query-ast.ts'

/** A query text that still has to be parsed, with the index's default fields unless it brings its own. */
export interface UserInputAst {
  readonly type: 'user_input'
  readonly user_text: string
  readonly default_fields?: readonly string[]
  readonly default_operator: 'And' | 'Or'
  readonly lenient: boolean
}

export interface RawBoolQuery {
  readonly type: 'bool'
  readonly must?: readonly RawQuery[]
  readonly must_not?: readonly RawQuery[]
  readonly should?: readonly RawQuery[]
  readonly filter?: readonly RawQuery[]
  readonly minimum_should_match?: number
}

/** Quickwit's query AST as requests carry it: it may hold query texts, and nodes that are to be cached. */
export type RawQuery =
  | Exclude<QueryAst, BoolQueryAst | { readonly type: 'boost' }>
  | RawBoolQuery
  | { readonly type: 'boost'; readonly underlying: RawQuery; readonly boost: number }
  | { readonly type: 'cache'; readonly inner: RawQuery }
  | UserInputAst

/** Multiplies the scores of a query. */
export function boosted(query: RawQuery, boost: number | undefined): RawQuery {
  if (boost === undefined) return query
  if (query.type === 'boost') return { ...query, boost: Math.fround(query.boost * boost) }
  return { type: 'boost', underlying: query, boost }
}
