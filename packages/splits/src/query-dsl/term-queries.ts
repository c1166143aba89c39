import { BodyError, boolOf, isMap, type Json, onlyField, optionalBoost, required, stringOf } from './body.ts'
import { textOrFields } from './match-queries.ts'
import { boosted, type RawQuery } from './raw-query.ts'

/** The text of a value that may be written as an integer. */
function valueText(value: Json, what: string): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'string') throw new BodyError(`data did not match any variant of untagged enum ${what}`)
  return value
}

/** `term`: one token, in lower case with `case_insensitive`. */
export function termQuery(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  const fields = textOrFields(params, 'TermQueryParams', 'value', ['value', 'boost', 'case_insensitive'])
  const text = valueText(required(fields, 'value'), 'TermValue')
  const insensitive = boolOf(fields['case_insensitive'], false)
  const query: RawQuery = insensitive
    ? { type: 'regex', field, regex: `(?i)${escaped(text)}` }
    : { type: 'term', field, value: text }
  return boosted(query, optionalBoost(fields['boost']))
}

function escaped(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$#&\-~]/g, '\\$&')
}

/** `terms`: any of some tokens. */
export function termsQuery(value: Json): RawQuery {
  if (!isMap(value)) throw new BodyError('data did not match any variant of untagged enum OneOrMany')
  const { boost, ...rest } = value
  const [field, values] = onlyField(rest)
  const list = Array.isArray(values) ? (values as readonly Json[]) : [values]
  const texts = list.map((each) => valueText(each, 'OneOrMany'))
  const sorted = [...new Set(texts)].sort()
  return boosted({ type: 'term_set', terms_per_field: { [field]: sorted } }, optionalBoost(boost))
}

const PATTERN = ['value', 'boost', 'case_insensitive']

export function wildcardQuery(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  const fields = textOrFields(params, 'WildcardQueryParams', 'value', PATTERN)
  return boosted(
    {
      type: 'wildcard',
      field,
      value: stringOf(required(fields, 'value')),
      lenient: true,
      case_insensitive: boolOf(fields['case_insensitive'], false),
    },
    optionalBoost(fields['boost']),
  )
}

export function prefixQuery(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  const fields = textOrFields(params, 'PrefixQueryParams', 'value', ['value', 'case_insensitive'])
  const prefix = stringOf(required(fields, 'value'))
  return {
    type: 'wildcard',
    field,
    value: `${prefix.replaceAll(/[\\*?]/g, '\\$&')}*`,
    lenient: true,
    case_insensitive: boolOf(fields['case_insensitive'], false),
  }
}

/** `regexp`: a pattern, or one with options. */
export function regexpQuery(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  if (typeof params === 'string') return { type: 'regex', field, regex: params }
  const pattern = isMap(params) ? params['value'] : undefined
  const insensitive = isMap(params) ? (params['case_insensitive'] ?? false) : false
  if (typeof pattern !== 'string' || typeof insensitive !== 'boolean') {
    throw new BodyError('data did not match any variant of untagged enum RegexQueryParams')
  }
  return { type: 'regex', field, regex: insensitive ? `(?i)${pattern}` : pattern }
}
