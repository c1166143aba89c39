import { GrowingBytes } from '@volley/kernels'
import type { TermList } from '@volley/tantivy'

const FIRST_TERMS = 64
const FIRST_BYTES = 1024
/** Fibonacci hashing: ordinals that lie close are spread. */
const SPREAD = 0x9e3779b1

/** Some terms of a dictionary, by ordinal. Terms are added and stay. */
export class FewTerms {
  /** Positions of terms, and one more, by the hash of the ordinal; a power of two of places, at most half of them taken. */
  #places = new Uint32Array(2 * FIRST_TERMS)
  #ordinals = new Uint32Array(FIRST_TERMS)
  #offsets = new Uint32Array(FIRST_TERMS + 1)
  readonly #texts = new GrowingBytes(FIRST_BYTES)
  #count = 0

  /** Bytes that are held. */
  get size(): number {
    return this.#places.byteLength + this.#ordinals.byteLength + this.#offsets.byteLength + this.#texts.bytes.byteLength
  }

  /** Those that are not here. */
  missing(ordinals: Uint32Array): Uint32Array {
    const out = new Uint32Array(ordinals.length)
    let count = 0
    for (let i = 0; i < ordinals.length; i++) {
      out[count] = ordinals[i]!
      count += +(this.#find(ordinals[i]!) < 0)
    }
    return out.subarray(0, count)
  }

  /** Adds those that are not here, with their terms in the same order. */
  add(ordinals: Uint32Array, { offsets, bytes }: TermList): void {
    for (let i = 0; i < ordinals.length; i++) {
      const ordinal = ordinals[i]!
      if (this.#find(ordinal) >= 0) continue
      this.#reserve()
      this.#texts.append(bytes, offsets[i]!, offsets[i + 1]!)
      this.#ordinals[this.#count] = ordinal
      this.#offsets[this.#count + 1] = this.#texts.end
      this.#count++
      this.#place(this.#count)
    }
  }

  /** The terms of ordinals, in any order; null where not all are here. */
  gather(ordinals: Uint32Array): TermList | null {
    const from = this.#offsets
    const offsets = new Uint32Array(ordinals.length + 1)
    const at = new Uint32Array(ordinals.length)
    for (let i = 0, k = -1; i < ordinals.length; i++) {
      // terms that came together are asked for together
      const ordinal = ordinals[i]!
      k = k + 1 < this.#count && this.#ordinals[k + 1] === ordinal ? k + 1 : this.#find(ordinal)
      if (k < 0) return null
      at[i] = k
      offsets[i + 1] = offsets[i]! + from[k + 1]! - from[k]!
    }
    const bytes = new Uint8Array(offsets[ordinals.length]!)
    const own = this.#texts.bytes
    let to = 0
    for (let i = 0; i < at.length;) {
      // terms that came together lie behind one another
      let next = i + 1
      while (next < at.length && at[next] === at[next - 1]! + 1) next++
      const end = from[at[next - 1]! + 1]!
      bytes.set(own.subarray(from[at[i]!]!, end), to)
      to = offsets[next]!
      i = next
    }
    return { offsets, bytes }
  }

  /** Position of an ordinal; -1 for one that is not here. */
  #find(ordinal: number): number {
    const places = this.#places
    const mask = places.length - 1
    for (let at = Math.imul(ordinal, SPREAD) >>> Math.clz32(mask); ; at = (at + 1) & mask) {
      const place = places[at]!
      if (place === 0) return -1
      if (this.#ordinals[place - 1] === ordinal) return place - 1
    }
  }

  #place(position: number): void {
    const places = this.#places
    const mask = places.length - 1
    let at = Math.imul(this.#ordinals[position - 1]!, SPREAD) >>> Math.clz32(mask)
    while (places[at] !== 0) at = (at + 1) & mask
    places[at] = position
  }

  #reserve(): void {
    const room = this.#ordinals.length
    if (this.#count < room) return
    const [ordinals, offsets] = [new Uint32Array(2 * room), new Uint32Array(2 * room + 1)]
    ordinals.set(this.#ordinals)
    offsets.set(this.#offsets)
    this.#ordinals = ordinals
    this.#offsets = offsets
    this.#places = new Uint32Array(4 * room)
    for (let position = 1; position <= this.#count; position++) this.#place(position)
  }
}
