import {
  type DocBits,
  type PackedBlocks,
  type ScoreFormula,
  type ScoreWindow,
  unpackBlock,
  unpackDocBlock,
  unpackDocBlocks,
  unpackNumberBlocks,
} from '@volley/kernels'
import { ByteReader } from '../bytes/byte-reader.ts'
import type { IndexCorruptedError } from '../errors.ts'
import type { RecordOption } from '../schema/index-schema.ts'

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
  /** Whether all deltas are strict, as since format 6. */
  #strict = true
  readonly #docs: PackedBlocks
  readonly #freqs: PackedBlocks
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
    const flags = new Uint8Array(full)
    const freqWidths = new Uint8Array(full)
    const offsets = new Uint32Array(full)
    const freqOffsets = new Uint32Array(full)
    let blocksLength = 0
    if (skip !== null) {
      const bytes = skip.take(skip.remaining)
      blocksLength = 4 * this.#readSkipList(bytes, record, flags, freqWidths, offsets, freqOffsets)
    }
    const blocks = reader.take(blocksLength)
    // four words of padding, as unpacking looks at the row behind the last value
    const words = new Uint32Array(blocksLength / 4 + 4)
    new Uint8Array(words.buffer).set(blocks)
    this.#docs = { words, offsets, widths: flags }
    this.#freqs = { words, offsets: freqOffsets, widths: freqWidths }
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

  /** Bytes that it holds, about. */
  get byteLength(): number {
    return this.#docs.words.byteLength + 32 * this.numBlocks
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
    const flags = this.#docs.widths[block]!
    const previous = block > 0 ? this.lastDocs[block - 1]! : 0
    const { words, offsets } = this.#docs
    let seen: number
    if ((flags & 64) !== 0) {
      seen = unpackDocBlock(words, offsets[block]!, flags & 31, previous === 0 ? -1 : previous, out, 0)
    } else {
      unpackBlock(words, offsets[block]!, flags & 31, out, 0)
      seen = sumDeltas(out, previous)
    }
    if (seen < 0 || out[BLOCK - 1] !== this.lastDocs[block]) throw this.#corrupted(`documents of block ${block}`)
    return BLOCK
  }

  /** Decodes the documents of blocks [from, to) into out[0...); returns their number. */
  readDocBlocks(from: number, to: number, out: Uint32Array): number {
    const full = Math.min(to, this.numFullBlocks)
    let count = 0
    if (!this.#strict) {
      for (let block = from; block < full; block += 1) count += this.readDocs(block, out.subarray(count))
    } else if (from < full) {
      const previous = from > 0 ? this.lastDocs[from - 1]! : -1
      if (!unpackDocBlocks(this.#docs, from, full, previous, out, 0)) throw this.#corrupted('documents of a block')
      for (let block = from; block < full; block += 1) {
        count += BLOCK
        if (out[count - 1] !== this.lastDocs[block]) throw this.#corrupted(`documents of block ${block}`)
      }
    }
    if (to > this.numFullBlocks) {
      out.set(this.#tailDocs, count)
      count += this.#tailDocs.length
    }
    return count
  }

  /** Adds the documents of blocks [from, to) to a set. */
  addDocBlocks(from: number, to: number, bits: DocBits): void {
    const full = Math.min(to, this.numFullBlocks)
    if (this.#strict) {
      const previous = from > 0 ? this.lastDocs[from - 1]! : -1
      if (from < full && !bits.addBlocks(this.#docs, from, full, previous)) {
        throw this.#corrupted('documents of a block')
      }
    } else {
      const docs = new Uint32Array(BLOCK)
      for (let block = from; block < full; block += 1) {
        this.readDocs(block, docs)
        bits.add(docs)
      }
    }
    if (to > this.numFullBlocks) bits.add(this.#tailDocs)
  }

  /** Number of documents of blocks [from, to) that are in a set. */
  countDocBlocks(from: number, to: number, bits: DocBits): number {
    const full = Math.min(to, this.numFullBlocks)
    let count = 0
    if (this.#strict) {
      const previous = from > 0 ? this.lastDocs[from - 1]! : -1
      if (from < full) count = bits.countKeptBlocks(this.#docs, from, full, previous)
      if (count < 0) throw this.#corrupted('documents of a block')
    } else {
      const docs = new Uint32Array(BLOCK)
      for (let block = from; block < full; block += 1) {
        this.readDocs(block, docs)
        count += bits.countKept(docs)
      }
    }
    return to > this.numFullBlocks ? count + bits.countKept(this.#tailDocs) : count
  }

  /** Whether addScores can be used: not for the plain deltas of format 5. */
  get canScoreBlocks(): boolean {
    return this.#strict
  }

  /** Adds the scores of blocks [from, to) to a window. */
  addScores(window: ScoreWindow, formula: ScoreFormula, from: number, to: number): void {
    const full = Math.min(to, this.numFullBlocks)
    const freqs = this.record === 'basic' ? null : this.#freqs
    const previous = from > 0 ? this.lastDocs[from - 1]! : -1
    if (from < full && !window.addBlocks(formula, this.#docs, freqs, from, full, previous)) {
      throw this.#corrupted('documents of a block')
    }
    if (to > this.numFullBlocks) window.addList(formula, this.#tailDocs, freqs === null ? null : this.#tailFreqs)
  }

  /** Decodes the frequencies of blocks [from, to) into out[0...); 1 each where the term has none. */
  readFreqBlocks(from: number, to: number, out: Uint32Array): void {
    const full = Math.min(to, this.numFullBlocks)
    let count = 0
    if (this.record !== 'basic' && this.#strict && from < full) {
      unpackNumberBlocks(this.#freqs, from, full, 1, out, 0)
      count = (full - from) * BLOCK
    } else for (let block = from; block < full; block += 1) count += this.readFreqs(block, out.subarray(count))
    if (to > this.numFullBlocks) this.readFreqs(this.numFullBlocks, out.subarray(count))
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
    unpackBlock(this.#freqs.words, this.#freqs.offsets[block]!, this.#freqs.widths[block]!, out, 0)
    if ((this.#docs.widths[block]! & 64) !== 0) for (let i = 0; i < BLOCK; i += 1) out[i]! += 1
    return BLOCK
  }

  #corrupted(problem: string): IndexCorruptedError {
    return this.#reader.corrupted(problem)
  }

  /** Fills in what the skip list tells; returns the number of words of all blocks. */
  #readSkipList(
    skip: Uint8Array,
    record: RecordOption,
    flags: Uint8Array,
    freqWidths: Uint8Array,
    offsets: Uint32Array,
    freqOffsets: Uint32Array,
  ): number {
    const size = SKIP_ENTRY[record]
    let words = 0
    let positions = 0
    let previous = -1
    let seenFlags = 0
    let strict = 64
    let at = 0
    for (let i = 0; i < offsets.length; i += 1) {
      const last = (skip[at]! | (skip[at + 1]! << 8) | (skip[at + 2]! << 16) | (skip[at + 3]! << 24)) >>> 0
      if (last <= previous || last >= this.maxDoc) throw this.#corrupted(`last document ${last} of block ${i}`)
      previous = last
      this.lastDocs[i] = last
      const flag = skip[at + 4]!
      seenFlags |= flag
      strict &= flag
      flags[i] = flag
      offsets[i] = words
      words += 4 * (flag & 31)
      if (size > 5) {
        const width = skip[at + 5]!
        if (width > 32) throw this.#corrupted(`frequencies of ${width} bits`)
        freqWidths[i] = width
        freqOffsets[i] = words
        words += 4 * width
        if (size > 8) {
          const sum = (skip[at + 6]! | (skip[at + 7]! << 8) | (skip[at + 8]! << 16) | (skip[at + 9]! << 24)) >>> 0
          positions += sum
          this.positionsBefore[i + 1] = positions
        }
        this.blockMaxNorms[i] = skip[at + size - 2]!
        this.blockMaxFreqs[i] = skip[at + size - 1]!
      }
      at += size
    }
    if ((seenFlags & 0xa0) !== 0) throw this.#corrupted(`skip flags ${seenFlags}`)
    this.#strict = strict !== 0
    return words
  }
}

/** Turns 128 plain deltas, as format 5 wrote them, into documents; negative if one has left the range. */
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
