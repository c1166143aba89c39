import type { DocBits } from '@volley/kernels'
import type { AliveBitset } from '../segment/alive-bitset.ts'
import { BLOCK, type PostingsList } from '../postings/postings-list.ts'
import type { Bm25Weight } from './bm25.ts'
import { type Explanation, leaf } from './explanation.ts'
import { collectUnionTop } from './max-score.ts'
import { ALL_DOCS, type DocSpan, PreparedQuery } from './prepared-query.ts'
import type { Scorer } from './scorer.ts'
import { scoreBounds } from './score-bounds.ts'
import { TermCursor } from './term-cursor.ts'
import type { TopScores } from './top-scores.ts'
import { gallop } from './simple-scorers.ts'
import { TermScorer } from './term-scorer.ts'

/** The norm code of fields without norms: every document counts as one token. */
const NO_NORM = 1

/** A term of one segment with its postings. */
export class PreparedTerm extends PreparedQuery {
  readonly #postings: PostingsList
  readonly #norms: Uint8Array | null
  readonly #weight: Bm25Weight | null
  readonly #segmentAverage: number
  readonly #term: string
  readonly #counts: { readonly docFreq: number; readonly numDocs: number } | null

  /**
   * `segmentAverage` is the f32 average length of the field in the segment; `term` and `counts` are for explanations.
   */
  constructor(
    postings: PostingsList,
    norms: Uint8Array | null,
    weight: Bm25Weight | null,
    segmentAverage: number,
    term: string,
    counts: { readonly docFreq: number; readonly numDocs: number } | null,
  ) {
    super()
    this.#term = term
    this.#counts = counts
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

  override collectTop(top: TopScores, alive: AliveBitset | null, span: DocSpan = ALL_DOCS): void {
    const cursor = this.cursor()
    if (cursor === null) super.collectTop(top, alive, span)
    else collectUnionTop([cursor], { alive, excluded: null, ...span }, top)
  }

  override addTo(bits: DocBits, start: number, end: number): void {
    const [from, to] = this.#blocks(start, end)
    if (from < to) this.#postings.addDocBlocks(from, to, bits)
  }

  override countIn(bits: DocBits, start: number, end: number): number {
    const [from, to] = this.#blocks(start, end)
    return from < to ? this.#postings.countDocBlocks(from, to, bits) : 0
  }

  /** The blocks that documents of [start, end) are in. */
  #blocks(start: number, end: number): readonly [number, number] {
    if (start >= end) return [0, 0]
    const { numBlocks } = this.#postings
    const first = this.#postings.blockOf(start, 0)
    return first >= numBlocks ? [0, 0] : [first, Math.min(this.#postings.blockOf(end - 1, first), numBlocks - 1) + 1]
  }

  override explain(doc: number): Explanation | null {
    const scorer = new TermScorer(this.#postings, this.#norms, this.#weight)
    if (scorer.seek(doc) !== doc) return null
    if (this.#weight === null) return leaf('Const', 1)
    const norm = this.#norms === null ? NO_NORM : this.#norms[doc]!
    return { ...this.#weight.explain(norm, scorer.termFreq(), this.#counts), context: `Term=${this.#term}` }
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
