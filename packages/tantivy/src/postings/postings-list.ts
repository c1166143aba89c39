import { ByteReader } from '../bytes/byte-reader.ts'
import type { IndexCorruptedError } from '../errors.ts'
import type { RecordOption } from '../schema/index-schema.ts'
import { unpack128 } from './bit-unpack-128.ts'

/** Documents of a full block. */
export const BLOCK = 128
/** Bytes of a skip entry by record option (section 5.2). */
const SKIP_ENTRY = { basic: 5, freq: 8, position: 12 } as const

/**
 * The postings of one term in one segment, in memory (section 5). The skip list is decoded when it is made, blocks when
 * they are asked for. Block number `numFullBlocks` is the tail.
 */
export class PostingsList {
  readonly docFreq: number
  readonly maxDoc: number
  /** What the term really has: terms of JSON fields that are not strings have documents only. */
  readonly record: RecordOption
  readonly numBlocks: number
  readonly numFullBlocks: number
  /** Last document of each full block. */
  readonly lastDocs: Uint32Array
  /** Number of positions before each full block, and before the tail. */
  readonly positionsBefore: Float64Array
  /** Field norm code and frequency (255: unknown) of the highest-scoring document of each full block. */
  readonly blockMaxNorms: Uint8Array
  readonly blockMaxFreqs: Uint8Array
  readonly #docWidths: Uint8Array
  readonly #freqWidths: Uint8Array
  readonly #blockWords: Uint32Array
  readonly #words: Uint32Array
  readonly #tailDocs: Uint32Array
  readonly #tailFreqs: Uint32Array
  readonly #reader: ByteReader

