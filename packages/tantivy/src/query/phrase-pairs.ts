import { phrasePair, type PositionedDocs } from '@volley/kernels'
import { BLOCK } from '../postings/postings-list.ts'
import type { PhraseTerm } from './phrase-scorer.ts'
import { TERMINATED } from './scorer.ts'

/** Blocks of either term that are decoded at a time. */
const BLOCKS = 64

/** Documents with a phrase, and its number of occurrences in each. */
export interface PhraseMatches {
  readonly docs: Uint32Array
  readonly freqs: Uint32Array
  readonly count: number
}

/** Documents of [start, end) with two terms at their offsets, a stretch of both posting lists at a time. */
export function* phrasePairs(
  left: PhraseTerm,
  right: PhraseTerm,
  start: number,
  end: number,
): Generator<PhraseMatches, void, undefined> {
  const distance = right.offset - left.offset
  const sides = [new Stretch(left), new Stretch(right)] as const
  const docs = new Uint32Array((BLOCKS + 1) * BLOCK)
  const freqs = new Uint32Array((BLOCKS + 1) * BLOCK)
  for (let at = start; at < end;) {
    const stop = Math.min(sides[0].lastFrom(at), sides[1].lastFrom(at), end - 1)
    if (stop < at) return
    const [a, b] = [sides[0].read(stop), sides[1].read(stop)]
    if (a === null || b === null) return
    const count = phrasePair(a, b, distance, at, stop, docs, freqs)
    if (count > 0) yield { docs, freqs, count }
    at = stop + 1
  }
}

/** Some blocks of a term in a row, decoded. */
class Stretch {
  readonly #term: PhraseTerm
  readonly #docs = new Uint32Array(BLOCKS * BLOCK)
  readonly #freqs = new Uint32Array(BLOCKS * BLOCK)
  #block = 0

  constructor(term: PhraseTerm) {
    this.#term = term
  }

  /** Moves to the block of a document; returns the last document that BLOCKS blocks from there reach. */
  lastFrom(doc: number): number {
    const { postings } = this.#term
    this.#block = postings.blockOf(doc, this.#block)
    if (this.#block >= postings.numBlocks) return -1
    const last = this.#block + BLOCKS - 1
    return last < postings.numFullBlocks ? postings.lastDocs[last]! : TERMINATED - 1
  }

  /** Decodes the blocks up to that of `stop`; null if there is none. */
  read(stop: number): PositionedDocs | null {
    const { postings, positions } = this.#term
    const from = this.#block
    const to = Math.min(postings.blockOf(stop, from), postings.numBlocks - 1) + 1
    if (from >= to) return null
    const count = postings.readDocBlocks(from, to, this.#docs)
    postings.readFreqBlocks(from, to, this.#freqs)
    let total = 0
    for (let i = 0; i < count; i += 1) total += this.#freqs[i]!
    const before = postings.positionsBefore[from]!
    if (to <= postings.numFullBlocks) positions.checkTotal(total, postings.positionsBefore[to]! - before)
    positions.checkCount(total)
    return { docs: this.#docs, freqs: this.#freqs, count, positions: positions.deltas(before, before + total) }
  }
}
