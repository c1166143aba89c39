import type { SegmentReader } from '../segment/segment-reader.ts'
import type { Explanation } from './explanation.ts'
import { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import type { ScoreStatistics } from './score-statistics.ts'
import { Scorer } from './scorer.ts'

/** The documents of another query, all with one score. */
export class ConstScoreQuery implements Query {
  readonly kind = 'ConstScore'
  readonly query: Query
  readonly score: number

  constructor(query: Query, score: number) {
    this.query = query
    this.score = score
  }

  visitTerms(): void {}

  async prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const inner = await this.query.prepare(segment, { ...context, scoring: false, statistics: null })
    return new PreparedConstScore(inner, Math.fround(context.boost * Math.fround(this.score)))
  }

  maxScore(_: ScoreStatistics, boost: number): number {
    return Math.fround(boost * Math.fround(this.score))
  }

  async quickCount(segment: SegmentReader, signal: AbortSignal | undefined): Promise<number | null> {
    return (await this.query.quickCount?.(segment, signal)) ?? null
  }

  toString(): string {
    return `const(${this.query}, ${this.score})`
  }
}

class PreparedConstScore extends PreparedQuery {
  readonly #inner: PreparedQuery
  readonly #score: number

  constructor(inner: PreparedQuery, score: number) {
    super()
    this.#inner = inner
    this.#score = score
  }

  scorer(): Scorer {
    return new ConstScorer(this.#inner.scorer(), this.#score)
  }

  override explain(doc: number): Explanation | null {
    const inner = this.#inner.explain(doc)
    return inner === null ? null : { description: 'Const', value: this.#score, details: [inner] }
  }

  override docs(start: number, end: number): Uint32Array {
    return this.#inner.docs(start, end)
  }

  override count(): number {
    return this.#inner.count()
  }
}

class ConstScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #inner: Scorer
  readonly #score: number

  constructor(inner: Scorer, score: number) {
    super()
    this.#inner = inner
    this.#score = score
    this.doc = inner.doc
    this.sizeHint = inner.sizeHint
  }

  advance(): number {
    this.doc = this.#inner.advance()
    return this.doc
  }

  override seek(target: number): number {
    this.doc = this.#inner.seek(target)
    return this.doc
  }

  score(): number {
    return this.#score
  }
}
