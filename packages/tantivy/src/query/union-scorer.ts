import { Scorer, TERMINATED } from './scorer.ts'

/** Documents of at least `minimum` of several scorers. The score is the sum over those that match, in their order. */
export class UnionScorer extends Scorer {
  doc: number = -1
  readonly sizeHint: number
  protected readonly scorers: readonly Scorer[]
  readonly #minimum: number

  constructor(scorers: readonly Scorer[], minimum: number) {
    super()
    this.scorers = scorers
    this.#minimum = Math.max(1, minimum)
    let hint = 0
    for (const scorer of scorers) hint += scorer.sizeHint
    this.sizeHint = hint
    this.seek(0)
  }

  advance(): number {
    return this.seek(this.doc + 1)
  }

  override seek(target: number): number {
    if (target <= this.doc) return this.doc
    const scorers = this.scorers
    let from = target
    for (;;) {
      let least = TERMINATED
      for (let k = 0; k < scorers.length; k += 1) {
        const scorer = scorers[k]!
        const doc = scorer.doc < from ? scorer.seek(from) : scorer.doc
        if (doc < least) least = doc
      }
      this.doc = least
      if (least === TERMINATED || this.#minimum === 1) return least
      let matching = 0
      for (let k = 0; k < scorers.length; k += 1) matching += +(scorers[k]!.doc === least)
      if (matching >= this.#minimum) return least
      from = least + 1
    }
  }

  score(): number {
    let sum = 0
    for (const scorer of this.scorers) if (scorer.doc === this.doc) sum = Math.fround(sum + scorer.score())
    return sum
  }
}
