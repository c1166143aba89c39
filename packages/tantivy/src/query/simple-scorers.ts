import { Scorer, TERMINATED } from './scorer.ts'

/** No document. */
export class EmptyScorer extends Scorer {
  doc: number = TERMINATED
  readonly sizeHint = 0

  advance(): number {
    return TERMINATED
  }

  score(): number {
    return 0
  }
}

/** Every document below maxDoc, with one score. */
export class AllScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #maxDoc: number
  readonly #score: number

  constructor(maxDoc: number, score: number) {
    super()
    this.#maxDoc = maxDoc
    this.#score = score
    this.sizeHint = maxDoc
    this.doc = maxDoc > 0 ? 0 : TERMINATED
  }

  advance(): number {
    return this.seek(this.doc + 1)
  }

  override seek(target: number): number {
    if (target > this.doc) this.doc = target < this.#maxDoc ? target : TERMINATED
    return this.doc
  }

  score(): number {
    return this.#score
  }
}

/** An ascending list of documents, with one score. */
export class DocListScorer extends Scorer {
  doc: number
  readonly sizeHint: number
  readonly #docs: Uint32Array
  readonly #score: number
  #at = 0

  constructor(docs: Uint32Array, score: number) {
    super()
    this.#docs = docs
    this.#score = score
    this.sizeHint = docs.length
    this.doc = docs.length > 0 ? docs[0]! : TERMINATED
  }

  advance(): number {
    this.#at += 1
    this.doc = this.#at < this.#docs.length ? this.#docs[this.#at]! : TERMINATED
    return this.doc
  }

  override seek(target: number): number {
    if (this.doc >= target) return this.doc
    this.#at = gallop(this.#docs, target, this.#at + 1)
    this.doc = this.#at < this.#docs.length ? this.#docs[this.#at]! : TERMINATED
    return this.doc
  }

  score(): number {
    return this.#score
  }
}

/** Index of the first entry from `from` on that is not below `target`, found in steps that double. */
export function gallop(docs: Uint32Array, target: number, from: number): number {
  let low = from
  let step = 1
  while (low + step <= docs.length && docs[low + step - 1]! < target) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, docs.length)
  while (low < high) {
    const middle = (low + high) >> 1
    if (docs[middle]! < target) low = middle + 1
    else high = middle
  }
  return low
}
