import type { Bound, BoundLiteral, FullTextMode, FullTextParams } from '../query-language/query-ast.ts'
import {
  BodyError,
  boolOf,
  fieldsOf,
  invalidType,
  isMap,
  type Json,
  type JsonMap,
  mapOf,
  optionalString,
  optionalUnsigned,
  required,
  stringOf,
  unsignedOf,
  variantOf,
} from './body.ts'
import { operatorOf } from './match-queries.ts'
import type { RawQuery } from './raw-query.ts'

const TYPES = [
  'bool',
  'term',
  'term_set',
  'field_presence',
  'full_text',
  'phrase_prefix',
  'range',
  'user_input',
  'wildcard',
  'regex',
  'match_all',
  'match_none',
  'boost',
  'cache',
] as const

/**
 * Reads a query AST in the JSON form that Quickwit's nodes exchange (formats/quickwit-query.md §2), parsed by
 * parseJsonBody.
 *
 * @throws BodyError
 */
export function parseQueryAst(value: Json): RawQuery {
  const map = mapOf(value, 'internally tagged enum QueryAst')
  const type = variantOf(required(map, 'type'), TYPES)
  const text = (name: string): string => stringOf(required(map, name))
  switch (type) {
    case 'match_all':
    case 'match_none':
      return { type }
    case 'bool': {
      const minimum = optionalUnsigned(map['minimum_should_match'], 'u64')
      return {
        type,
        ...clauses(map, 'must'),
        ...clauses(map, 'must_not'),
        ...clauses(map, 'should'),
        ...clauses(map, 'filter'),
        ...(minimum !== undefined && { minimum_should_match: minimum }),
      }
    }
    case 'term':
      return { type, field: text('field'), value: text('value') }
    case 'term_set': {
      const fields = Object.entries(mapOf(required(map, 'terms_per_field'), 'a map'))
      const terms = fields.map(([field, values]) => [field, [...new Set(listOf(values).map(stringOf))].sort()] as const)
      return { type, terms_per_field: Object.fromEntries(terms) }
    }
    case 'field_presence':
      return { type, field: text('field') }
    case 'full_text':
      return {
        type,
        field: text('field'),
        text: text('text'),
        params: paramsOf(required(map, 'params')),
        lenient: boolOf(required(map, 'lenient'), false),
      }
    case 'phrase_prefix':
      return {
        type,
        field: text('field'),
        phrase: text('phrase'),
        max_expansions: unsignedOf(required(map, 'max_expansions'), 'u32'),
        params: paramsOf(required(map, 'params')),
        lenient: boolOf(required(map, 'lenient'), false),
      }
    case 'range':
      return {
        type,
        field: text('field'),
        lower_bound: boundOf(required(map, 'lower_bound')),
        upper_bound: boundOf(required(map, 'upper_bound')),
      }
    case 'user_input': {
      const fields = map['default_fields'] ?? null
      return {
        type,
        user_text: text('user_text'),
        ...(fields !== null && { default_fields: listOf(fields).map(stringOf) }),
        default_operator: operatorOf(required(map, 'default_operator')),
        lenient: boolOf(required(map, 'lenient'), false),
      }
    }
    case 'wildcard':
      return {
        type,
        field: text('field'),
        value: text('value'),
        lenient: boolOf(required(map, 'lenient'), false),
        case_insensitive: boolOf(required(map, 'case_insensitive'), false),
      }
    case 'regex':
      return { type, field: text('field'), regex: text('regex') }
    case 'boost': {
      const boost = required(map, 'boost')
      if (typeof boost !== 'bigint' && typeof boost !== 'number') throw invalidType(boost, 'f32')
      return { type, underlying: parseQueryAst(required(map, 'underlying')), boost: Math.fround(Number(boost)) }
    }
    case 'cache':
      return { type, inner: parseQueryAst(required(map, 'inner')) }
  }
}

function listOf(value: Json): readonly Json[] {
  if (!Array.isArray(value)) throw invalidType(value, 'a sequence')
  return value as readonly Json[]
}

function clauses(map: JsonMap, name: string): { readonly [name: string]: readonly RawQuery[] } {
  const value = map[name]
  const list = value === undefined ? [] : listOf(value).map(parseQueryAst)
  return list.length === 0 ? {} : { [name]: list }
}

function boundOf(value: Json): Bound {
  if (value === 'Unbounded') return value
  const [entry] = isMap(value) ? Object.entries(value) : []
  if (entry === undefined) throw invalidType(value, 'enum Bound')
  const kind = variantOf(entry[0], ['Unbounded', 'Included', 'Excluded'])
  const literal = entry[1]
  if (kind === 'Unbounded' || literal === null || typeof literal === 'object') {
    throw new BodyError('data did not match any variant of untagged enum JsonLiteral')
  }
  const text: BoundLiteral = typeof literal === 'number' && Number.isInteger(literal) ? `${literal}.0` : literal
  return kind === 'Included' ? { Included: text } : { Excluded: text }
}

function paramsOf(value: Json): FullTextParams {
  const fields = fieldsOf(value, 'FullTextParams', ['tokenizer', 'mode', 'zero_terms_query'])
  const tokenizer = optionalString(fields['tokenizer'])
  const zero = fields['zero_terms_query']
  return {
    ...(tokenizer !== undefined && { tokenizer }),
    mode: modeOf(mapOf(required(fields, 'mode'), 'internally tagged enum FullTextMode')),
    ...(zero !== undefined && variantOf(zero, ['none', 'all']) === 'all' && { zero_terms_query: 'all' as const }),
  }
}

function modeOf(map: JsonMap): FullTextMode {
  const modes = ['bool', 'bool_prefix', 'phrase_fallback_to_intersection', 'phrase'] as const
  const type = variantOf(required(map, 'type'), modes)
  switch (type) {
    case 'bool':
      return { type, operator: operatorOf(required(map, 'operator')) }
    case 'bool_prefix':
      return {
        type,
        operator: operatorOf(required(map, 'operator')),
        max_expansions: unsignedOf(required(map, 'max_expansions'), 'u32'),
      }
    case 'phrase': {
      const slop = optionalUnsigned(map['slop'], 'u32') ?? 0
      return { type, ...(slop > 0 && { slop }) }
    }
    case 'phrase_fallback_to_intersection':
      return { type }
  }
}
