import type { Query } from '@volley/tantivy'
import { type DocMapping, joinFieldPath } from '../mapping/doc-mapping.ts'
import type { SplitIndex } from '../opener/split-index-opener.ts'
import { buildQuery, checkQuery } from './build-query.ts'
import type { FullTextMode, QueryAst } from './query-ast.ts'

/** Every token of the text is a token of the column's value, or of the value at a path below it. A text without tokens matches nothing. */
export function matchQuery(
  split: SplitIndex,
  mapping: DocMapping,
  column: string,
  path: readonly string[],
  text: string,
): Query {
  return buildQuery(matchAst(mapping, column, path, text), split, mapping)
}

/** The tokens of the text stand next to each other, in order. */
export function phraseQuery(
  split: SplitIndex,
  mapping: DocMapping,
  column: string,
  path: readonly string[],
  text: string,
): Query {
  return buildQuery(phraseAst(mapping, column, path, text), split, mapping)
}

/** The AST of `match(column, text)`. */
export function matchAst(mapping: DocMapping, column: string, path: readonly string[], text: string): QueryAst {
  return fullText(mapping, column, path, text, { type: 'bool', operator: 'And' })
}

/** The AST of `phrase(column, text)`. */
export function phraseAst(mapping: DocMapping, column: string, path: readonly string[], text: string): QueryAst {
  return fullText(mapping, column, path, text, { type: 'phrase' })
}

/**
 * Checks `match` or `phrase` against the current mapping.
 *
 * @throws VolleyError for a column that is not searchable, or a phrase on a field without positions.
 */
export function checkTextQuery(
  form: 'match' | 'phrase',
  mapping: DocMapping,
  column: string,
  path: readonly string[],
  text: string,
): void {
  checkQuery((form === 'match' ? matchAst : phraseAst)(mapping, column, path, text), mapping)
}

/** Name of a column, and a path below it, in the query language. */
export function queryFieldName(mapping: DocMapping, column: string, path: readonly string[] = []): string {
  const name = mapping.field(column)?.tantivyName ?? column
  return path.length === 0 ? name : `${name}.${joinFieldPath(path)}`
}

function fullText(
  mapping: DocMapping,
  column: string,
  path: readonly string[],
  text: string,
  mode: FullTextMode,
): QueryAst {
  const field = queryFieldName(mapping, column, path)
  return { type: 'full_text', field, text, params: { mode }, lenient: false }
}
