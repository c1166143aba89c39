/** A literal of a range bound: as written, or a number or bool of the DSL. */
export type BoundLiteral = string | number | bigint | boolean
export type Bound = 'Unbounded' | { readonly Included: BoundLiteral } | { readonly Excluded: BoundLiteral }

export type FullTextMode =
  | { readonly type: 'bool'; readonly operator: 'And' | 'Or' }
  | { readonly type: 'bool_prefix'; readonly operator: 'And' | 'Or'; readonly max_expansions: number }
  | { readonly type: 'phrase'; readonly slop?: number }
  | { readonly type: 'phrase_fallback_to_intersection' }

export interface FullTextParams {
  /** Instead of the field's. */
  readonly tokenizer?: string
  readonly mode: FullTextMode
  /** What a text without tokens matches: nothing when absent. */
  readonly zero_terms_query?: 'none' | 'all'
}

export interface BoolQueryAst {
  readonly type: 'bool'
  readonly must?: readonly QueryAst[]
  readonly must_not?: readonly QueryAst[]
  readonly should?: readonly QueryAst[]
  readonly filter?: readonly QueryAst[]
  readonly minimum_should_match?: number
}

/**
 * Quickwit's query AST in its JSON form (formats/quickwit-query.md §2): free of any schema; field names are escaped
 * paths.
 */
export type QueryAst =
  | { readonly type: 'match_all' }
  | { readonly type: 'match_none' }
  | BoolQueryAst
  | { readonly type: 'term'; readonly field: string; readonly value: string }
  | { readonly type: 'term_set'; readonly terms_per_field: Readonly<Record<string, readonly string[]>> }
  | {
      readonly type: 'full_text'
      readonly field: string
      readonly text: string
      readonly params: FullTextParams
      readonly lenient: boolean
    }
  | {
      readonly type: 'phrase_prefix'
      readonly field: string
      readonly phrase: string
      readonly max_expansions: number
      readonly params: FullTextParams
      readonly lenient: boolean
    }
  | { readonly type: 'range'; readonly field: string; readonly lower_bound: Bound; readonly upper_bound: Bound }
  | { readonly type: 'field_presence'; readonly field: string }
  | {
      readonly type: 'wildcard'
      readonly field: string
      /** `*` any run, `?` one character, `\` before either takes it literally. */
      readonly value: string
      readonly lenient: boolean
      readonly case_insensitive: boolean
    }
  | { readonly type: 'regex'; readonly field: string; readonly regex: string }
  | { readonly type: 'boost'; readonly underlying: QueryAst; readonly boost: number }

/** Field names in an AST, each once, in order. */
export function fieldsOfQuery(ast: QueryAst): string[] {
  const fields = new Set<string>()
  visit(ast, fields)
  return [...fields]
}

function visit(ast: QueryAst, fields: Set<string>): void {
  switch (ast.type) {
    case 'match_all':
    case 'match_none':
      return
    case 'bool':
      for (const list of [ast.must, ast.filter, ast.should, ast.must_not])
        for (const child of list ?? []) visit(child, fields)
      return
    case 'boost':
      return visit(ast.underlying, fields)
    case 'term_set':
      for (const field of Object.keys(ast.terms_per_field)) fields.add(field)
      return
    default:
      fields.add(ast.field)
  }
}
