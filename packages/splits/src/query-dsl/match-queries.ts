import type { FullTextParams } from '../query-language/query-ast.ts'
import {
  boolOf,
  fieldsOf,
  invalidType,
  isMap,
  type Json,
  type JsonMap,
  onlyField,
  optionalString,
  required,
  stringOf,
  unsignedOf,
  variantOf,
} from './body.ts'
import type { RawQuery } from './raw-query.ts'

const MAX_EXPANSIONS = 50

export function operatorOf(value: Json | undefined, fallback: 'And' | 'Or' = 'Or'): 'And' | 'Or' {
  if (value === undefined) return fallback
  return variantOf(value, ['And', 'AND', 'Or', 'OR']).toUpperCase() === 'AND' ? 'And' : 'Or'
}

function zeroTerms(value: Json | undefined): Pick<FullTextParams, 'zero_terms_query'> {
  const zero = value === undefined ? 'none' : variantOf(value, ['none', 'all'])
  return zero === 'none' ? {} : { zero_terms_query: zero }
}

/** The parameters of a query that may be only its text. */
export function textOrFields(value: Json, what: string, text: string, known: readonly string[]): JsonMap {
  if (typeof value === 'string') return { [text]: value }
  if (typeof value === 'bigint') return { [text]: String(value) }
  if (!isMap(value)) throw invalidType(value, `string or map to deserialize ${what}.`)
  return fieldsOf(value, what, known)
}

const MATCH = ['query', 'operator', 'zero_terms_query', 'lenient']

export function matchQuery(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  return matchField(field, textOrFields(params, 'MatchQueryParams', 'query', MATCH))
}

/** `match` on one field, of which the parameters are known to be only its own. */
export function matchField(field: string, params: Json): RawQuery {
  const fields = fieldsOf(params, 'MatchQueryParams', MATCH)
  return {
    type: 'full_text',
    field,
    text: stringOf(required(fields, 'query')),
    params: {
      mode: { type: 'bool', operator: operatorOf(fields['operator']) },
      ...zeroTerms(fields['zero_terms_query']),
    },
    lenient: boolOf(fields['lenient'], false),
  }
}

export function matchBoolPrefix(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  return matchBoolPrefixField(field, textOrFields(params, 'MatchQueryParams', 'query', MATCH))
}

export function matchBoolPrefixField(field: string, params: Json): RawQuery {
  const fields = fieldsOf(params, 'MatchQueryParams', MATCH)
  return {
    type: 'full_text',
    field,
    text: stringOf(required(fields, 'query')),
    params: {
      mode: { type: 'bool_prefix', operator: operatorOf(fields['operator']), max_expansions: MAX_EXPANSIONS },
      ...zeroTerms(fields['zero_terms_query']),
    },
    lenient: boolOf(fields['lenient'], false),
  }
}

const PHRASE = ['query', 'zero_terms_query', 'analyzer', 'slop']

export function matchPhrase(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  return matchPhraseField(field, textOrFields(params, 'MatchPhraseQueryParams', 'query', PHRASE))
}

export function matchPhraseField(field: string, params: Json): RawQuery {
  const fields = fieldsOf(params, 'MatchPhraseQueryParams', PHRASE)
  return {
    type: 'full_text',
    field,
    text: stringOf(required(fields, 'query')),
    params: phraseParams(fields),
    lenient: false,
  }
}

const PHRASE_PREFIX = ['query', 'analyzer', 'max_expansions', 'slop', 'zero_terms_query']

export function matchPhrasePrefix(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  return matchPhrasePrefixField(field, params)
}

export function matchPhrasePrefixField(field: string, params: Json): RawQuery {
  const fields = fieldsOf(params, 'MatchPhrasePrefixQueryParams', PHRASE_PREFIX)
  const expansions = fields['max_expansions']
  return {
    type: 'phrase_prefix',
    field,
    phrase: stringOf(required(fields, 'query')),
    max_expansions: expansions === undefined ? MAX_EXPANSIONS : unsignedOf(expansions, 'u32'),
    params: phraseParams(fields),
    lenient: false,
  }
}

function phraseParams(fields: JsonMap): FullTextParams {
  const slop = fields['slop'] === undefined ? 0 : unsignedOf(fields['slop'], 'u32')
  const tokenizer = optionalString(fields['analyzer'])
  return {
    ...(tokenizer !== undefined && { tokenizer }),
    mode: { type: 'phrase', ...(slop > 0 && { slop }) },
    ...zeroTerms(fields['zero_terms_query']),
  }
}
