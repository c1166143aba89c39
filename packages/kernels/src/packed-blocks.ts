import { threadScratch } from './scratch.ts'

/** Numbers of a block. */
export const BLOCK_LENGTH = 128
/** Blocks that are unpacked in one call: the scratch stays in the second-level cache. */
const BLOCKS_PER_CALL = 64

/** Blocks of 128 numbers packed in four lanes (formats/tantivy.md section 1.3). */
export interface PackedBlocks {
  /** The packed data, with four words of padding. */
  readonly words: Uint32Array
  /** First word of each block. */
  readonly offsets: Uint32Array
  /** Bits a number; for documents, the low five bits of the flags. */
  readonly widths: Uint8Array
}

/**
 * Unpacks blocks [from, to) of strict document deltas (minus one) to out[at...). `previous` is the document before the
 * first, -1 if there is none. False if a document is out of range; they ascend strictly otherwise.
 */
export function unpackDocBlocks(
  blocks: PackedBlocks,
  from: number,
  to: number,
  previous: number,
  out: Uint32Array,
  at: number,
): boolean {
  const scratch = to - from > 1 ? threadScratch() : null
  let last = previous
  let written = at
  if (scratch === null) {
    for (let block = from; block < to; block += 1) {
      const { words, offsets, widths } = blocks
      if (unpackDocBlock(words, offsets[block]!, widths[block]! & 31, last, out, written) < 0) return false
      written += BLOCK_LENGTH
      last = out[written - 1]!
    }
    return true
  }
  for (let block = from; block < to; block += BLOCKS_PER_CALL) {
    const count = Math.min(BLOCKS_PER_CALL, to - block)
    const mark = scratch.mark()
    const docs = unpackDocsTo(blocks, block, count, last)
    if (docs >= 0) {
      const words = scratch.words
      out.set(words.subarray(docs >>> 2, (docs >>> 2) + count * BLOCK_LENGTH), written)
    }
    scratch.release(mark)
    if (docs < 0) return false
    written += count * BLOCK_LENGTH
    last = out[written - 1]!
  }
  return true
}

/**
 * Unpacks documents to the thread's scratch, which must be there; returns their address, -1 if one is out of range. The
 * caller takes the mark and releases it.
 */
export function unpackDocsTo(blocks: PackedBlocks, from: number, count: number, previous: number): number {
  const scratch = threadScratch()!
  const docs = scratch.alloc(count * BLOCK_LENGTH * 4)
  const { words, offsets, flags } = putBlocks(blocks, from, count)
  return scratch.kernels.unpackDocs(words, offsets, flags, count, previous, docs) < 0 ? -1 : docs
}

/** The same for plain numbers, with `addend` added to each. */
export function unpackNumbersTo(blocks: PackedBlocks, from: number, count: number, addend: number): number {
  const scratch = threadScratch()!
  const out = scratch.alloc(count * BLOCK_LENGTH * 4)
  const { words, offsets, flags } = putBlocks(blocks, from, count)
  scratch.kernels.unpackNumbers(words, offsets, flags, count, addend, out)
  return out
}

/** Copies packed blocks in. The address of the words is such that the blocks' own offsets count from it. */
function putBlocks(
  blocks: PackedBlocks,
  from: number,
  count: number,
): { words: number; offsets: number; flags: number } {
  const scratch = threadScratch()!
  const first = blocks.offsets[from]!
  const last = from + count - 1
  const end = blocks.offsets[last]! + 4 * (blocks.widths[last]! & 63)
  const address = scratch.putWords(blocks.words.subarray(first, Math.min(end, blocks.words.length)))
  const offsets = scratch.putWords(blocks.offsets.subarray(from, from + count))
  const flags = scratch.put(blocks.widths.subarray(from, from + count))
  return { words: (address - 4 * first) | 0, offsets, flags }
}

/** Unpacks blocks [from, to) of plain numbers to out[at...), with `addend` added to each. */
export function unpackNumberBlocks(
  blocks: PackedBlocks,
  from: number,
  to: number,
  addend: number,
  out: Uint32Array,
  at: number,
): void {
  const scratch = to - from > 1 ? threadScratch() : null
  if (scratch === null) {
    for (let block = from; block < to; block += 1) {
      const written = at + (block - from) * BLOCK_LENGTH
      unpackBlock(blocks.words, blocks.offsets[block]!, blocks.widths[block]!, out, written)
      if (addend !== 0) for (let i = written; i < written + BLOCK_LENGTH; i += 1) out[i]! += addend
    }
    return
  }
  for (let block = from; block < to; block += BLOCKS_PER_CALL) {
    const count = Math.min(BLOCKS_PER_CALL, to - block)
    const mark = scratch.mark()
    const numbers = unpackNumbersTo(blocks, block, count, addend) >>> 2
    out.set(scratch.words.subarray(numbers, numbers + count * BLOCK_LENGTH), at + (block - from) * BLOCK_LENGTH)
    scratch.release(mark)
  }
}

/** Unpacks one block of 128 numbers of `width` bits from words[at...) to out[to...). */
export function unpackBlock(words: Uint32Array, at: number, width: number, out: Uint32Array, to: number): void {
  if (width === 0) {
    out.fill(0, to, to + BLOCK_LENGTH)
    return
  }
  const mask = width === 32 ? -1 : (1 << width) - 1
  const end = to + BLOCK_LENGTH
  let word = at
  let shift = 0
  for (let i = to; i < end; i += 4) {
    let a = words[word]! >>> shift
    let b = words[word + 1]! >>> shift
    let c = words[word + 2]! >>> shift
    let d = words[word + 3]! >>> shift
    shift += width
    if (shift >= 32) {
      shift -= 32
      word += 4
      if (shift > 0) {
        const up = width - shift
        a |= words[word]! << up
        b |= words[word + 1]! << up
        c |= words[word + 2]! << up
        d |= words[word + 3]! << up
      }
    }
    out[i] = a & mask
    out[i + 1] = b & mask
    out[i + 2] = c & mask
    out[i + 3] = d & mask
  }
}

/**
 * Unpacks one block of 128 strict document deltas to out[to...); returns the documents OR-ed: negative if one has left the
 * range. A delta has at most 31 bits, so a sum that wraps shows its top bit on the way.
 */
export function unpackDocBlock(
  words: Uint32Array,
  at: number,
  width: number,
  previous: number,
  out: Uint32Array,
  to: number,
): number {
  const mask = (1 << width) - 1
  const end = to + BLOCK_LENGTH
  let doc = previous
  let seen = 0
  let word = at
  let shift = 0
  for (let i = to; i < end; i += 4) {
    let a = words[word]! >>> shift
    let b = words[word + 1]! >>> shift
    let c = words[word + 2]! >>> shift
    let d = words[word + 3]! >>> shift
    shift += width
    if (shift >= 32) {
      shift -= 32
      word += 4
      if (shift > 0) {
        const up = width - shift
        a |= words[word]! << up
        b |= words[word + 1]! << up
        c |= words[word + 2]! << up
        d |= words[word + 3]! << up
      }
    }
    a = (doc + (a & mask) + 1) | 0
    b = (a + (b & mask) + 1) | 0
    c = (b + (c & mask) + 1) | 0
    d = (c + (d & mask) + 1) | 0
    out[i] = a
    out[i + 1] = b
    out[i + 2] = c
    out[i + 3] = d
    seen |= a | b | c | d
    doc = d
  }
  return seen
}
