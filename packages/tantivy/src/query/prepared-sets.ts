import type { AliveBitset } from '../segment/alive-bitset.ts'
import { ALL_DOCS, type DocSpan, PreparedQuery } from './prepared-query.ts'
import type { Scorer } from './scorer.ts'
import type { TopScores } from './top-scores.ts'
import { AllScorer, DocListScorer, EmptyScorer, gallop } from './simple-scorers.ts'

/** No document. */
export class PreparedEmpty extends PreparedQuery {
  scorer(): Scorer {
    return new EmptyScorer()
  }

  override docs(): Uint32Array {
    return new Uint32Array(0)
  }
}

/** All documents. */
export class PreparedAll extends PreparedQuery {
  readonly #maxDoc: number
  readonly #score: number

  constructor(maxDoc: number, score: number) {
    super()
    this.#maxDoc = maxDoc
    this.#score = score
  }

  scorer(): Scorer {
    return new AllScorer(this.#maxDoc, this.#score)
  }

  override get sizeHint(): number {
    return this.#maxDoc
  }

  override docs(start: number, end: number): Uint32Array {
    const stop = Math.min(end, this.#maxDoc)
    const out = new Uint32Array(Math.max(0, stop - start))
    for (let i = 0; i < out.length; i += 1) out[i] = start + i
    return out
  }

  override count(): number {
    return this.#maxDoc
  }

  override collectTop(top: TopScores, alive: AliveBitset | null, { start, end }: DocSpan = ALL_DOCS): void {
    const stop = Math.min(end, this.#maxDoc)
    for (let doc = start; doc < stop && this.#score > top.threshold; doc += 1) {
      if (alive === null || alive.isAlive(doc)) top.offer(doc, this.#score)
    }
  }
}

/** An ascending list of documents, with one score. */
export class PreparedDocs extends PreparedQuery {
  readonly #docs: Uint32Array
  readonly #score: number

  constructor(docs: Uint32Array, score: number) {
    super()
    this.#docs = docs
    this.#score = score
  }

  scorer(): Scorer {
    return new DocListScorer(this.#docs, this.#score)
  }

  override get sizeHint(): number {
    return this.#docs.length
  }

  override docs(start: number, end: number): Uint32Array {
    const from = gallop(this.#docs, start, 0)
    return this.#docs.slice(from, gallop(this.#docs, end, from))
  }

  override count(): number {
    return this.#docs.length
  }

  /** All score the same, so the first ones are the best. */
  override collectTop(top: TopScores, alive: AliveBitset | null, { start, end }: DocSpan = ALL_DOCS): void {
    const docs = this.#docs
    const stop = gallop(docs, end, 0)
    for (let i = gallop(docs, start, 0); i < stop && this.#score > top.threshold; i += 1) {
      if (alive === null || alive.isAlive(docs[i]!)) top.offer(docs[i]!, this.#score)
    }
  }
}
