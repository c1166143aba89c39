import { boolOf, fieldsOf, invalidType, type Json, optionalBoost, optionalString, required, stringOf } from './body.ts'
import { DslError } from './dsl-error.ts'
import { operatorOf } from './match-queries.ts'
import type { RawQuery } from './raw-query.ts'

/** `query_string`: a text of the query language. Its boost has no effect, as in Quickwit. */
export function queryString(value: Json): RawQuery {
  const known = ['query', 'fields', 'default_field', 'default_operator', 'boost', 'lenient']
  const fields = fieldsOf(value, 'QueryStringQuery', known)
  const query = stringOf(required(fields, 'query'))
  const names = fields['fields'] ?? undefined
  if (names !== undefined && names !== null && !Array.isArray(names)) throw invalidType(names, 'a sequence')
  const defaultField = optionalString(fields['default_field'])
  optionalBoost(fields['boost'])
  if (defaultField !== undefined && names !== undefined) {
    throw new DslError('fields and default_field cannot be both set in `query_string` queries')
  }
  const defaultFields =
    defaultField !== undefined ? [defaultField] : (names as readonly Json[] | undefined)?.map(stringOf)
  return {
    type: 'user_input',
    user_text: query,
    ...(defaultFields && { default_fields: defaultFields }),
    default_operator: operatorOf(fields['default_operator']),
    lenient: boolOf(fields['lenient'], false),
  }
}
