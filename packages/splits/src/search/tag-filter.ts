import { type TagFilter, tagIn } from '@volley/metastore'
import type { QueryAst } from '../query-language/query-ast.ts'

/**
 * What a query says of the tags of splits that can hold a match; null for nothing. Texts count as they are written, also
 * those that a tokenizer would change, as in Quickwit.
 */
export function tagFilterOf(ast: QueryAst): TagFilter | null {
  switch (ast.type) {
    case 'bool': {
      const required = [...(ast.must ?? []), ...(ast.filter ?? [])]
      if (required.length > 0) return all(required.map(tagFilterOf))
      // What is only excluded says nothing, and lets everything else in.
      if ((ast.must_not ?? []).length > 0) return null
      return any((ast.should ?? []).map(tagFilterOf))
    }
    case 'boost':
      return tagFilterOf(ast.underlying)
    case 'term':
    case 'wildcard':
      return tagIn(ast.field, [ast.value])
    case 'full_text':
      return tagIn(ast.field, [ast.text])
    case 'phrase_prefix':
      return tagIn(ast.field, [ast.phrase])
    case 'term_set':
      return any(Object.entries(ast.terms_per_field).map(([field, values]) => tagIn(field, values)))
    default:
      return null
  }
}

function all(filters: readonly (TagFilter | null)[]): TagFilter | null {
  const children = filters.filter((filter) => filter !== null)
  return children.length === 0 ? null : { kind: 'and', children }
}

function any(filters: readonly (TagFilter | null)[]): TagFilter | null {
  const children = filters.filter((filter) => filter !== null)
  return children.length < filters.length || children.length === 0 ? null : { kind: 'or', children }
}
