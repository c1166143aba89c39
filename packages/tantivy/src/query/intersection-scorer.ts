import { Scorer, TERMINATED } from './scorer.ts'

/** Documents of all of several scorers: the rarest leads, the others seek. The score is the sum. */
export class IntersectionScorer extends Scorer {
  doc: number = -1
  readonly sizeHint: number
  readonly #lead: Scorer
  readonly #others: readonly Scorer[]
  readonly #inOrder: readonly Scorer[]

  /** Needs at least one scorer. */
  constructor(scorers: readonly Scorer[]) {
    super()
    this.#inOrder = scorers
    const sorted = scorers.toSorted((a, b) => a.sizeHint - b.sizeHint)
    this.#lead = sorted[0]!
    this.#others = sorted.slice(1)
    this.sizeHint = this.#lead.sizeHint
    this.#align(this.#lead.doc)
  }

  advance(): number {
    return this.#align(this.#lead.advance())
  }

  override seek(target: number): number {
    return target <= this.doc ? this.doc : this.#align(this.#lead.seek(target))
  }

  score(): number {
    let sum = 0
    for (const scorer of this.#inOrder) sum = Math.fround(sum + scorer.score())
    return sum
  }

  #align(from: number): number {
    let candidate = from
    const others = this.#others
    let k = 0
    while (k < others.length && candidate !== TERMINATED) {
      const doc = others[k]!.seek(candidate)
      if (doc === candidate) k += 1
      else {
        candidate = this.#lead.seek(doc)
        k = 0
      }
    }
    this.doc = candidate
    return candidate
  }
}
