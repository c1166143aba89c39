import type { ByteReader } from '../bytes/byte-reader.ts'
import { BLOCK } from './postings-list.ts'
import { unpack128 } from './bit-unpack-128.ts'

/** The position deltas of one term in one segment (section 6), over all its documents one after another. */
export class PositionsList {
  readonly numBlocks: number
  readonly #widths: Uint8Array
  readonly #blockWords: Uint32Array
  readonly #words: Uint32Array
  readonly #reader: ByteReader
  readonly #tailAt: number
  #tail: Uint32Array | null = null
  #block = -1
  readonly #buffer = new Uint32Array(BLOCK)

  constructor(reader: ByteReader) {
    const blocks = reader.vint()
    this.#reader = reader
    this.numBlocks = blocks
    this.#widths = reader.take(blocks)
    this.#blockWords = new Uint32Array(blocks + 1)
    let words = 0
    for (let i = 0; i < blocks; i += 1) {
      if (this.#widths[i]! > 32) throw reader.corrupted(`positions of ${this.#widths[i]} bits`)
      words += 4 * this.#widths[i]!
      this.#blockWords[i + 1] = words
    }
    const bytes = reader.take(words * 4)
    this.#words = new Uint32Array(words + 4)
    new Uint8Array(this.#words.buffer).set(bytes)
    this.#tailAt = reader.pos
  }

  /** Throws IndexCorruptedError when the list cannot hold `count` positions. */
  checkCount(count: number): void {
    const limit = this.numBlocks * BLOCK + this.#reader.end - this.#tailAt
    if (count > limit) throw this.#reader.corrupted(`${count} positions in a list of at most ${limit}`)
  }

  /**
   * Writes `count` positions of a document whose deltas start at `offset` of the list to out[0..count), plus `shift`
   * each; `out` is long enough. Throws IndexCorruptedError when the list is shorter.
   */
  read(offset: number, count: number, shift: number, out: Uint32Array): void {
    let position = shift
    let at = offset
    let written = 0
    while (written < count) {
      const block = Math.floor(at / BLOCK)
      const buffer = block < this.numBlocks ? this.#load(block) : this.#loadTail()
      const from = block < this.numBlocks ? at % BLOCK : at - this.numBlocks * BLOCK
      const take = Math.min(count - written, buffer.length - from)
      if (take <= 0) throw this.#reader.corrupted('fewer positions than frequencies')
      for (let i = 0; i < take; i += 1) {
        position += buffer[from + i]!
        out[written + i] = position
      }
      written += take
      at += take
    }
  }

  #load(block: number): Uint32Array {
    if (block !== this.#block) {
      unpack128(this.#words, this.#blockWords[block]!, this.#widths[block]!, this.#buffer)
      this.#block = block
    }
    return this.#buffer
  }

  #loadTail(): Uint32Array {
    if (this.#tail !== null) return this.#tail
    const reader = this.#reader
    reader.pos = this.#tailAt
    const values = new Uint32Array(BLOCK)
    let count = 0
    while (reader.remaining > 0) {
      if (count === BLOCK) throw reader.corrupted('too many positions')
      values[count] = reader.vint()
      count += 1
    }
    this.#tail = values.subarray(0, count)
    return this.#tail
  }
}
