const MIN_BUFFER = 1024
/** Rows that are not worth finding the k-th anew. */
const MIN_ADDED = 64

/** Which of two places, of documents that tie, comes first: negative for the first. */
export type PlaceOrder = (a: number, b: number) => number

/** Keeps the best k rows by (words, place, document) of those added, in any order. A place is a number for some documents. */
export class BestRows {
  readonly #k: number
  readonly #byPlace: PlaceOrder
  readonly #words: Uint32Array[]
  #docs: Uint32Array
  #places: Uint32Array
  #count = 0
  /** Words of the worst row that still counts; null while every row does. */
  #worst: Uint32Array | null = null
  #worstPlace = 0
  #worstDoc = 0

  constructor(k: number, width: number, byPlace: PlaceOrder = (a, b) => a - b) {
    this.#k = k
    this.#byPlace = byPlace
    const capacity = Math.max(MIN_BUFFER, 2 * k)
    this.#words = Array.from({ length: width }, () => new Uint32Array(capacity))
    this.#docs = new Uint32Array(capacity)
    this.#places = new Uint32Array(capacity)
  }

  /**
   * Adds rows of one place that were not added before: `rows` (all, when null) of the words, with their documents. A row
   * whose first words are behind `limit` is left out.
   */
  add(
    words: readonly Uint32Array[],
    docs: Uint32Array,
    rows: Uint32Array | null,
    limit: Uint32Array | null,
    place: number,
  ): void {
    const count = rows === null ? docs.length : rows.length
    const width = words.length
    for (let k = 0; k < count; k++) {
      const row = rows === null ? k : rows[k]!
      if (limit !== null && isBehind(words, row, limit)) continue
      if (this.#worst !== null && this.#isBehindWorst(words, row, docs[row]!, place)) continue
      if (this.#count === this.#docs.length) {
        this.#cut()
        if (this.#k === 0 || (this.#worst !== null && this.#isBehindWorst(words, row, docs[row]!, place))) continue
      }
      const at = this.#count++
      for (let w = 0; w < width; w++) this.#words[w]![at] = words[w]![row]!
      this.#docs[at] = docs[row]!
      this.#places[at] = place
    }
  }

  /** Words of a row that k rows are not behind: the k-th, or one that was it a few rows ago. Null while there are fewer. */
  last(): Uint32Array | null {
    const added = this.#count - this.#k
    if (this.#worst === null ? added >= 0 : added > MIN_ADDED + this.#k / 2) this.#cut()
    return this.#worst
  }

  /** The best rows, in no order: their words, places and documents, which hold until rows are added. */
  kept(): { readonly words: readonly Uint32Array[]; readonly places: Uint32Array; readonly docs: Uint32Array } {
    this.#cut()
    const end = this.#count
    return {
      words: this.#words.map((word) => word.subarray(0, end)),
      places: this.#places.subarray(0, end),
      docs: this.#docs.subarray(0, end),
    }
  }

  /** Gives the rows that are kept other values of a word, which order as before; rows that are added later have such. */
  setWord(w: number, values: Uint32Array): void {
    this.#words[w]!.set(values)
    this.#worst = null
    this.#cut()
  }

  #isBehindWorst(words: readonly Uint32Array[], row: number, doc: number, place: number): boolean {
    const worst = this.#worst!
    for (let w = 0; w < worst.length; w++) {
      const [own, other] = [words[w]![row]!, worst[w]!]
      if (own !== other) return own > other
    }
    if (place !== this.#worstPlace) return this.#byPlace(place, this.#worstPlace) > 0
    return doc > this.#worstDoc
  }

  /** Drops what is behind the k-th row. */
  #cut(): void {
    const k = this.#k
    if (this.#count < k || (this.#count === k && this.#worst !== null)) return
    if (k === 0) {
      this.#count = 0
      return
    }
    const rows = new Uint32Array(this.#count)
    for (let i = 0; i < rows.length; i++) rows[i] = i
    this.#select(rows, k - 1)
    const worst = rows[k - 1]!
    this.#worst = Uint32Array.from(this.#words, (word) => word[worst]!)
    this.#worstPlace = this.#places[worst]!
    this.#worstDoc = this.#docs[worst]!
    const kept = rows.subarray(0, k).sort()
    // ascending, none of them is written before it is read
    for (const list of [...this.#words, this.#docs, this.#places]) {
      for (let i = 0; i < k; i++) list[i] = list[kept[i]!]!
    }
    this.#count = k
  }

  /** Hoare's selection: has rows[at] be the one that a sort would put there, with those before it in front. */
  #select(rows: Uint32Array, at: number): void {
    const keys = this.#leadingKeys(rows.length)
    let low = 0
    let high = rows.length - 1
    while (low < high) {
      const middle = rows[(low + high) >>> 1]!
      const pivot = keys[middle]!
      let i = low
      let j = high
      while (i <= j) {
        for (let key = keys[rows[i]!]!; key < pivot || (key === pivot && this.#compare(rows[i]!, middle) < 0);) {
          key = keys[rows[++i]!]!
        }
        for (let key = keys[rows[j]!]!; key > pivot || (key === pivot && this.#compare(middle, rows[j]!) < 0);) {
          key = keys[rows[--j]!]!
        }
        if (i > j) break
        const row = rows[i]!
        rows[i++] = rows[j]!
        rows[j--] = row
      }
      if (at <= j) high = j
      else if (at >= i) low = i
      else return
    }
  }

  /** What orders rows as far as the first 53 bits of theirs that vary do. */
  #leadingKeys(count: number): Float64Array {
    const words = this.#words
    let first = 0
    while (first + 1 < words.length && isAlike(words[first]!, count)) first++
    const [high, low] = [words[first]!, words[first + 1]]
    const keys = new Float64Array(count)
    if (low === undefined) for (let i = 0; i < count; i++) keys[i] = high[i]!
    else for (let i = 0; i < count; i++) keys[i] = high[i]! * 2 ** 21 + (low[i]! >>> 11)
    return keys
  }

  #compare(a: number, b: number): number {
    const words = this.#words
    for (let w = 0; w < words.length; w++) {
      const word = words[w]!
      const [own, other] = [word[a]!, word[b]!]
      if (own !== other) return own < other ? -1 : 1
    }
    const [place, otherPlace] = [this.#places[a]!, this.#places[b]!]
    return place === otherPlace ? this.#docs[a]! - this.#docs[b]! : this.#byPlace(place, otherPlace)
  }
}

/** Whether the first words of a row are behind a tuple. */
function isBehind(words: readonly Uint32Array[], row: number, limit: Uint32Array): boolean {
  for (let w = 0; w < limit.length; w++) {
    const [own, other] = [words[w]![row]!, limit[w]!]
    if (own !== other) return own > other
  }
  return false
}

function isAlike(word: Uint32Array, count: number): boolean {
  const first = word[0]
  for (let i = 1; i < count; i++) if (word[i] !== first) return false
  return true
}
