import { compareBytes } from '@volley/core'
import { GrowingBytes } from '@volley/kernels'
import type { TermList } from '@volley/tantivy'

const FIRST_TEXTS = 64
const FIRST_BYTES = 1024
/** Texts up to this length are copied unit by unit where they are ASCII. */
const SHORT = 64
const encoder = new TextEncoder()
/** What is no UTF-8 reads as U+FFFD. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Distinct texts, numbered as they come. */
export class TextTable {
  /** Numbers of texts, and one more, by hash; a power of two of places, at most half of them taken. */
  #places = new Uint32Array(2 * FIRST_TEXTS)
  #hashes = new Uint32Array(FIRST_TEXTS)
  #offsets = new Uint32Array(FIRST_TEXTS + 1)
  readonly #texts = new GrowingBytes(FIRST_BYTES)
  #count = 0
  readonly #scratch = new Uint8Array(SHORT)

  get count(): number {
    return this.#count
  }

  /** Bytes that are held. */
  get size(): number {
    return this.#places.byteLength + this.#hashes.byteLength + this.#offsets.byteLength + this.#texts.bytes.byteLength
  }

  /** Number of a text. */
  numberOf(text: string): number {
    const { length } = text
    const scratch = this.#scratch
    let i = 0
    for (; i < length && i < SHORT; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) break
      scratch[i] = unit
    }
    if (i === length) return this.#add(scratch, 0, length)
    const bytes = encoder.encode(text)
    return this.#add(bytes, 0, bytes.length)
  }

  /** Number of the text whose UTF-8 is bytes [start, end). */
  numberOfBytes(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const known = this.#find(hash, bytes, start, end)
    if (known >= 0) return known
    for (let i = start; i < end; i++) {
      if (bytes[i]! < 0x80) continue
      const text = encoder.encode(decoder.decode(bytes.subarray(start, end)))
      return this.#add(text, 0, text.length)
    }
    return this.#insert(hash, bytes, start, end)
  }

  /** The texts with these numbers. */
  termsOf(numbers: Uint32Array): TermList {
    const offsets = new Uint32Array(numbers.length + 1)
    for (let i = 0; i < numbers.length; i++) {
      const k = numbers[i]!
      offsets[i + 1] = offsets[i]! + this.#offsets[k + 1]! - this.#offsets[k]!
    }
    const bytes = new Uint8Array(offsets[numbers.length]!)
    const own = this.#texts.bytes
    for (let i = 0; i < numbers.length; i++) {
      let to = offsets[i]!
      const end = this.#offsets[numbers[i]! + 1]!
      for (let at = this.#offsets[numbers[i]!]!; at < end; at++) bytes[to++] = own[at]!
    }
    return { offsets, bytes }
  }

  /** All numbers, in the order of the texts' bytes. */
  inOrder(): Uint32Array {
    const [bytes, offsets] = [this.#texts.bytes, this.#offsets]
    // The first six bytes, as one number, settle most comparisons.
    const heads = new Float64Array(this.#count)
    for (let k = 0; k < heads.length; k++) {
      for (let i = 0; i < 6; i++) {
        const at = offsets[k]! + i
        heads[k] = heads[k]! * 256 + (at < offsets[k + 1]! ? bytes[at]! : 0)
      }
    }
    const order = Uint32Array.from(heads, (_, k) => k)
    return order.sort((a, b) => heads[a]! - heads[b]! || this.#compare(a, b))
  }

  #compare(a: number, b: number): number {
    const [bytes, offsets] = [this.#texts.bytes, this.#offsets]
    return compareBytes(bytes, offsets[a]!, offsets[a + 1]!, bytes, offsets[b]!, offsets[b + 1]!)
  }

  #add(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const known = this.#find(hash, bytes, start, end)
    return known >= 0 ? known : this.#insert(hash, bytes, start, end)
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#places.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const k = this.#places[place]! - 1
      if (k < 0) return -1
      if (this.#hashes[k] === hash && this.#equals(k, bytes, start, end)) return k
    }
  }

  #equals(k: number, bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.#texts.bytes
    let at = this.#offsets[k]!
    if (this.#offsets[k + 1]! - at !== end - start) return false
    for (let i = start; i < end; i++) if (own[at++] !== bytes[i]) return false
    return true
  }

  #insert(hash: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.#count === this.#hashes.length) this.#growTexts()
    this.#texts.append(bytes, start, end)
    this.#hashes[this.#count] = hash
    this.#offsets[++this.#count] = this.#texts.end
    this.#place(this.#count)
    return this.#count - 1
  }

  #place(number: number): void {
    const mask = this.#places.length - 1
    let place = this.#hashes[number - 1]! & mask
    while (this.#places[place] !== 0) place = (place + 1) & mask
    this.#places[place] = number
  }

  #growTexts(): void {
    const room = 2 * this.#hashes.length
    this.#hashes = grown(this.#hashes, new Uint32Array(room))
    this.#offsets = grown(this.#offsets, new Uint32Array(room + 1))
    this.#places = new Uint32Array(2 * room)
    for (let number = 1; number <= this.#count; number++) this.#place(number)
  }
}

function grown(from: Uint32Array, to: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  to.set(from)
  return to
}

/** FNV-1a, its bits mixed once more. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 0
}
