import { BLOCK, type PostingsList } from '../postings/postings-list.ts'
import type { Bm25Weight } from './bm25.ts'
import { Scorer, TERMINATED } from './scorer.ts'

/** The norm code of fields without norms: every document counts as one token. */
const NO_NORM = 1

/** Walks the postings of one term, a block at a time; frequencies are decoded when a score asks for them. */
export class TermScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #postings: PostingsList
  readonly #norms: Uint8Array | null
  readonly #weight: Bm25Weight | null
  readonly #docs = new Uint32Array(BLOCK)
  readonly #freqs = new Uint32Array(BLOCK)
  #freqBlock = -1
  /** Positions in the block before each of its documents. */
  readonly #sums = new Float64Array(BLOCK)
  #sumBlock = -1
  #block = 0
  #length: number
  #at = 0

  constructor(postings: PostingsList, norms: Uint8Array | null, weight: Bm25Weight | null) {
    super()
    this.#postings = postings
    this.#norms = norms
    this.#weight = weight
    this.sizeHint = postings.docFreq
    this.#length = postings.readDocs(0, this.#docs)
    this.doc = this.#docs[0]!
  }

  advance(): number {
    this.#at += 1
    if (this.#at < this.#length) this.doc = this.#docs[this.#at]!
    else this.#load(this.#block + 1)
    return this.doc
  }

  override seek(target: number): number {
    if (target <= this.doc) return this.doc
    const block = this.#postings.blockOf(target, this.#block)
    if (block !== this.#block) {
      this.#load(block)
      if (this.doc >= target) return this.doc
    }
    const docs = this.#docs
    let low = this.#at
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if (docs[middle]! < target) low = middle + 1
      else high = middle
    }
    this.#at = low
    if (low < this.#length) this.doc = docs[low]!
    else this.#load(this.#block + 1)
    return this.doc
  }

  score(): number {
    if (this.#weight === null) return 1
    const norm = this.#norms === null ? NO_NORM : this.#norms[this.doc]!
    return this.#weight.score(norm, this.termFreq())
  }

  /** Occurrences in the current document; 1 where frequencies were not indexed. */
  termFreq(): number {
    if (this.#freqBlock !== this.#block) {
      this.#postings.readFreqs(this.#block, this.#freqs)
      this.#freqBlock = this.#block
    }
    return this.#freqs[this.#at]!
  }

  /** Number of positions of the term before those of the current document. */
  positionOffset(): number {
    if (this.#sumBlock !== this.#block) {
      this.termFreq()
      let sum = 0
      for (let i = 0; i < this.#length; i += 1) {
        this.#sums[i] = sum
        sum += this.#freqs[i]!
      }
      this.#sumBlock = this.#block
    }
    return this.#postings.positionsBefore[this.#block]! + this.#sums[this.#at]!
  }

  #load(block: number): void {
    this.#block = block
    this.#at = 0
    if (block >= this.#postings.numBlocks) {
      this.#length = 0
      this.doc = TERMINATED
      return
    }
    this.#length = this.#postings.readDocs(block, this.#docs)
    this.doc = this.#docs[0]!
  }
}
