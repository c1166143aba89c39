import type { DataType } from 'apache-arrow'
import type { Expr } from '@volley/core'
import {
  BooleanQuery,
  mapF64,
  RangeQuery,
  termForDate,
  termForIp,
  termForU64,
  TermSetQuery,
  type FieldEntry,
  type Query,
} from '@volley/tantivy'
import type { MappedField } from '../mapping/doc-mapping.ts'
import { bytesFromBase64, bytesFromHex, bytesToText, ipFromText, ipToText } from '../mapping/value-text.ts'
import { textTerm } from '../query-language/terms.ts'
import { numberTest } from './number-ranges.ts'
import type { Range } from './range-filter.ts'
import { textsOf } from './texts-of.ts'

/** Texts of this many bytes and more are in no term of the tokenizer `raw`. */
export const LONG_TEXT = 255
/** Longer bytes are looked for in the documents: a term has an end. */
const LONG_BYTES = 4096
const U64_MAX = (1n << 64n) - 1n
const SIGN = 1n << 63n
const LEAST_DOUBLE = mapF64(-Infinity)

/** A field with one value a document, which is stored and indexed as that value is, and is not fast. */
export interface IndexedField {
  readonly entry: FieldEntry
  readonly mapped: MappedField
  readonly type: DataType
}

/** Documents that a predicate can be TRUE for, by the terms of a field. */
export interface IndexedTerms {
  /** Null where there is no document. */
  readonly query: Query | null
  /** Terms that are looked up. */
  readonly terms: number
  /** Whether it is TRUE for each of them, where the field was indexed by the mapping that is in use. */
  readonly exact: boolean
}

/** What the index has for values of a type of the mapping. */
const INDEXED_AS: Partial<Record<MappedField['type'], FieldEntry['type']>> = {
  u64: 'u64',
  i64: 'i64',
  f64: 'f64',
  bool: 'bool',
  datetime: 'date',
  text: 'text',
  bytes: 'bytes',
  ip: 'ip_addr',
}

/**
 * Comparison, IN or BETWEEN with literals as a query of the inverted index; null where its terms do not say: a tokenizer
 * changed the text, the predicate is TRUE for NULL, or for nearly all values.
 */
export function indexedTerms(predicate: Expr, field: IndexedField): IndexedTerms | null {
  const { entry, mapped } = field
  if (entry.options.record === null || INDEXED_AS[mapped.type] !== entry.type) return null
  return entry.type === 'text' || entry.type === 'bytes' || entry.type === 'ip_addr'
    ? byTexts(predicate, field)
    : byNumbers(predicate, field)
}

function byNumbers(predicate: Expr, { entry, type }: IndexedField): IndexedTerms | null {
  const column = { type: entry.type as 'u64' | 'i64' | 'f64' | 'bool' | 'date', minValue: null }
  const test = numberTest(predicate, column, type)
  if (test === null || test.nulls) return null
  const { ranges } = test
  if (ranges[0]?.[0] === 0n && ranges[ranges.length - 1]![1] === U64_MAX) return null
  const isDate = entry.type === 'date'
  const numbers = entry.type === 'f64' ? withNaN(ranges) : ranges
  if (numbers.length === 0) return { query: null, terms: 0, exact: true }
  const indexed = isDate ? ranges.map(([low, high]): Range => [wholeSecond(low), wholeSecond(high)]) : numbers
  const wide = indexed.filter(([low, high]) => low !== high)
  if (wide.length > 0 && entry.options.fast) return null
  const points = indexed.filter(([low, high]) => low === high).map(([low]) => termForU64(low))
  const queries: Query[] = wide.map(([low, high]) => new RangeQuery(entry.ord, bound(low), bound(high)))
  if (points.length > 0) queries.push(new TermSetQuery(new Map([[entry.ord, points]])))
  const query = queries.length === 1 ? queries[0]! : new BooleanQuery({ should: queries })
  // An instant is a term without what is below its second.
  return { query, terms: points.length + wide.length, exact: !isDate }
}

/** NaN with a sign is indexed before all numbers, and is above them in SQL as each NaN is. */
function withNaN(ranges: readonly Range[]): Range[] {
  const numbers = ranges
    .filter(([, high]) => high >= LEAST_DOUBLE)
    .map(([low, high]): Range => [low < LEAST_DOUBLE ? LEAST_DOUBLE : low, high])
  return ranges[ranges.length - 1]?.[1] === U64_MAX ? [[0n, LEAST_DOUBLE - 1n], ...numbers] : numbers
}

/** What a mapped instant is in a term, cut towards zero. */
function wholeSecond(mapped: bigint): bigint {
  return new DataView(termForDate(BigInt.asIntN(64, mapped - SIGN)).buffer).getBigUint64(0)
}

function bound(value: bigint): { term: Uint8Array; inclusive: boolean } {
  return { term: termForU64(value), inclusive: true }
}

function byTexts(predicate: Expr, field: IndexedField): IndexedTerms | null {
  const texts = textsOf(predicate)
  if (texts === null) return null
  const terms: Uint8Array[] = []
  for (const text of texts) {
    const found = termOfText(text, field)
    if (found === 'unknown') return null
    if (found !== null) terms.push(found)
  }
  const query = terms.length === 0 ? null : new TermSetQuery(new Map([[field.entry.ord, terms]]))
  return { query, terms: terms.length, exact: true }
}

/** The term of the one value that reads as a text; null where none does. */
function termOfText(text: string, { entry, mapped }: IndexedField): Uint8Array | null | 'unknown' {
  if (entry.type === 'text') {
    const bytes = textTerm(text)
    return entry.options.tokenizer === 'raw' && bytes.length < LONG_TEXT ? bytes : 'unknown'
  }
  if (entry.type === 'ip_addr') {
    const address = ipFromText(text)
    if (address === null || ipToText(address) !== text) return null
    return termForIp(address)
  }
  if (text.length > LONG_BYTES) return 'unknown'
  const format = mapped.outputFormat ?? 'base64'
  const bytes = format === 'hex' ? bytesFromHex(text) : bytesFromBase64(text)
  return bytes === null || bytesToText(bytes, format) !== text ? null : bytes
}
