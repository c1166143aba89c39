import type { FieldEntry } from '../schema/index-schema.ts'
import {
  jsonTerm,
  splitJsonPath,
  termForBool,
  termForDate,
  termForF64,
  termForFacet,
  termForI64,
  termForIp,
  termForText,
  termForU64,
} from '../terms.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import { parseBase64, parseF64, parseI64, parseIp, parseJsonLeaf, parseRfc3339, parseU64 } from './parse-values.ts'
import { QueryParserError } from './query-parser-error.ts'

/** The term that a word means in a field that is neither text nor JSON. */
export function searchTerm(field: FieldEntry, text: string): Uint8Array {
  switch (field.type) {
    case 'u64':
      return termForU64(need(field, text, parseU64(text)))
    case 'i64':
      return termForI64(need(field, text, parseI64(text)))
    case 'f64':
      return termForF64(need(field, text, parseF64(text)))
    case 'bool':
      return termForBool(need(field, text, text === 'true' ? true : text === 'false' ? false : null))
    case 'date':
      return termForDate(need(field, text, parseRfc3339(text)))
    case 'ip_addr':
      return termForIp(need(field, text, parseIp(text)))
    case 'bytes':
      return need(field, text, parseBase64(text))
    case 'facet':
      return need(field, text, termForFacet(text))
    default:
      throw new QueryParserError(`the field ${field.name} of type ${field.type} cannot be searched by a word`)
  }
}

/** The bound of a range, or an element of a set, as term bytes; dates keep their full precision. */
export function boundTerm(field: FieldEntry, path: string, text: string, tokenizer: Tokenizer | null): Uint8Array {
  if (field.type === 'json_object') {
    const value = parseJsonLeaf(text) ?? ({ type: 'str', value: text } as const)
    return jsonTerm(splitJsonPath(path), value, field.options.expandDots)
  }
  if (path !== '') throw new QueryParserError(`the field ${field.name} has no path ${path}`)
  if (field.options.record === null && !field.options.fast) {
    throw new QueryParserError(`the field ${field.name} is not indexed`)
  }
  if (field.type === 'date') return termForI64(need(field, text, parseRfc3339(text)))
  if (field.type !== 'text') return searchTerm(field, text)
  if (tokenizer === null) throw new QueryParserError(`the field ${field.name} is not indexed`)
  const tokens = tokenizer.tokenize(text)
  if (tokens.length !== 1) throw new QueryParserError(`the bound ${text} of field ${field.name} is not one token`)
  return termForText(tokens[0]!.text)
}

function need<T>(field: FieldEntry, text: string, value: T | null): T {
  if (value === null) throw new QueryParserError(`${text} is no ${field.type}, which field ${field.name} holds`)
  return value
}
