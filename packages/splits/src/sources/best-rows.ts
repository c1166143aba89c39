import { rowsByWords } from '@volley/core'

const MIN_BUFFER = 1024
/** Rows that are not worth finding the k-th anew. */
const MIN_ADDED = 64

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

/** Keeps the best k rows by (words, document) of those added, documents ascending. */
export class BestRows {
  readonly #k: number
  readonly #width: number
  #words: Uint32Array[]
  #docs: Uint32Array
  #count = 0
  /** Words of the worst row that still counts; null while every row does. */
  #worst: Uint32Array | null = null

  constructor(k: number, width: number) {
    this.#k = k
    this.#width = width
    const capacity = Math.max(MIN_BUFFER, 2 * k)
    this.#words = Array.from({ length: width }, () => new Uint32Array(capacity))
    this.#docs = new Uint32Array(capacity)
  }

  /**
   * Adds rows: `rows` (all, when null) of the words, with their documents. A row whose first words are behind `limit` is
   * left out.
   */
  add(words: readonly Uint32Array[], docs: Uint32Array, rows: Uint32Array | null, limit: Uint32Array | null): number {
    const count = rows === null ? docs.length : rows.length
    const first = words[0]
    let taken = 0
    for (let k = 0; k < count; k++) {
      const row = rows === null ? k : rows[k]!
      // A bound of the first words decides for most rows.
      if (this.#worst !== null && first![row]! > this.#worst[0]!) continue
      if (limit !== null && first![row]! > limit[0]!) continue
      if (this.#worst !== null && compareRow(words, row, this.#worst) >= 0) continue
      if (limit !== null && compareRow(words, row, limit) > 0) continue
      if (this.#count === this.#docs.length) this.#cut()
      for (let w = 0; w < this.#width; w++) this.#words[w]![this.#count] = words[w]![row]!
      this.#docs[this.#count++] = docs[row]!
      taken++
    }
    return taken
  }

  /** Words of a row that k rows are not behind: the k-th, or one that was it a few rows ago. Null while there are fewer. */
  last(): Uint32Array | null {
    const added = this.#count - this.#k
    if (this.#worst === null ? added >= 0 : added > MIN_ADDED + this.#k / 4) this.#cut()
    return this.#worst
  }

  /** The best rows in order: their documents, and the first `width` words of each, one row after the other. */
  finish(width: number): { readonly docs: Uint32Array; readonly tuples: Uint32Array } {
    this.#cut()
    const tuples = new Uint32Array(this.#count * width)
    for (let k = 0; k < this.#count; k++) for (let w = 0; w < width; w++) tuples[k * width + w] = this.#words[w]![k]!
    return { docs: this.#docs.slice(0, this.#count), tuples }
  }

  /** Sorts, and drops what is behind the k-th row. */
  #cut(): void {
    const words = this.#words
    const docs = this.#docs
    // Rows that tie are in the order of their documents: those that were kept come before those that were added.
    const kept = rowsByWords(words, this.#count).subarray(0, this.#k)
    const capacity = docs.length
    const taken = (from: Uint32Array): Uint32Array => {
      const to = new Uint32Array(capacity)
      for (let i = 0; i < kept.length; i++) to[i] = from[kept[i]!]!
      return to
    }
    this.#words = words.map(taken)
    this.#docs = taken(docs)
    this.#count = kept.length
    if (this.#count === this.#k && this.#k > 0) {
      this.#worst = Uint32Array.from(this.#words, (word) => word[this.#k - 1]!)
    }
  }
}

function compareRow(words: readonly Uint32Array[], row: number, tuple: Uint32Array): number {
  for (let w = 0; w < tuple.length; w++) {
    const difference = words[w]![row]! - tuple[w]!
    if (difference !== 0) return difference
  }
  return 0
}
