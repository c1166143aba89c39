import { BodyError, boolOf, type Json, mapOf, stringOf, variantOf } from './body.ts'
import { matchBoolPrefixField, matchField, matchPhraseField, matchPhrasePrefixField } from './match-queries.ts'
import type { RawQuery } from './raw-query.ts'

const TYPES = {
  most_fields: matchField,
  best_fields: matchField,
  cross_fields: matchField,
  phrase: matchPhraseField,
  phrase_prefix: matchPhrasePrefixField,
  bool_prefix: matchBoolPrefixField,
} as const

/** `multi_match`: any of its fields matches. `lenient` is taken and has no effect, as in Quickwit. */
export function multiMatch(value: Json): RawQuery {
  const { type = 'most_fields', fields = [], lenient, ...params } = mapOf(value, 'struct MultiMatchQuery')
  const kind = variantOf(type, Object.keys(TYPES) as (keyof typeof TYPES)[])
  const names = (Array.isArray(fields) ? (fields as readonly Json[]) : [fields as Json]).map(stringOf)
  boolOf(lenient, false)
  if (names.length === 0) {
    throw new BodyError(
      'Quickwit does not support multi match query with 0 fields. MultiMatchQueries must have at least one field.',
    )
  }
  for (const name of names) {
    if (name.includes('^')) throw unsupported('field boosting', name)
    if (name.includes('*')) throw unsupported('wildcards', name)
  }
  return { type: 'bool', should: names.map((name) => TYPES[kind](name, params)) }
}

function unsupported(what: string, name: string): BodyError {
  return new BodyError(`Quickwit does not support ${what} in the multi match query fields (got \`${name}\`)`)
}
