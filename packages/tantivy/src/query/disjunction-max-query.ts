import type { SegmentReader } from '../segment/segment-reader.ts'
import type { Explanation } from './explanation.ts'
import { PreparedBoolean } from './prepared-boolean.ts'
import { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { type Scorer, TERMINATED } from './scorer.ts'
import { EmptyScorer } from './simple-scorers.ts'
import { UnionScorer } from './union-scorer.ts'

/** Documents of any query, with the highest of their scores, plus a share (`tieBreaker`) of the others. */
export class DisjunctionMaxQuery implements Query {
  readonly kind = 'DisjunctionMax'
  readonly queries: readonly Query[]
  readonly tieBreaker: number

  constructor(queries: readonly Query[], tieBreaker: number = 0) {
    this.queries = queries
    this.tieBreaker = tieBreaker
  }

  visitTerms(visit: (field: number, term: Uint8Array) => void): void {
    for (const query of this.queries) query.visitTerms(visit)
  }

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const queries = await Promise.all(this.queries.map((query) => query.prepare(segment, context)))
    return new PreparedDisjunctionMax(queries, Math.fround(this.tieBreaker), segment.maxDoc)
  }

  toString(): string {
    return `max(${this.queries.join(' ')})${this.tieBreaker === 0 ? '' : `~${this.tieBreaker}`}`
  }
}

class PreparedDisjunctionMax extends PreparedQuery {
  readonly #queries: readonly PreparedQuery[]
  readonly #tieBreaker: number
  readonly #union: PreparedBoolean

  constructor(queries: readonly PreparedQuery[], tieBreaker: number, maxDoc: number) {
    super()
    this.#queries = queries
    this.#tieBreaker = tieBreaker
    this.#union = new PreparedBoolean([], queries, [], 1, false, maxDoc)
  }

  scorer(): Scorer {
    const scorers = this.#queries.map((query) => query.scorer()).filter((scorer) => scorer.doc !== TERMINATED)
    return scorers.length === 0 ? new EmptyScorer() : new MaxScorer(scorers, this.#tieBreaker)
  }

  override explain(doc: number): Explanation | null {
    const scorer = this.scorer()
    if (scorer.seek(doc) !== doc) return null
    const details = this.#queries.map((query) => query.explain(doc)).filter((detail) => detail !== null)
    return { description: `Maximum, and ${this.#tieBreaker} of the others, of ...`, value: scorer.score(), details }
  }

  override get sizeHint(): number {
    return this.#union.sizeHint
  }

  override docs(start: number, end: number): Uint32Array {
    return this.#union.docs(start, end)
  }

  override count(): number {
    return this.#union.count()
  }
}

class MaxScorer extends UnionScorer {
  readonly #tieBreaker: number

  constructor(scorers: readonly Scorer[], tieBreaker: number) {
    super(scorers, 1)
    this.#tieBreaker = tieBreaker
  }

  override score(): number {
    const { fround } = Math
    let max = 0
    let sum = 0
    for (const scorer of this.scorers) {
      if (scorer.doc !== this.doc) continue
      const score = scorer.score()
      max = Math.max(max, score)
      sum = fround(sum + score)
    }
    return fround(max + fround(fround(sum - max) * this.#tieBreaker))
  }
}
