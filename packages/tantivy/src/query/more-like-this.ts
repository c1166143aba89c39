import type { Index } from '../segment/open-index.ts'
import type { FieldEntry } from '../schema/index-schema.ts'
import type { StoredValue } from '../store/stored-value.ts'
import { termForDate, termForF64, termForI64, termForText, termForU64 } from '../terms.ts'
import { idf } from './bm25.ts'
import { BooleanQuery } from './boolean-query.ts'
import { BoostQuery } from './boost-query.ts'
import { termKey } from './format-term.ts'
import { compareBytes } from '../bytes/compare.ts'
import type { Query } from './query.ts'
import { TermQuery } from './term-query.ts'

/** Which terms of a document count. Defaults are tantivy's. */
export interface MoreLikeThisOptions {
  /** Fewest documents with the term; 5. */
  readonly minDocFrequency?: number
  readonly maxDocFrequency?: number
  /** Fewest times that the term is in the document; 2. */
  readonly minTermFrequency?: number
  /** 25; one more is taken, as by tantivy. */
  readonly maxQueryTerms?: number
  /** Bytes of a term. */
  readonly minWordLength?: number
  readonly maxWordLength?: number
  /** 1; null: terms are not weighted. */
  readonly boostFactor?: number | null
  readonly stopWords?: readonly string[]
  readonly signal?: AbortSignal
}

/** A stored document by its address, or values by field. */
export type MoreLikeThisTarget =
  | { readonly segment: number; readonly doc: number }
  | { readonly values: ReadonlyMap<number, readonly StoredValue[]> }

interface CountedTerm {
  readonly field: number
  readonly term: Uint8Array
  count: number
  score: number
}

/**
 * A query for documents with the telling terms of a document: those with the highest product of frequency in it and
 * inverse document frequency, each weighted by that.
 *
 * @throws RangeError for a document without stored values.
 */
export async function moreLikeThis(
  index: Index,
  target: MoreLikeThisTarget,
  options: MoreLikeThisOptions = {},
): Promise<BooleanQuery> {
  const values = 'values' in target ? target.values : await storedValues(index, target.segment, target.doc)
  if (values.size === 0) throw new RangeError('no stored values to find documents like')
  const terms = new Map<string, CountedTerm>()
  for (const [ord, list] of values) countTerms(index, index.schema.fields[ord]!, list, options, terms)
  const { minTermFrequency = 2, maxQueryTerms = 25, boostFactor = 1 } = options
  const frequent = [...terms.values()].filter(({ count }) => count >= minTermFrequency)
  const best = (await scoreTerms(index, frequent, options)).slice(0, maxQueryTerms + 1)
  const most = best[0]?.score ?? 1
  return new BooleanQuery({
    should: best.map(({ field, term, score }): Query => {
      const query = new TermQuery(field, term)
      return boostFactor === null
        ? query
        : new BoostQuery(query, Math.fround(Math.fround(score * Math.fround(boostFactor)) / most))
    }),
  })
}

async function storedValues(index: Index, ord: number, doc: number): Promise<Map<number, StoredValue[]>> {
  const segment = index.segments[ord]
  if (segment === undefined || !(doc >= 0 && doc < segment.maxDoc)) throw new RangeError(`no document ${ord}.${doc}`)
  const store = await segment.store()
  await store.warm(Uint32Array.of(doc))
  const values = new Map<number, StoredValue[]>()
  for (const [field, value] of store.document(doc)) {
    const list = values.get(field)
    if (list === undefined) values.set(field, [value])
    else list.push(value)
  }
  return values
}

function countTerms(
  index: Index,
  field: FieldEntry,
  values: readonly StoredValue[],
  options: MoreLikeThisOptions,
  terms: Map<string, CountedTerm>,
): void {
  if (field.options.record === null) return
  const add = (term: Uint8Array): void => {
    const key = termKey(field.ord, term)
    const known = terms.get(key)
    if (known === undefined) terms.set(key, { field: field.ord, term, count: 1, score: 0 })
    else known.count += 1
  }
  const addWord = (text: string, term: Uint8Array): void => {
    if (!isNoise(text, options)) add(term)
  }
  const tokenizer = field.type === 'text' ? index.tokenizers.get(field.options.tokenizer ?? 'default') : undefined
  for (const value of values) {
    if (field.type === 'text' && value.type === 'str') {
      for (const { text } of tokenizer?.tokenize(value.value) ?? []) addWord(text, termForText(text))
    } else if (field.type === 'text' && value.type === 'pretokenized') {
      for (const { text } of value.tokens) addWord(text, termForText(text))
    } else if (field.type === 'u64' && value.type === 'u64') addWord(String(value.value), termForU64(value.value))
    else if (field.type === 'i64' && value.type === 'i64') addWord(String(value.value), termForI64(value.value))
    else if (field.type === 'f64' && value.type === 'f64') addWord(String(value.value), termForF64(value.value))
    else if (field.type === 'date' && value.type === 'date') add(termForDate(value.value))
  }
}

function isNoise(text: string, options: MoreLikeThisOptions): boolean {
  const { minWordLength = 0, maxWordLength = Infinity, stopWords = [] } = options
  const { length } = new TextEncoder().encode(text)
  return length === 0 || length < minWordLength || length > maxWordLength || stopWords.includes(text)
}

/** Scores terms and drops those in too few or too many documents; best first. */
async function scoreTerms(
  index: Index,
  terms: readonly CountedTerm[],
  options: MoreLikeThisOptions,
): Promise<CountedTerm[]> {
  const { minDocFrequency = 5, maxDocFrequency = Infinity, signal } = options
  let numDocs = 0
  for (const segment of index.segments) numDocs += segment.numDocs
  const scored: CountedTerm[] = []
  for (const entry of terms) {
    const frequencies = await Promise.all(
      index.segments.map(async (segment) => {
        const inverted = await segment.invertedIndex(entry.field)
        return (await inverted?.terms.get(entry.term, signal))?.info.docFreq ?? 0
      }),
    )
    const docFreq = frequencies.reduce((sum, frequency) => sum + frequency, 0)
    if (docFreq === 0 || docFreq < minDocFrequency || docFreq > maxDocFrequency) continue
    scored.push({ ...entry, score: Math.fround(entry.count * idf(docFreq, numDocs)) })
  }
  return scored.sort((a, b) => b.score - a.score || a.field - b.field || compareBytes(a.term, b.term))
}
