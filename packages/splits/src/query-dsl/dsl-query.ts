import { type Json, optionalBoost, fieldsOf, invalidType, required, stringOf, variantOf, isMap } from './body.ts'
import { boolQuery } from './bool-query.ts'
import { matchBoolPrefix, matchPhrase, matchPhrasePrefix, matchQuery } from './match-queries.ts'
import { multiMatch } from './multi-match.ts'
import { queryString } from './query-string.ts'
import { rangeQuery } from './range-query.ts'
import type { RawQuery } from './raw-query.ts'
import { prefixQuery, regexpQuery, termQuery, termsQuery, wildcardQuery } from './term-queries.ts'

const KINDS = {
  query_string: queryString,
  bool: boolQuery,
  term: termQuery,
  terms: termsQuery,
  match_all: (value: Json): RawQuery => {
    const boost = optionalBoost(fieldsOf(value, 'MatchAllQuery', ['boost'])['boost'])
    return boost === undefined ? { type: 'match_all' } : { type: 'boost', underlying: { type: 'match_all' }, boost }
  },
  match_none: (value: Json): RawQuery => {
    if (value !== null) throw invalidType(value, 'unit struct MatchNoneQuery')
    return { type: 'match_none' }
  },
  match: matchQuery,
  match_bool_prefix: matchBoolPrefix,
  match_phrase: matchPhrase,
  match_phrase_prefix: matchPhrasePrefix,
  multi_match: multiMatch,
  range: rangeQuery,
  exists: (value: Json): RawQuery => {
    if (!isMap(value)) throw invalidType(value, 'struct ExistsQuery')
    return { type: 'field_presence', field: stringOf(required(value, 'field')) }
  },
  regexp: regexpQuery,
  wildcard: wildcardQuery,
  prefix: prefixQuery,
} as const

/**
 * Turns a query of Elasticsearch's DSL, as far as Quickwit has it (formats/quickwit-query.md §5), into a query AST.
 *
 * @throws BodyError for what has not the form, DslError for what means nothing.
 */
export function parseDslQuery(value: Json): RawQuery {
  if (typeof value === 'string') {
    // A kind without parameters is written as its name only.
    if (variantOf(value, Object.keys(KINDS)) === 'match_none') return { type: 'match_none' }
    throw invalidType(value, 'newtype variant')
  }
  if (!isMap(value)) throw invalidType(value, 'map with a single key')
  const [entry, second] = Object.entries(value)
  if (entry === undefined) throw invalidType(value, 'map with a single key')
  const kind = variantOf(entry[0], Object.keys(KINDS) as (keyof typeof KINDS)[])
  const query = KINDS[kind](entry[1])
  if (second !== undefined) throw invalidType(value, 'map with a single key')
  return query
}
