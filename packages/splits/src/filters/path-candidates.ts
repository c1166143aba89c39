import {
  mapF64,
  mapI64,
  TermSetQuery,
  type BytesColumn,
  type NumericColumn,
  type Query,
  type SegmentReader,
} from '@volley/tantivy'
import { jsonTerm } from '../query-language/terms.ts'
import { union } from './doc-lists.ts'
import { LONG_TEXT } from './indexed-values.ts'

/** Texts of this many characters may have as many bytes as are in no column. */
const LONG = LONG_TEXT / 3
/** How numbers are written in JSON, by those who read documents. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/
const WHOLE = /^-?\d+$/
const ABOVE_I64 = 1n << 63n
const ABOVE_U64 = 1n << 64n
const encoder = new TextEncoder()

type FindDocs = (start: number, end: number) => Uint32Array

/**
 * Documents of a segment that may have one of some texts at a JSON path, whose columns are called `name`; null where the
 * columns do not say. What reads as such a text is the string itself, or a number or boolean that is written so: each is in
 * the column of its type, and numbers are in one that holds them all, as doubles where one is a double. An array, an object
 * and null read as other texts; a string that is a time is in another column, and a long one in none. So a document with
 * another value in each column has none of the texts. The others are to be read: an array of one value has its columns.
 */
export async function pathCandidates(
  segment: SegmentReader,
  name: string,
  texts: readonly string[],
): Promise<FindDocs | null> {
  if (!texts.every((text) => text.length < LONG && (isPlain(text) || NUMBER.test(text)))) return null
  const parts: FindDocs[] = []
  for (const entry of await segment.columnsOf(name)) {
    const { type } = entry
    if (type === 'str') {
      const column = (await segment.openColumn(entry)) as BytesColumn
      for (const text of texts) {
        const ordinal = await column.dictionary.ordOf(encoder.encode(text))
        if (ordinal >= 0) parts.push((start, end) => column.docsInRange(ordinal, ordinal, start, end))
      }
      continue
    }
    const values = new Set(texts.flatMap((text) => valuesOf(text, type)))
    if (values.size === 0) continue
    const column = (await segment.openColumn(entry)) as NumericColumn
    for (const value of values) parts.push((start, end) => column.docsInRange(value, value, start, end))
  }
  return (start, end) => parts.reduce<Uint32Array>((docs, find) => union(docs, find(start, end)), new Uint32Array(0))
}

/**
 * The same by the terms of an indexed JSON field whose text is untouched, each behind `prefix`; null where a text may be
 * written of another value than a string.
 */
export function pathTerms(field: number, prefix: Uint8Array, texts: readonly string[]): Query | null {
  if (!texts.every((text) => text.length < LONG && isPlain(text) && text !== 'true' && text !== 'false')) return null
  return new TermSetQuery(new Map([[field, texts.map((text) => jsonTerm(prefix, encoder.encode(text)))]]))
}

/** The values of a column of numbers or booleans that are written so, in its order-preserving form. */
function valuesOf(text: string, type: string): bigint[] {
  if (type === 'bool') return text === 'true' ? [1n] : text === 'false' ? [0n] : []
  if (!NUMBER.test(text)) return []
  if (type === 'f64') return [mapF64(Number(text))]
  if (!WHOLE.test(text)) return []
  const value = BigInt(text)
  if (type === 'i64') return value >= -ABOVE_I64 && value < ABOVE_I64 ? [mapI64(value)] : []
  if (type === 'u64') return value >= 0n && value < ABOVE_U64 ? [value] : []
  return []
}

/** Whether no number, time, array or object reads as this text; a double that is no number reads as null. */
function isPlain(text: string): boolean {
  return /^[^\d\s+\-.[{"]/.test(text) && text !== 'null'
}
