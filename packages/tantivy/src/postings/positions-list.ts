import { type PackedBlocks, unpackBlock, unpackNumberBlocks } from '@volley/kernels'
import type { ByteReader } from '../bytes/byte-reader.ts'
import { BLOCK } from './postings-list.ts'

/** The position deltas of one term in one segment (section 6), over all its documents one after another. */
export class PositionsList {
  readonly numBlocks: number
  readonly #blocks: PackedBlocks
  readonly #reader: ByteReader
  readonly #tailAt: number
  #tail: Uint32Array | null = null
  #block = -1
  readonly #buffer = new Uint32Array(BLOCK)

  constructor(reader: ByteReader) {
    const blocks = reader.vint()
    this.#reader = reader
    this.numBlocks = blocks
    const widths = reader.take(blocks)
    const offsets = new Uint32Array(blocks)
    let length = 0
    for (let i = 0; i < blocks; i += 1) {
      if (widths[i]! > 32) throw reader.corrupted(`positions of ${widths[i]} bits`)
      offsets[i] = length
      length += 4 * widths[i]!
    }
    const bytes = reader.take(length * 4)
    const words = new Uint32Array(length + 4)
    new Uint8Array(words.buffer).set(bytes)
    this.#blocks = { words, offsets, widths }
    this.#tailAt = reader.pos
  }

  /** Throws IndexCorruptedError when the list cannot hold `count` positions. */
  checkCount(count: number): void {
    const limit = this.numBlocks * BLOCK + this.#reader.end - this.#tailAt
    if (count > limit) throw this.#reader.corrupted(`${count} positions in a list of at most ${limit}`)
  }

  /** Throws IndexCorruptedError when frequencies do not add up to the positions that the skip list tells. */
  checkTotal(total: number, expected: number): void {
    if (total !== expected) throw this.#reader.corrupted(`frequencies of ${total}, positions of ${expected}`)
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

  /** The deltas [start, end) of the list. Throws IndexCorruptedError when the list is shorter. */
  deltas(start: number, end: number): Uint32Array {
    const first = Math.min(Math.floor(start / BLOCK), this.numBlocks)
    const full = Math.min(Math.ceil(end / BLOCK), this.numBlocks)
    const tail = end > this.numBlocks * BLOCK ? this.#loadTail() : new Uint32Array(0)
    const stored = Math.max(0, full - first) * BLOCK
    if (end > first * BLOCK + stored + tail.length) throw this.#reader.corrupted('fewer positions than frequencies')
    const out = new Uint32Array(stored + tail.length)
    if (first < full) unpackNumberBlocks(this.#blocks, first, full, 0, out, 0)
    out.set(tail, stored)
    return out.subarray(start - first * BLOCK, end - first * BLOCK)
  }

  #load(block: number): Uint32Array {
    if (block !== this.#block) {
      const { words, offsets, widths } = this.#blocks
      unpackBlock(words, offsets[block]!, widths[block]!, this.#buffer, 0)
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
