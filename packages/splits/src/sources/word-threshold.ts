/** Word tuples of `k` rows at most, in order; a row before the last of a full list may still enter the top k. */
export class WordThreshold {
  readonly #k: number
  readonly #width: number
  /** Tuples one after the other, in order. */
  #tuples: Uint32Array = new Uint32Array(0)

  constructor(k: number, width: number) {
    this.#k = k
    this.#width = width
  }

  /** The last of the best k tuples; null while there are fewer. */
  get last(): Uint32Array | null {
    const size = this.#k * this.#width
    return size > 0 && this.#tuples.length >= size ? this.#tuples.subarray(size - this.#width, size) : null
  }

  /** Adds tuples in order, of rows that were not added before. */
  add(tuples: Uint32Array): void {
    const width = this.#width
    if (width === 0) return
    const own = this.#tuples
    const size = Math.min(this.#k * width, own.length + tuples.length)
    const merged = new Uint32Array(size)
    for (let at = 0, i = 0, j = 0; at < size; at += width) {
      const first = j >= tuples.length || (i < own.length && compareTuples(own, i, tuples, j, width) <= 0)
      if (first) for (let w = 0; w < width; w++) merged[at + w] = own[i++]!
      else for (let w = 0; w < width; w++) merged[at + w] = tuples[j++]!
    }
    this.#tuples = merged
  }
}

/** Orders the tuple at `i` of one list and that at `j` of another. */
function compareTuples(a: Uint32Array, i: number, b: Uint32Array, j: number, width: number): number {
  for (let w = 0; w < width; w++) {
    const difference = a[i + w]! - b[j + w]!
    if (difference !== 0) return difference
  }
  return 0
}
