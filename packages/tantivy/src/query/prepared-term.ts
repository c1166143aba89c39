import type { DocBits } from '@volley/kernels'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import { BLOCK, type PostingsList } from '../postings/postings-list.ts'
import type { Bm25Weight } from './bm25.ts'
import { collectUnionTop } from './max-score.ts'
import { PreparedQuery } from './prepared-query.ts'
import type { Scorer } from './scorer.ts'
import { scoreBounds } from './score-bounds.ts'
import { TermCursor } from './term-cursor.ts'
import type { TopScores } from './top-scores.ts'
import { gallop } from './simple-scorers.ts'
import { TermScorer } from './term-scorer.ts'

/** A term of one segment with its postings. */
export class PreparedTerm extends PreparedQuery {
  readonly #postings: PostingsList
  readonly #norms: Uint8Array | null
  readonly #weight: Bm25Weight | null
  readonly #segmentAverage: number

  /** `segmentAverage` is the f32 average length of the field in the segment. */
  constructor(postings: PostingsList, norms: Uint8Array | null, weight: Bm25Weight | null, segmentAverage: number) {
    super()
    this.#segmentAverage = segmentAverage
    this.#postings = postings
    this.#norms = norms
    this.#weight = weight
  }

  scorer(): Scorer {
    return new TermScorer(this.#postings, this.#norms, this.#weight)
  }

  override get sizeHint(): number {
    return this.#postings.docFreq
  }

  override docs(start: number, end: number): Uint32Array {
    return docsOf(this.#postings, start, end)
  }

  /** A cursor with bounds of the scores; null where there are none. */
  cursor(): TermCursor | null {
    if (this.#weight === null) return null
    const bounds = scoreBounds(this.#postings, this.#norms, this.#weight, this.#segmentAverage)
    return bounds === null ? null : new TermCursor(this.#postings, this.#norms, this.#weight, bounds)
  }

  override collectTop(top: TopScores, alive: AliveBitset | null): void {
    const cursor = this.cursor()
    if (cursor === null) super.collectTop(top, alive)
    else collectUnionTop([cursor], { alive, excluded: null }, top)
  }

  override addTo(bits: DocBits, start: number, end: number): void {
    if (start >= end) return
    const first = this.#postings.blockOf(start, 0)
    if (first >= this.#postings.numBlocks) return
    const last = Math.min(this.#postings.blockOf(end - 1, first), this.#postings.numBlocks - 1)
    this.#postings.addDocBlocks(first, last + 1, bits)
  }

  override count(): number {
    return this.#postings.docFreq
  }
}

/** The documents of [start, end) in a posting list, decoded block by block to one array. */
export function docsOf(postings: PostingsList, start: number, end: number): Uint32Array {
  if (start >= end) return new Uint32Array(0)
  const first = postings.blockOf(start, 0)
  if (first >= postings.numBlocks) return new Uint32Array(0)
  const last = Math.min(postings.blockOf(end - 1, first), postings.numBlocks - 1)
  const out = new Uint32Array((last - first + 1) * BLOCK)
  const count = postings.readDocBlocks(first, last + 1, out)
  const docs = out.subarray(0, count)
  const from = gallop(docs, start, 0)
  let to = count
  while (to > from && docs[to - 1]! >= end) to -= 1
  return docs.subarray(from, to)
}
