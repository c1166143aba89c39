import type { PositionsList } from '../postings/positions-list.ts'
import type { PostingsList } from '../postings/postings-list.ts'
import type { Bm25Weight } from './bm25.ts'
import { IntersectionScorer } from './intersection-scorer.ts'
import { countCommon, countWithSlop, intersectPositions, Positions, SlopPositions } from './phrase-matching.ts'
import { Scorer, TERMINATED } from './scorer.ts'
import { TermScorer } from './term-scorer.ts'

const NO_NORM = 1

/** A term of a phrase with its postings and positions. */
export interface PhraseTerm {
  readonly offset: number
  readonly postings: PostingsList
  readonly positions: PositionsList
}

/** Reads the positions of a term's current document. */
export class PositionedTerm {
  readonly scorer: TermScorer
  readonly offset: number
  readonly #positions: PositionsList

  constructor(term: PhraseTerm) {
    this.scorer = new TermScorer(term.postings, null, null)
    this.offset = term.offset
    this.#positions = term.positions
  }

  /** Writes the positions of the current document, shifted, to `out`. */
  read(shift: number, out: Positions): void {
    const freq = this.scorer.termFreq()
    this.#positions.checkCount(freq)
    out.reserve(freq)
    this.#positions.read(this.scorer.positionOffset(), freq, shift, out.data)
  }
}

/** Documents with a phrase; the score counts its occurrences. */
export class PhraseScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #terms: readonly PositionedTerm[]
  readonly #maxOffset: number
  readonly #slop: number
  readonly #norms: Uint8Array | null
  readonly #weight: Bm25Weight | null
  readonly #documents: IntersectionScorer
  readonly #left = new Positions()
  readonly #right = new Positions()
  readonly #carried = new SlopPositions()
  #phraseCount = 0

  /** `terms` has two or more. */
  constructor(terms: readonly PhraseTerm[], slop: number, norms: Uint8Array | null, weight: Bm25Weight | null) {
    super()
    // with slop the order counts: tantivy merges the rarest first
    const ordered = slop > 0 ? terms.toSorted((a, b) => a.postings.docFreq - b.postings.docFreq) : terms
    this.#terms = ordered.map((term) => new PositionedTerm(term))
    this.#maxOffset = Math.max(...terms.map((term) => term.offset))
    this.#slop = slop
    this.#norms = norms
    this.#weight = weight
    this.#documents = new IntersectionScorer(this.#terms.map((term) => term.scorer))
    this.sizeHint = Math.ceil(this.#documents.sizeHint / 10)
    this.doc = this.#next(this.#documents.doc)
  }

  advance(): number {
    this.doc = this.#next(this.#documents.advance())
    return this.doc
  }

  override seek(target: number): number {
    if (target > this.doc) this.doc = this.#next(this.#documents.seek(target))
    return this.doc
  }

  /** Occurrences in the current document. */
  get phraseCount(): number {
    return this.#phraseCount
  }

  score(): number {
    if (this.#weight === null) return 1
    return this.#weight.score(this.#norms === null ? NO_NORM : this.#norms[this.doc]!, this.#phraseCount)
  }

  /** Writes where the phrase stands in the current document, by the position of offset `at`, to `out`; exact only. */
  occurrences(at: number, out: Positions): void {
    const shift = at - this.#maxOffset
    this.#match()
    // #match leaves the last term out of #left
    intersectPositions(this.#left, this.#right)
    out.reserve(this.#left.length)
    for (let i = 0; i < this.#left.length; i += 1) out.data[i] = this.#left.data[i]! + shift
  }

  #next(from: number): number {
    let doc = from
    while (doc !== TERMINATED) {
      this.#phraseCount = this.#count()
      if (this.#phraseCount > 0) return doc
      doc = this.#documents.advance()
    }
    return doc
  }

  #count(): number {
    const terms = this.#terms
    if (this.#slop === 0) return this.#match() ? countCommon(this.#left, this.#right) : 0
    this.#read(0, this.#left)
    if (terms.length === 2) {
      this.#read(1, this.#right)
      return countWithSlop(this.#left, this.#right, this.#slop)
    }
    this.#carried.start(this.#left)
    let count = 0
    for (let k = 1; k < terms.length; k += 1) {
      this.#read(k, this.#right)
      count = this.#carried.merge(this.#right, this.#slop)
      if (this.#carried.positions.length === 0) return 0
    }
    return count
  }

  /** Leaves in #left what all terms but the last agree on and in #right the last term's; false if #left is empty. */
  #match(): boolean {
    const last = this.#terms.length - 1
    this.#read(0, this.#left)
    for (let k = 1; k < last; k += 1) {
      this.#read(k, this.#right)
      if (intersectPositions(this.#left, this.#right) === 0) return false
    }
    this.#read(last, this.#right)
    return true
  }

  #read(k: number, out: Positions): void {
    const term = this.#terms[k]!
    term.read(this.#maxOffset - term.offset, out)
  }
}