  constructor(reader: ByteReader, docFreq: number, option: RecordOption, maxDoc: number) {
    this.docFreq = docFreq
    this.maxDoc = maxDoc
    this.#reader = reader
    if (docFreq < 1 || docFreq > maxDoc) throw reader.corrupted(`term in ${docFreq} of ${maxDoc} documents`)
    const full = Math.floor(docFreq / BLOCK)
    const tail = docFreq % BLOCK
    this.numFullBlocks = full
    this.numBlocks = full + (tail > 0 ? 1 : 0)
    let record = option
    let skip: ByteReader | null = null
    if (full > 0) {
      const length = reader.vint()
      if (option !== 'basic' && length < 8 * full) record = 'basic'
      if (length !== full * SKIP_ENTRY[record])
        throw reader.corrupted(`skip list of ${length} bytes for ${full} blocks`)
      skip = new ByteReader(reader.bytes, reader.file, reader.base, reader.pos, reader.pos + length)
      reader.skip(length)
    }
    this.lastDocs = new Uint32Array(full)
    this.positionsBefore = new Float64Array(full + 1)
    this.blockMaxNorms = new Uint8Array(record === 'basic' ? 0 : full)
    this.blockMaxFreqs = new Uint8Array(record === 'basic' ? 0 : full)
    this.#docWidths = new Uint8Array(full)
    this.#freqWidths = new Uint8Array(full)
    this.#blockWords = new Uint32Array(full + 1)
    if (skip !== null) this.#readSkipList(skip, record)
    const blocksLength = this.#blockWords[full]! * 4
    const blocks = reader.take(blocksLength)
    // four words of padding, as unpacking looks at the row behind the last value
    this.#words = new Uint32Array(blocksLength / 4 + 4)
    new Uint8Array(this.#words.buffer).set(blocks)
    this.#tailDocs = new Uint32Array(tail)
    let doc = full > 0 ? this.lastDocs[full - 1]! : 0
    for (let i = 0; i < tail; i += 1) {
      const delta = reader.vint()
      doc += delta
      if (doc >= maxDoc || (delta === 0 && (i > 0 || full > 0))) throw reader.corrupted(`document ${doc} out of order`)
      this.#tailDocs[i] = doc
    }
    if (full === 0 && option !== 'basic' && reader.remaining === 0) record = 'basic'
    this.record = record
    this.#tailFreqs = new Uint32Array(record === 'basic' ? 0 : tail)
    for (let i = 0; i < this.#tailFreqs.length; i += 1) {
      const freq = reader.vint()
      if (freq < 1 || freq > 0xffffffff) throw reader.corrupted(`term frequency ${freq}`)
      this.#tailFreqs[i] = freq
    }
  }

  get hasFreqs(): boolean {
    return this.record !== 'basic'
  }

  /** Number of documents of a block. */
  blockLength(block: number): number {
    return block < this.numFullBlocks ? BLOCK : this.docFreq % BLOCK
  }

  /** The first block from `from` on whose last document is not below `target`; numBlocks if there is none. */
  blockOf(target: number, from: number): number {
    const last = this.lastDocs
    if (from >= last.length || last[from]! >= target) return from
    // gallop, then halve
    let step = 1
    let low = from
    while (low + step < last.length && last[low + step]! < target) {
      low += step
      step *= 2
    }
    let high = Math.min(low + step, last.length)
    low += 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (last[middle]! < target) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Decodes the documents of a block into out[0..128); returns their number. */
  readDocs(block: number, out: Uint32Array): number {
    if (block >= this.numFullBlocks) {
      const tail = this.#tailDocs
      for (let i = 0; i < tail.length; i += 1) out[i] = tail[i]!
      return tail.length
    }
    const flags = this.#docWidths[block]!
    const previous = block > 0 ? this.lastDocs[block - 1]! : 0
    unpack128(this.#words, this.#blockWords[block]!, flags & 31, out)
    const seen = (flags & 64) !== 0 ? sumStrictDeltas(out, previous === 0 ? -1 : previous) : sumDeltas(out, previous)
    if (seen < 0 || out[BLOCK - 1] !== this.lastDocs[block]) throw this.#corrupted(`documents of block ${block}`)
    return BLOCK
  }

  /** Decodes the frequencies of a block into out[0..128); 1 each where the term has none. */
  readFreqs(block: number, out: Uint32Array): number {
    if (this.record === 'basic') {
      const length = this.blockLength(block)
      out.fill(1, 0, length)
      return length
    }
    if (block >= this.numFullBlocks) {
      const tail = this.#tailFreqs
      for (let i = 0; i < tail.length; i += 1) out[i] = tail[i]!
      return tail.length
    }
    const flags = this.#docWidths[block]!
    unpack128(this.#words, this.#blockWords[block]! + 4 * (flags & 31), this.#freqWidths[block]!, out)
    if ((flags & 64) !== 0) for (let i = 0; i < BLOCK; i += 1) out[i]! += 1
    return BLOCK
  }

  #corrupted(problem: string): IndexCorruptedError {
    return this.#reader.corrupted(problem)
  }

  #readSkipList(skip: ByteReader, record: RecordOption): void {
    let words = 0
    let positions = 0
    let previous = -1
    for (let i = 0; i < this.lastDocs.length; i += 1) {
      const last = skip.u32()
      if (last <= previous || last >= this.maxDoc) throw skip.corrupted(`last document ${last} of block ${i}`)
      previous = last
      this.lastDocs[i] = last
      const flags = skip.u8()
      this.#docWidths[i] = flags
      this.#blockWords[i] = words
      words += 4 * (flags & 31)
      if ((flags & 0xa0) !== 0) throw skip.corrupted(`skip flags ${flags}`)
      if (record === 'basic') continue
      const width = skip.u8()
      if (width > 32) throw skip.corrupted(`frequencies of ${width} bits`)
      this.#freqWidths[i] = width
      words += 4 * width
      if (record === 'position') positions += skip.u32()
      this.positionsBefore[i + 1] = positions
      this.blockMaxNorms[i] = skip.u8()
      this.blockMaxFreqs[i] = skip.u8()
    }
    this.#blockWords[this.lastDocs.length] = words
  }
}

/**
 * Turns 128 strict deltas (minus one) into documents; -1 if one has left the range of documents. A delta has at most 31
 * bits, so a sum that wraps shows its top bit on the way.
 */
function sumStrictDeltas(out: Uint32Array, previous: number): number {
  let doc = previous
  let seen = 0
  for (let i = 0; i < BLOCK; i += 1) {
    doc = (doc + out[i]! + 1) | 0
    seen |= doc
    out[i] = doc
  }
  return seen
}

/** The same for plain deltas, as format 5 wrote them. */
function sumDeltas(out: Uint32Array, previous: number): number {
  let doc = previous
  let seen = 0
  for (let i = 0; i < BLOCK; i += 1) {
    const delta = out[i]!
    if (delta === 0 && i > 0) seen = -1
    doc = (doc + delta) | 0
    seen |= doc
    out[i] = doc
  }
  return seen
}
