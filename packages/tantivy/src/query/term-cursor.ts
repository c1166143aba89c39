import { BLOCK, type PostingsList } from '../postings/postings-list.ts'
import type { Bm25Weight } from './bm25.ts'
import type { ScoreBounds } from './score-bounds.ts'
import { TERMINATED } from './scorer.ts'

const { fround } = Math
/** The norm code of fields without norms: every document counts as one token. */
const NO_NORM = 1

/** Walks the postings of a term with bounds of its scores at hand: a block is decoded only when it is entered. */
export class TermCursor {
  readonly postings: PostingsList
  readonly bounds: ScoreBounds
  readonly norms: Uint8Array | null
  readonly weight: Bm25Weight
  /** The current document; TERMINATED at the end. */
  doc = -1
  /** Documents of the current block, and their scores after scoreBlock. */
  readonly docs: Uint32Array = new Uint32Array(BLOCK)
  readonly scores: Float32Array = new Float32Array(BLOCK)
  readonly #freqs = new Uint32Array(BLOCK)
  block = 0
  length = 0
  at = 0
  /** Last document that the current block's bound holds for. */
  last = -1
  #freqBlock = -1
  #boundBlock = 0

  constructor(postings: PostingsList, norms: Uint8Array | null, weight: Bm25Weight, bounds: ScoreBounds) {
    this.postings = postings
    this.norms = norms
    this.weight = weight
    this.bounds = bounds
    this.enter(0)
  }

  /** Decodes a block and stands on its first document. */
  enter(block: number): void {
    this.block = block
    this.at = 0
    if (block >= this.postings.numBlocks) {
      this.length = 0
      this.last = TERMINATED
      this.doc = TERMINATED
      return
    }
    this.last = this.lastOf(block)
    this.length = this.postings.readDocs(block, this.docs)
    this.doc = this.docs[0]!
  }

  advance(): void {
    this.at += 1
    if (this.at < this.length) this.doc = this.docs[this.at]!
    else this.enter(this.block + 1)
  }

  /** Moves to the first document that is not below `target`. */
  seek(target: number): number {
    if (target <= this.doc) return this.doc
    if (target > this.last) {
      this.enter(this.postings.blockOf(target, this.block))
      if (this.doc >= target) return this.doc
    }
    const low = gallop(this.docs, target, this.at + 1, this.length)
    this.at = low
    if (low < this.length) this.doc = this.docs[low]!
    else this.enter(this.block + 1)
    return this.doc
  }

  /** The block that would hold `target` or what follows it; numBlocks behind the last. Targets ascend. */
  blockAt(target: number): number {
    this.#boundBlock = this.postings.blockOf(target, this.#boundBlock)
    return this.#boundBlock
  }

  /** Bound of the scores of documents from `target` up to lastOf(blockAt(target)). Targets ascend. */
  boundAt(target: number): number {
    const block = this.blockAt(target)
    return block < this.postings.numBlocks ? this.bounds.blocks[block]! : 0
  }

  /** Last document that a block's bound holds for. */
  lastOf(block: number): number {
    return block < this.postings.numFullBlocks ? this.postings.lastDocs[block]! : TERMINATED - 1
  }

  /** The f32 score of the current document. */
  score(): number {
    if (this.#freqBlock !== this.block) this.#readFreqs()
    const freq = fround(this.#freqs[this.at]!)
    const code = this.norms === null ? NO_NORM : this.norms[this.doc]!
    return fround(this.weight.weight * fround(freq / fround(freq + this.weight.cache[code]!)))
  }

  /** Computes the scores of the current block to `scores`. */
  scoreBlock(): void {
    const { length, docs, scores, norms } = this
    const { weight, cache } = this.weight
    if (this.#freqBlock !== this.block) this.#readFreqs()
    const freqs = this.#freqs
    if (norms === null) {
      const length1 = cache[NO_NORM]!
      for (let i = 0; i < length; i += 1) {
        const freq = fround(freqs[i]!)
        scores[i] = fround(weight * fround(freq / fround(freq + length1)))
      }
    } else {
      for (let i = 0; i < length; i += 1) {
        const freq = fround(freqs[i]!)
        scores[i] = fround(weight * fround(freq / fround(freq + cache[norms[docs[i]!]!]!)))
      }
    }
  }

  #readFreqs(): void {
    this.postings.readFreqs(this.block, this.#freqs)
    this.#freqBlock = this.block
  }
}

/** Index of the first of docs[from, end) that is not below `target`; `end` if all are. */
function gallop(docs: Uint32Array, target: number, from: number, end: number): number {
  let low = from
  let step = 1
  while (low + step <= end && docs[low + step - 1]! < target) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step - 1, end)
  while (low < high) {
    const middle = (low + high) >> 1
    if (docs[middle]! < target) low = middle + 1
    else high = middle
  }
  return low
}
