import { Scorer, TERMINATED } from './scorer.ts'

/** Documents of a window: its scores stay in the first-level cache. */
const WINDOW = 4096

/**
 * Documents of any of several scorers, gathered a window at a time: each scorer in turn marks its documents in a bitmap
 * and adds its scores, so that no document compares the scorers. For unions that are read through; one that is mostly
 * sought in had better be a UnionScorer.
 */
export class WindowedUnionScorer extends Scorer {
  doc: number = -1
  readonly sizeHint: number
  readonly #scorers: readonly Scorer[]
  readonly #scoring: boolean
  readonly #bits = new Uint32Array(WINDOW / 32)
  readonly #scores = new Float32Array(WINDOW)
  #base = 0
  /** Word of the bitmap that the cursor is in, and the bits of it that are still to come. */
  #word = WINDOW / 32
  #left = 0

  constructor(scorers: readonly Scorer[], scoring: boolean) {
    super()
    this.#scorers = scorers
    this.#scoring = scoring
    let hint = 0
    for (const scorer of scorers) hint += scorer.sizeHint
    this.sizeHint = hint
    this.#fill()
    this.advance()
  }

  advance(): number {
    let word = this.#word
    let left = this.#left
    while (left === 0) {
      word += 1
      if (word >= WINDOW / 32) {
        if (!this.#fill()) {
          this.#word = WINDOW / 32
          this.doc = TERMINATED
          return TERMINATED
        }
        word = 0
      }
      left = this.#bits[word]!
    }
    const low = left & -left
    this.#word = word
    this.#left = left ^ low
    this.doc = this.#base + 32 * word + 31 - Math.clz32(low)
    return this.doc
  }

  override seek(target: number): number {
    if (target <= this.doc) return this.doc
    if (target < this.#base + WINDOW) {
      const offset = target - this.#base
      const word = offset >>> 5
      if (word > this.#word) {
        this.#word = word
        this.#left = this.#bits[word]!
      }
      this.#left &= -1 << (offset & 31)
      return this.advance()
    }
    for (const scorer of this.#scorers) if (scorer.doc < target) scorer.seek(target)
    this.#word = WINDOW / 32
    this.#left = 0
    return this.advance()
  }

  score(): number {
    return this.#scoring ? this.#scores[this.doc - this.#base]! : 1
  }

  /** Gathers the next window with a document; false if there is none. The cursor stands before its first word. */
  #fill(): boolean {
    let first = TERMINATED
    for (const scorer of this.#scorers) if (scorer.doc < first) first = scorer.doc
    if (first === TERMINATED) return false
    this.#base = first & ~31
    const base = this.#base
    const end = Math.min(base + WINDOW, TERMINATED)
    const bits = this.#bits.fill(0)
    if (this.#scoring) this.#scores.fill(0)
    for (const scorer of this.#scorers) {
      let doc = scorer.doc
      while (doc < end) {
        const offset = doc - base
        bits[offset >>> 5]! |= 1 << (offset & 31)
        if (this.#scoring) this.#scores[offset]! += scorer.score()
        doc = scorer.advance()
      }
    }
    this.#word = 0
    this.#left = bits[0]!
    return true
  }
}
