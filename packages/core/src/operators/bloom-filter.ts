/** Bits for a key: about 1 of 100 others passes. */
const BITS_PER_KEY = 16

/** A set of 32-bit hashes that holds all that were put in, and perhaps others: three bits of one word a key. */
export class BloomFilter {
  readonly #words: Uint32Array
  readonly #shift: number

  private constructor(bits: number) {
    this.#words = new Uint32Array(2 ** bits)
    this.#shift = 32 - bits
  }

  /** Of the first `count` hashes. */
  static of(hashes: Uint32Array, count: number): BloomFilter {
    const words = Math.max(2, (count * BITS_PER_KEY) / 32)
    const filter = new BloomFilter(Math.min(26, Math.ceil(Math.log2(words))))
    for (let k = 0; k < count; k++) filter.#add(hashes[k]!)
    return filter
  }

  get bytes(): number {
    return this.#words.byteLength
  }

  #add(hash: number): void {
    this.#words[Math.imul(hash, 0x9e3779b1) >>> this.#shift]! |= maskOf(hash)
  }

  /** Keeps the rows whose hash may be in the set: `hashes[k]` is that of `rows[k]`. Returns how many are in `out`. */
  select(hashes: Uint32Array, rows: Uint32Array, out: Uint32Array): number {
    const words = this.#words
    const shift = this.#shift
    let n = 0
    for (let k = 0; k < rows.length; k++) {
      const hash = hashes[k]!
      const mask = maskOf(hash)
      out[n] = rows[k]!
      n += +((words[Math.imul(hash, 0x9e3779b1) >>> shift]! & mask) === (mask | 0))
    }
    return n
  }
}

function maskOf(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (1 << (mixed & 31)) | (1 << ((mixed >>> 8) & 31)) | (1 << ((mixed >>> 16) & 31))
}
