const FIRST_CAPACITY = 1024

/** Numbers distinct tuples of u32 words by first appearance; open addressing with linear probing. */
export class TupleTable {
  readonly width: number
  #count = 0
  #words: Uint32Array
  /** Number of a tuple + 1, 0 for a free slot. */
  #slots: Int32Array
  #mask: number

  constructor(width: number) {
    this.width = width
    this.#words = new Uint32Array(FIRST_CAPACITY * width)
    this.#slots = new Int32Array(FIRST_CAPACITY * 2)
    this.#mask = FIRST_CAPACITY * 2 - 1
  }

  /** Distinct tuples so far. */
  get size(): number {
    return this.#count
  }

  /** Words of all tuples, `width` each, by number. */
  get words(): Uint32Array {
    return this.#words
  }

  /** Writes the numbers of `count` tuples, which lie one after another, to out[0..count). */
  intern(tuples: Uint32Array, count: number, out: Uint32Array): void {
    this.#reserve(count)
    if (this.width === 2) this.#internPairs(tuples, count, out)
    else this.#internWide(tuples, count, out)
  }

  #internPairs(tuples: Uint32Array, count: number, out: Uint32Array): void {
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    let size = this.#count
    for (let i = 0; i < count; i += 1) {
      const a = tuples[2 * i]!
      const b = tuples[2 * i + 1]!
      let hash = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0x9e3779b1)
      hash ^= hash >>> 15
      let slot = hash & mask
      let id = slots[slot]! - 1
      while (id >= 0 && (words[2 * id] !== a || words[2 * id + 1] !== b)) {
        slot = (slot + 1) & mask
        id = slots[slot]! - 1
      }
      if (id < 0) {
        id = size
        size += 1
        slots[slot] = size
        words[2 * id] = a
        words[2 * id + 1] = b
      }
      out[i] = id
    }
    this.#count = size
  }

  #internWide(tuples: Uint32Array, count: number, out: Uint32Array): void {
    const width = this.width
    const slots = this.#slots
    const words = this.#words
    const mask = this.#mask
    for (let i = 0; i < count; i += 1) {
      const at = i * width
      let slot = hashTuple(tuples, at, width) & mask
      let id = slots[slot]! - 1
      while (id >= 0 && !equalTuples(words, id * width, tuples, at, width)) {
        slot = (slot + 1) & mask
        id = slots[slot]! - 1
      }
      if (id < 0) {
        id = this.#count
        this.#count += 1
        slots[slot] = this.#count
        for (let w = 0; w < width; w += 1) words[id * width + w] = tuples[at + w]!
      }
      out[i] = id
    }
  }

  /** Makes room for `more` tuples, so that no loop has to ask. */
  #reserve(more: number): void {
    const needed = this.#count + more
    if (needed * this.width > this.#words.length) {
      const grown = new Uint32Array(Math.max(2 * this.#words.length, needed * this.width))
      grown.set(this.#words)
      this.#words = grown
    }
    if (2 * needed <= this.#slots.length) return
    let capacity = this.#slots.length
    while (capacity < 2 * needed) capacity *= 2
    this.#slots = new Int32Array(capacity)
    this.#mask = capacity - 1
    const width = this.width
    for (let id = 0; id < this.#count; id += 1) {
      let slot = this.#hashOf(id, width) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = id + 1
    }
  }

  #hashOf(id: number, width: number): number {
    if (width !== 2) return hashTuple(this.#words, id * width, width)
    const hash = Math.imul(this.#words[2 * id]! ^ Math.imul(this.#words[2 * id + 1]!, 0x85ebca6b), 0x9e3779b1)
    return hash ^ (hash >>> 15)
  }
}

function hashTuple(words: Uint32Array, at: number, width: number): number {
  let hash = 0
  for (let w = 0; w < width; w += 1) {
    hash = Math.imul(hash ^ words[at + w]!, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash
}

function equalTuples(a: Uint32Array, atA: number, b: Uint32Array, atB: number, width: number): boolean {
  for (let w = 0; w < width; w += 1) if (a[atA + w] !== b[atB + w]) return false
  return true
}
