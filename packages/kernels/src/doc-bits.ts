import { type PackedBlocks, unpackDocBlocks, unpackDocsTo, BLOCK_LENGTH } from './packed-blocks.ts'
import { type Scratch, threadScratch } from './scratch.ts'

/** Documents that are copied in at a time. */
const CHUNK = 8192
const BLOCKS = CHUNK / BLOCK_LENGTH

/** A set of documents below a bound, as a bitmap. Lists of documents that it is given ascend; a RangeError tells of one that is not below the bound. */
export interface DocBits {
  add(docs: Uint32Array): void
  /** Adds packed blocks [from, to), see unpackDocBlocks; false if a document is out of range or not below the bound. */
  addBlocks(blocks: PackedBlocks, from: number, to: number, previous: number): boolean
  /** Of ascending documents, those that are in the set (or, with `present` false, that are not). */
  keep(docs: Uint32Array, present: boolean): Uint32Array
  /** Number of the documents that are in the set. */
  countKept(docs: Uint32Array): number
  /** The same for packed blocks [from, to), see unpackDocBlocks; -1 if a document is out of range or not below the bound. */
  countKeptBlocks(blocks: PackedBlocks, from: number, to: number, previous: number): number
  count(): number
  toArray(): Uint32Array
}

/** Runs with an empty set of documents below `maxDoc`, which must not be used later. */
export function withDocBits<T>(maxDoc: number, run: (bits: DocBits) => T): T {
  const scratch = threadScratch()
  if (scratch === null) return run(new PlainDocBits(maxDoc))
  const mark = scratch.mark()
  try {
    return run(new ScratchDocBits(scratch, maxDoc))
  } finally {
    scratch.release(mark)
  }
}

function checkBound(docs: Uint32Array, maxDoc: number): void {
  if (docs.length > 0 && docs[docs.length - 1]! >= maxDoc) {
    throw new RangeError(`document ${docs[docs.length - 1]} in a set of documents below ${maxDoc}`)
  }
}

/** An even number of words. */
function wordsFor(maxDoc: number): number {
  return 2 * Math.ceil(maxDoc / 64)
}

/** In the scratch, by WebAssembly. */
class ScratchDocBits implements DocBits {
  readonly #scratch: Scratch
  readonly #maxDoc: number
  readonly #words: number
  readonly #bits: number

