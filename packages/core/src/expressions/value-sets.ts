import { equalBytes } from '../vectors/bytes-kernels.ts'
import { hashBytes } from '../vectors/hash.ts'
import type { BytesTest } from './like-pattern.ts'

/** A set of byte runs, by open addressing. */
export class BytesSet implements BytesTest {
  readonly #table: Int32Array
  readonly #mask: number
  readonly #entries: readonly Uint8Array[]

  constructor(entries: readonly Uint8Array[]) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(4, entries.length * 2)))
    this.#table = new Int32Array(size).fill(-1)
    this.#mask = size - 1
    this.#entries = entries
    entries.forEach((entry, i) => {
      let slot = hashBytes(entry, 0, entry.length) & this.#mask
      while (this.#table[slot]! >= 0) slot = (slot + 1) & this.#mask
      this.#table[slot] = i
    })
  }

  test(bytes: Uint8Array, start: number, end: number): boolean {
    let slot = hashBytes(bytes, start, end) & this.#mask
    for (;;) {
      const at = this.#table[slot]!
      if (at < 0) return false
      const entry = this.#entries[at]!
      if (equalBytes(entry, 0, entry.length, bytes, start, end)) return true
      slot = (slot + 1) & this.#mask
    }
  }
}

/** A set of 64-bit integers in words, by open addressing. */
export class Int64Set {
  readonly #table: Int32Array
  readonly #used: Uint8Array
  readonly #mask: number

  constructor(values: readonly bigint[]) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(4, values.length * 2)))
    this.#table = new Int32Array(size * 2)
    this.#used = new Uint8Array(size)
    this.#mask = size - 1
    for (const value of values) {
      const low = Number(BigInt.asIntN(32, value))
      const high = Number(BigInt.asIntN(32, value >> 32n))
      if (this.has(low, high)) continue
      let slot = slotOf(low, high) & this.#mask
      while (this.#used[slot] === 1) slot = (slot + 1) & this.#mask
      this.#used[slot] = 1
      this.#table[2 * slot] = low
      this.#table[2 * slot + 1] = high
    }
  }

  has(low: number, high: number): boolean {
    let slot = slotOf(low, high) & this.#mask
    while (this.#used[slot] === 1) {
      if (this.#table[2 * slot] === low && this.#table[2 * slot + 1] === high) return true
      slot = (slot + 1) & this.#mask
    }
    return false
  }
}

function slotOf(low: number, high: number): number {
  const h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  return h ^ (h >>> 15)
}
