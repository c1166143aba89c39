import { collectDocs } from './collect-docs.ts'
import type { DocBits } from '@volley/kernels'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import { type Explanation, leaf } from './explanation.ts'
import { type Scorer, TERMINATED } from './scorer.ts'
import type { TopScores } from './top-scores.ts'

/** Documents `start` to `end` (exclusive) of a segment. */
export interface DocSpan {
  readonly start: number
  readonly end: number
}

export const ALL_DOCS: DocSpan = { start: 0, end: TERMINATED }

/** A query on a segment with all its bytes at hand: everything from here on is synchronous. */
export abstract class PreparedQuery {
  abstract scorer(): Scorer

  /** An estimate of the number of matching documents. */
  get sizeHint(): number {
    return this.scorer().sizeHint
  }

  /** Matching documents of [start, end) in ascending order, deleted ones included. */
  docs(start: number, end: number): Uint32Array {
    return collectDocs(this.scorer(), start, end)
  }

  /** Adds the matching documents of [start, end) to a set, and perhaps others that match. */
  addTo(bits: DocBits, start: number, end: number): void {
    bits.add(this.docs(start, end))
  }

  /** Number of matching documents that are in a set of documents of [start, end). */
  countIn(bits: DocBits, start: number, end: number): number {
    return bits.countKept(this.docs(start, end))
  }

  /** Number of matching documents, deleted ones included. */
  count(): number {
    return this.docs(0, TERMINATED).length
  }

  /**
   * Offers live documents to `top`: all of the span that may enter it, in ascending order. Those that are behind what as many
   * documents of the segment reach as `top` holds may be left out.
   */
  collectTop(top: TopScores, alive: AliveBitset | null, { start, end }: DocSpan = ALL_DOCS): void {
    const scorer = this.scorer()
    let scored = 0
    for (let doc = scorer.doc < start ? scorer.seek(start) : scorer.doc; doc < end; doc = scorer.advance()) {
      if (alive !== null && !alive.isAlive(doc)) continue
      scored += 1
      top.offer(doc, scorer.score())
    }
    top.scored += scored
  }

  /** Why a document scores as it does; null if it does not match. */
  explain(doc: number): Explanation | null {
    const scorer = this.scorer()
    if (scorer.seek(doc) !== doc) return null
    return leaf('Const', scorer.score())
  }
}
