import type { QueryAst } from '../query-language/query-ast.ts'
import { parseUserText } from '../query-language/user-text.ts'
import type { RawQuery } from './raw-query.ts'

/**
 * Parses the query texts in a query.
 *
 * @throws UserTextError
 */
export function resolveQuery(query: RawQuery, defaultFields: readonly string[]): QueryAst {
  const each = (queries: readonly RawQuery[]): QueryAst[] => queries.map((child) => resolveQuery(child, defaultFields))
  switch (query.type) {
    case 'user_input':
      return parseUserText(query.user_text, query.default_fields ?? defaultFields, {
        defaultOperator: query.default_operator,
        lenient: query.lenient,
      })
    case 'cache':
      return resolveQuery(query.inner, defaultFields)
    case 'boost':
      return { ...query, underlying: resolveQuery(query.underlying, defaultFields) }
    case 'bool': {
      const { must, must_not, should, filter, minimum_should_match } = query
      return {
        type: 'bool',
        ...(must && { must: each(must) }),
        ...(must_not && { must_not: each(must_not) }),
        ...(should && { should: each(should) }),
        ...(filter && { filter: each(filter) }),
        ...(minimum_should_match !== undefined && { minimum_should_match }),
      }
    }
    default:
      return query
  }
}
