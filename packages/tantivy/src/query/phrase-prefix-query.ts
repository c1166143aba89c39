import { prefixEnd } from '../bytes/compare.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import { entryOf, type TermEntry } from '../term-dictionary/term-dictionary.ts'
import type { Bm25Weight } from './bm25.ts'
import { formatTerm } from './format-term.ts'
import { countCommon, Positions } from './phrase-matching.ts'
import { openPhraseTerm, openPhraseTerms, phraseWeight } from './phrase-query.ts'
import { type PhraseTerm, PhraseScorer, PositionedTerm } from './phrase-scorer.ts'
import { PreparedEmpty } from './prepared-sets.ts'
import { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { Scorer, TERMINATED } from './scorer.ts'

/** Documents with a phrase whose last term is only begun. */
export class PhrasePrefixQuery implements Query {
  readonly kind = 'PhrasePrefix'
  readonly field: number
  readonly terms: readonly Uint8Array[]
  readonly offsets: readonly number[]
  readonly prefix: Uint8Array
  readonly prefixOffset: number
  /** Number of terms with the prefix that are tried, in each segment. */
  readonly maxExpansions: number

  constructor(
    field: number,
    terms: readonly Uint8Array[],
    offsets: readonly number[],
    prefix: Uint8Array,
    prefixOffset: number,
    maxExpansions: number = 50,
  ) {
    if (terms.length < 1) throw new RangeError('a phrase needs a term before its prefix')
    this.field = field
    this.terms = terms
    this.offsets = offsets
    this.prefix = prefix
    this.prefixOffset = prefixOffset
    this.maxExpansions = maxExpansions
  }

  visitTerms(visit: (field: number, term: Uint8Array) => void): void {
    for (const term of this.terms) visit(this.field, term)
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const { signal } = context
    const terms = await openPhraseTerms(segment, this.field, this.terms, this.offsets, signal)
    const index = await segment.invertedIndex(this.field)
    if (terms === null || index === null) return new PreparedEmpty()
    const end = prefixEnd(this.prefix)
    const entries: TermEntry[] = []
    const range = index.terms.range(
      { term: this.prefix, inclusive: true },
      end === null ? null : { term: end, inclusive: false },
      signal,
    )
    for await (const batch of range) {
      for (let k = 0; k < batch.count && entries.length < this.maxExpansions; k += 1) entries.push(entryOf(batch, k))
      if (entries.length >= this.maxExpansions) break
    }
    const suffixes = await Promise.all(entries.map((entry) => openPhraseTerm(index, entry, this.prefixOffset, signal)))
    const norms = context.scoring ? await segment.fieldNorms(this.field) : null
    return new PreparedPhrasePrefix(terms, suffixes, norms, phraseWeight(this.field, this.terms, context))
  }

  toString(): string {
    const terms = this.terms.map((term, k) => `${this.offsets[k]}=${formatTerm(this.field, term)}`)
    return `phrase(${terms.join(', ')}, ${this.prefixOffset}=${formatTerm(this.field, this.prefix)}*)`
  }
}

class PreparedPhrasePrefix extends PreparedQuery {
  readonly #terms: readonly PhraseTerm[]
  readonly #suffixes: readonly PhraseTerm[]
  readonly #norms: Uint8Array | null
  readonly #weight: Bm25Weight | null

  constructor(
    terms: readonly PhraseTerm[],
    suffixes: readonly PhraseTerm[],
    norms: Uint8Array | null,
    weight: Bm25Weight | null,
  ) {
    super()
    this.#terms = terms
    this.#suffixes = suffixes
    this.#norms = norms
    this.#weight = weight
  }

  scorer(): Scorer {
    return new PhrasePrefixScorer(this.#terms, this.#suffixes, this.#norms, this.#weight)
  }
}

/** Scores as the phrase before the prefix does; 1 if that is a single term. */
class PhrasePrefixScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #phrase: PhraseScorer | null
  readonly #single: PositionedTerm | null
  readonly #suffixes: readonly PositionedTerm[]
  readonly #starts = new Positions()
  readonly #ends = new Positions()

  constructor(
    terms: readonly PhraseTerm[],
    suffixes: readonly PhraseTerm[],
    norms: Uint8Array | null,
    weight: Bm25Weight | null,
  ) {
    super()
    this.#phrase = terms.length > 1 ? new PhraseScorer(terms, 0, norms, weight) : null
    this.#single = terms.length > 1 ? null : new PositionedTerm(terms[0]!)
    this.#suffixes = suffixes.map((suffix) => new PositionedTerm(suffix))
    this.sizeHint = this.#documents.sizeHint
    this.doc = this.#next(this.#documents.doc)
  }

  get #documents(): Scorer {
    return this.#phrase ?? this.#single!.scorer
  }

  advance(): number {
    this.doc = this.#next(this.#documents.advance())
    return this.doc
  }

  override seek(target: number): number {
    if (target > this.doc) this.doc = this.#next(this.#documents.seek(target))
    return this.doc
  }

  score(): number {
    return this.#phrase === null ? 1 : this.#phrase.score()
  }

  #next(from: number): number {
    let doc = from
    while (doc !== TERMINATED && !this.#matches(doc)) doc = this.#documents.advance()
    return doc
  }

  #matches(doc: number): boolean {
    if (this.#suffixes.length === 0) return false
    const at = this.#suffixes[0]!.offset
    if (this.#phrase !== null) this.#phrase.occurrences(at, this.#starts)
    else this.#single!.read(at - this.#single!.offset, this.#starts)
    for (const suffix of this.#suffixes) {
      if (suffix.scorer.seek(doc) !== doc) continue
      suffix.read(0, this.#ends)
      if (countCommon(this.#starts, this.#ends) > 0) return true
    }
    return false
  }
}
