import { DocBuffer } from '../columnar/column-rows.ts'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import type { TermEntry } from '../term-dictionary/term-dictionary.ts'
import type { FieldIndex } from '../segment/field-index.ts'
import { UnsupportedIndexError } from '../errors.ts'
import { Bm25Weight, idf } from './bm25.ts'
import { type Explanation, leaf } from './explanation.ts'
import { formatTerm } from './format-term.ts'
import { phrasePairs } from './phrase-pairs.ts'
import { type PhraseTerm, PhraseScorer } from './phrase-scorer.ts'
import { PreparedEmpty } from './prepared-sets.ts'
import { ALL_DOCS, type DocSpan, PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'
import { type Scorer, TERMINATED } from './scorer.ts'
import type { TopScores } from './top-scores.ts'

/** Documents with terms at given offsets from each other, or at most `slop` positions off. */
export class PhraseQuery implements Query {
  readonly kind = 'Phrase'
  readonly field: number
  readonly terms: readonly Uint8Array[]
  readonly offsets: readonly number[]
  readonly slop: number

  /** Two terms or more; offsets default to 0, 1, 2, ... */
  constructor(
    field: number,
    terms: readonly Uint8Array[],
    offsets: readonly number[] = terms.map((_, k) => k),
    slop: number = 0,
  ) {
    if (terms.length < 2) throw new RangeError('a phrase needs two terms or more')
    if (offsets.length !== terms.length) throw new RangeError('a phrase needs an offset for each term')
    this.field = field
    this.terms = terms
    this.offsets = offsets
    this.slop = slop
  }

  visitTerms(visit: (field: number, term: Uint8Array) => void): void {
    for (const term of this.terms) visit(this.field, term)
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const terms = await openPhraseTerms(segment, this.field, this.terms, this.offsets, context.signal)
    if (terms === null) return new PreparedEmpty()
    const norms = context.scoring ? await segment.fieldNorms(this.field) : null
    return new PreparedPhrase(terms, this.slop, norms, phraseWeight(this.field, this.terms, context))
  }

  /** The weight of the phrase; none of its documents lacks a term. */
  maxScore(statistics: ScoreStatistics, boost: number): number {
    if (this.terms.some((term) => statistics.docFreq(this.field, term) === 0)) return -Infinity
    return Math.max(0, weightOf(this.field, this.terms, statistics, boost).weight)
  }

  toString(): string {
    const terms = this.terms.map((term, k) => `${this.offsets[k]}=${formatTerm(this.field, term)}`)
    return `phrase(${terms.join(', ')})${this.slop > 0 ? `~${this.slop}` : ''}`
  }
}

/** Reads postings and positions of the terms of a phrase; null if one is not in the segment. */
export async function openPhraseTerms(
  segment: SegmentReader,
  field: number,
  terms: readonly Uint8Array[],
  offsets: readonly number[],
  signal: AbortSignal | undefined,
): Promise<PhraseTerm[] | null> {
  const index = await segment.invertedIndex(field)
  if (index === null) return null
  const entries = await index.terms.getMany(terms, signal)
  if (entries.some((entry) => entry === null)) return null
  return Promise.all(entries.map((entry, k) => openPhraseTerm(index, entry!, offsets[k]!, signal)))
}

/** Reads postings and positions of one term; throws UnsupportedIndexError where positions were not indexed. */
export async function openPhraseTerm(
  index: FieldIndex,
  entry: TermEntry,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<PhraseTerm> {
  if (index.record !== 'position') {
    throw new UnsupportedIndexError(`field ${index.field.name} is indexed without positions, which a phrase needs`)
  }
  const [postings, positions] = await Promise.all([
    index.postings(entry.info, signal),
    index.positions(entry.info, signal),
  ])
  if (postings.record !== 'position') {
    throw new UnsupportedIndexError(`a term of field ${index.field.name} has no positions, which a phrase needs`)
  }
  return { offset, postings, positions }
}

/** The weight of a phrase: the sum of its terms' inverse document frequencies. */
export function phraseWeight(field: number, terms: readonly Uint8Array[], context: PrepareContext): Bm25Weight | null {
  const { scoring, statistics, boost } = context
  return !scoring || statistics === null ? null : weightOf(field, terms, statistics, boost)
}

function weightOf(field: number, terms: readonly Uint8Array[], statistics: ScoreStatistics, boost: number): Bm25Weight {
  const { numDocs } = statistics
  let sum = 0
  for (const term of terms) sum = Math.fround(sum + idf(statistics.docFreq(field, term), numDocs))
  return new Bm25Weight(sum, statistics.totalNumTokens(field), numDocs, boost)
}

/** The norm code of fields without norms. */
const NO_NORM = 1
/** If one term is more times as frequent as the other than this, it is sought in. */
const MAX_SKEW = 64

class PreparedPhrase extends PreparedQuery {
  readonly #terms: readonly PhraseTerm[]
  readonly #slop: number
  readonly #norms: Uint8Array | null
  readonly #weight: Bm25Weight | null

  constructor(terms: readonly PhraseTerm[], slop: number, norms: Uint8Array | null, weight: Bm25Weight | null) {
    super()
    this.#terms = terms
    this.#slop = slop
    this.#norms = norms
    this.#weight = weight
  }

  /** A tenth of the documents of its rarest term. */
  override get sizeHint(): number {
    return Math.ceil(Math.min(...this.#terms.map((term) => term.postings.docFreq)) / 10)
  }

  scorer(): Scorer {
    return new PhraseScorer(this.#terms, this.#slop, this.#norms, this.#weight)
  }

  override docs(start: number, end: number): Uint32Array {
    const pair = this.#pair()
    if (pair === null) return super.docs(start, end)
    const out = new DocBuffer()
    for (const { docs, count } of phrasePairs(...pair, start, end)) out.pushAll(docs, count)
    return out.finish()
  }

  override count(): number {
    const pair = this.#pair()
    if (pair === null) return super.count()
    let total = 0
    for (const { count } of phrasePairs(...pair, 0, TERMINATED)) total += count
    return total
  }

  override collectTop(top: TopScores, alive: AliveBitset | null, span: DocSpan = ALL_DOCS): void {
    const pair = this.#pair()
    const weight = this.#weight
    if (pair === null || weight === null) {
      super.collectTop(top, alive, span)
      return
    }
    for (const { docs, freqs, count } of phrasePairs(...pair, span.start, span.end)) {
      for (let i = 0; i < count; i += 1) {
        const doc = docs[i]!
        if (alive !== null && !alive.isAlive(doc)) continue
        top.offer(doc, weight.score(this.#norms === null ? NO_NORM : this.#norms[doc]!, freqs[i]!))
        top.scored += 1
      }
    }
  }

  override explain(doc: number): Explanation | null {
    const scorer = new PhraseScorer(this.#terms, this.#slop, this.#norms, this.#weight)
    if (scorer.seek(doc) !== doc) return null
    if (this.#weight === null) return leaf('Const', 1)
    const norm = this.#norms === null ? NO_NORM : this.#norms[doc]!
    const details = [this.#weight.explain(norm, scorer.phraseCount, null)]
    return { description: 'Phrase Scorer', value: scorer.score(), details }
  }

  /** Two terms next to each other that are about as frequent are matched stretch by stretch. */
  #pair(): readonly [PhraseTerm, PhraseTerm] | null {
    const [left, right] = this.#terms
    if (this.#terms.length !== 2 || this.#slop !== 0 || left === undefined || right === undefined) return null
    const [a, b] = [left.postings.docFreq, right.postings.docFreq]
    return Math.max(a, b) > MAX_SKEW * Math.min(a, b) ? null : [left, right]
  }
}
