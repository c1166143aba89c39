import { resolveQuery } from '../query-dsl/resolve-query.ts'
import type { RawQuery } from '../query-dsl/raw-query.ts'
import type { QueryAst } from '../query-language/query-ast.ts'
import { UserTextError } from '../query-language/user-text.ts'
import { SearchError } from './search-error.ts'

/**
 * Parses the query texts in a query.
 *
 * @throws SearchError for a text that is no query.
 */
export function parseQueryText(query: RawQuery, defaultFields: readonly string[]): QueryAst {
  try {
    return resolveQuery(query, defaultFields)
  } catch (error) {
    throw error instanceof UserTextError ? new SearchError('invalid_query', error.message, error) : error
  }
}