  constructor(scratch: Scratch, maxDoc: number) {
    this.#scratch = scratch
    this.#maxDoc = maxDoc
    this.#words = wordsFor(maxDoc)
    this.#bits = scratch.alloc(this.#words * 4)
    scratch.words.fill(0, this.#bits >>> 2, (this.#bits >>> 2) + this.#words)
  }

  add(docs: Uint32Array): void {
    checkBound(docs, this.#maxDoc)
    for (let at = 0; at < docs.length; at += CHUNK) {
      const mark = this.#scratch.mark()
      const chunk = docs.subarray(at, at + CHUNK)
      this.#scratch.kernels.setBits(this.#scratch.putWords(chunk), chunk.length, this.#bits)
      this.#scratch.release(mark)
    }
  }

  addBlocks(blocks: PackedBlocks, from: number, to: number, previous: number): boolean {
    let last = previous
    for (let block = from; block < to; block += BLOCKS) {
      const count = Math.min(BLOCKS, to - block)
      const mark = this.#scratch.mark()
      const docs = unpackDocsTo(blocks, block, count, last)
      last = docs < 0 ? this.#maxDoc : this.#scratch.words[(docs >>> 2) + count * BLOCK_LENGTH - 1]!
      if (last < this.#maxDoc) this.#scratch.kernels.setBits(docs, count * BLOCK_LENGTH, this.#bits)
      this.#scratch.release(mark)
      if (last >= this.#maxDoc) return false
    }
    return true
  }

  keep(docs: Uint32Array, present: boolean): Uint32Array {
    checkBound(docs, this.#maxDoc)
    const out = new Uint32Array(docs.length)
    let kept = 0
    for (let at = 0; at < docs.length; at += CHUNK) {
      const mark = this.#scratch.mark()
      const chunk = docs.subarray(at, at + CHUNK)
      const address = this.#scratch.putWords(chunk)
      const count = this.#scratch.kernels.keepBits(address, chunk.length, this.#bits, +present, address)
      out.set(this.#scratch.words.subarray(address >>> 2, (address >>> 2) + count), kept)
      kept += count
      this.#scratch.release(mark)
    }
    return out.subarray(0, kept)
  }

  countKept(docs: Uint32Array): number {
    checkBound(docs, this.#maxDoc)
    let kept = 0
    for (let at = 0; at < docs.length; at += CHUNK) {
      const mark = this.#scratch.mark()
      const chunk = docs.subarray(at, at + CHUNK)
      kept += this.#scratch.kernels.countKept(this.#scratch.putWords(chunk), chunk.length, this.#bits)
      this.#scratch.release(mark)
    }
    return kept
  }

  countKeptBlocks(blocks: PackedBlocks, from: number, to: number, previous: number): number {
    let last = previous
    let kept = 0
    for (let block = from; block < to; block += BLOCKS) {
      const count = Math.min(BLOCKS, to - block)
      const mark = this.#scratch.mark()
      const docs = unpackDocsTo(blocks, block, count, last)
      last = docs < 0 ? this.#maxDoc : this.#scratch.words[(docs >>> 2) + count * BLOCK_LENGTH - 1]!
      if (last < this.#maxDoc) kept += this.#scratch.kernels.countKept(docs, count * BLOCK_LENGTH, this.#bits)
      this.#scratch.release(mark)
      if (last >= this.#maxDoc) return -1
    }
    return kept
  }

  count(): number {
    return this.#scratch.kernels.countBits(this.#bits, this.#words)
  }

  toArray(): Uint32Array {
    const out = new Uint32Array(this.count())
    const step = CHUNK / 32
    let written = 0
    const mark = this.#scratch.mark()
    const address = this.#scratch.alloc(CHUNK * 4)
    for (let k = 0; k < this.#words; k += step) {
      const words = Math.min(step, this.#words - k)
      const count = this.#scratch.kernels.takeBits(this.#bits + 4 * k, words, 32 * k, address)
      out.set(this.#scratch.words.subarray(address >>> 2, (address >>> 2) + count), written)
      written += count
    }
    this.#scratch.release(mark)
    return out
  }
}

/** In JavaScript. */
class PlainDocBits implements DocBits {
  readonly #maxDoc: number
  readonly #words: Uint32Array
  readonly #docs = new Uint32Array(CHUNK)

  constructor(maxDoc: number) {
    this.#maxDoc = maxDoc
    this.#words = new Uint32Array(wordsFor(maxDoc))
  }

  add(docs: Uint32Array): void {
    checkBound(docs, this.#maxDoc)
    const words = this.#words
    for (let i = 0; i < docs.length; i += 1) words[docs[i]! >>> 5]! |= 1 << (docs[i]! & 31)
  }

  addBlocks(blocks: PackedBlocks, from: number, to: number, previous: number): boolean {
    let last = previous
    for (let block = from; block < to; block += BLOCKS) {
      const end = Math.min(to, block + BLOCKS)
      if (!unpackDocBlocks(blocks, block, end, last, this.#docs, 0)) return false
      const docs = this.#docs.subarray(0, (end - block) * BLOCK_LENGTH)
      last = docs[docs.length - 1]!
      if (last >= this.#maxDoc) return false
      this.add(docs)
    }
    return true
  }

  keep(docs: Uint32Array, present: boolean): Uint32Array {
    const words = this.#words
    const out = new Uint32Array(docs.length)
    const flip = present ? 0 : 1
    let kept = 0
    for (let i = 0; i < docs.length; i += 1) {
      const doc = docs[i]!
      out[kept] = doc
      kept += ((words[doc >>> 5]! >>> (doc & 31)) & 1) ^ flip
    }
    return out.subarray(0, kept)
  }

  countKept(docs: Uint32Array): number {
    const words = this.#words
    let kept = 0
    for (let i = 0; i < docs.length; i += 1) kept += (words[docs[i]! >>> 5]! >>> (docs[i]! & 31)) & 1
    return kept
  }

  countKeptBlocks(blocks: PackedBlocks, from: number, to: number, previous: number): number {
    let last = previous
    let kept = 0
    for (let block = from; block < to; block += BLOCKS) {
      const end = Math.min(to, block + BLOCKS)
      if (!unpackDocBlocks(blocks, block, end, last, this.#docs, 0)) return -1
      const docs = this.#docs.subarray(0, (end - block) * BLOCK_LENGTH)
      last = docs[docs.length - 1]!
      if (last >= this.#maxDoc) return -1
      kept += this.countKept(docs)
    }
    return kept
  }

  count(): number {
    let count = 0
    for (const word of this.#words) count += popCount(word)
    return count
  }

  toArray(): Uint32Array {
    const out = new Uint32Array(this.count())
    const words = this.#words
    let at = 0
    for (let k = 0; k < words.length; k += 1) {
      let word = words[k]!
      while (word !== 0) {
        const low = word & -word
        out[at] = 32 * k + 31 - Math.clz32(low)
        at += 1
        word ^= low
      }
    }
    return out
  }
}

/** Number of set bits of a 32-bit word. */
function popCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
