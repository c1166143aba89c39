import { unpackBits } from '@volley/kernels'

/**
 * Reads numbers of up to 32 bits in Parquet's hybrid of run lengths and bit packing (Encodings.md, RLE = 3), some at a
 * time.
 */
export class HybridReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #width: number
  #at: number
  /** Values left of the current run. */
  #left = 0
  #isPacked = false
  #value = 0
  /** First byte of the current packed run, and the number of the next value in it. */
  #packed = 0
  #index = 0

  constructor(bytes: Uint8Array, start: number, end: number, width: number) {
    if (width > 32) throw new Error(`dictionary codes of ${width} bits`)
    if (end > bytes.length) throw new Error('the values of a page end early')
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#width = width
  }

  /** Reads `count` values to `out[from...]`; returns the largest. */
  read(out: Uint32Array, from: number, count: number): number {
    let at = from
    let most = 0
    const last = from + count
    while (at < last) {
      if (this.#left === 0) this.#nextRun()
      const n = Math.min(this.#left, last - at)
      if (this.#isPacked) {
        const value = unpackBits(this.#bytes, this.#packed, this.#width, this.#index, out, at, n)
        if (value > most) most = value
        this.#index += n
      } else {
        out.fill(this.#value, at, at + n)
        if (this.#value > most) most = this.#value
      }
      this.#left -= n
      at += n
    }
    return most
  }

  /** Skips `count` values where all are 1 by the run that they are in; else stays and answers false. */
  skipOnes(count: number): boolean {
    if (count === 0) return true
    if (this.#left === 0) this.#nextRun()
    if (this.#isPacked || this.#value !== 1 || this.#left < count) return false
    this.#left -= count
    return true
  }

  skip(count: number): void {
    let left = count
    while (left > 0) {
      if (this.#left === 0) this.#nextRun()
      const n = Math.min(this.#left, left)
      if (this.#isPacked) this.#index += n
      this.#left -= n
      left -= n
    }
  }

  #nextRun(): void {
    const header = this.#varint()
    this.#isPacked = (header & 1) === 1
    const length = header >>> 1
    if (length === 0) throw new Error('a run of no values')
    if (this.#isPacked) {
      this.#left = length * 8
      this.#packed = this.#at
      this.#index = 0
      // The last run may be cut short.
      this.#at += length * this.#width
      return
    }
    this.#left = length
    const bytes = (this.#width + 7) >>> 3
    if (this.#at + bytes > this.#end) throw new Error('the values of a page end early')
    let value = 0
    for (let i = 0; i < bytes; i++) value |= this.#bytes[this.#at + i]! << (8 * i)
    this.#value = value >>> 0
    this.#at += bytes
  }

  #varint(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.#at >= this.#end) throw new Error('the values of a page end early')
      const byte = this.#bytes[this.#at++]!
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result >>> 0
    }
    throw new Error('a run header of more than 5 bytes')
  }
}
