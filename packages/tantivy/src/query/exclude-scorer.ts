import { Scorer, TERMINATED } from './scorer.ts'

/** Documents of one scorer that are not in another. */
export class ExcludeScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #included: Scorer
  readonly #excluded: Scorer

  constructor(included: Scorer, excluded: Scorer) {
    super()
    this.#included = included
    this.#excluded = excluded
    this.sizeHint = included.sizeHint
    this.doc = this.#skip(included.doc)
  }

  advance(): number {
    this.doc = this.#skip(this.#included.advance())
    return this.doc
  }

  override seek(target: number): number {
    if (target > this.doc) this.doc = this.#skip(this.#included.seek(target))
    return this.doc
  }

  score(): number {
    return this.#included.score()
  }

  #skip(from: number): number {
    let doc = from
    while (doc !== TERMINATED && this.#excluded.seek(doc) === doc) doc = this.#included.advance()
    return doc
  }
}

/** Documents of one scorer; those that another has too score the sum. */
export class RequiredOptionalScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #required: Scorer
  readonly #optional: Scorer

  constructor(required: Scorer, optional: Scorer) {
    super()
    this.#required = required
    this.#optional = optional
    this.sizeHint = required.sizeHint
    this.doc = required.doc
  }

  advance(): number {
    this.doc = this.#required.advance()
    return this.doc
  }

  override seek(target: number): number {
    this.doc = this.#required.seek(target)
    return this.doc
  }

  score(): number {
    const score = this.#required.score()
    return this.#optional.seek(this.doc) === this.doc ? Math.fround(score + this.#optional.score()) : score
  }
}
