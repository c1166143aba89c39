import { FIELD_NORMS } from '../postings/fieldnorms.ts'
import type { RecordOption } from '../schema/index-schema.ts'
import type { ByteWriter } from './byte-writer.ts'
import { pack128, widthOf128 } from './pack-128.ts'

const BLOCK = 128
const STRICT = 64
const deltas = new Uint32Array(BLOCK)
const frequencies = new Uint32Array(BLOCK)
const K1 = Math.fround(1.2)
const B = Math.fround(0.75)

/** Lengths of a field's documents, for the block-max data of skip lists. */
export interface BlockMaxNorms {
  readonly codes: Uint8Array
  readonly averageLength: number
}

/**
 * Writes the postings of one term (section 5): `count` ascending documents and how often each holds the term. Without
 * norms a full block's bound is "unbounded", which keeps pruning of other readers right.
 */
export function writePostings(
  out: ByteWriter,
  skips: ByteWriter,
  docs: Uint32Array,
  tfs: Uint32Array,
  count: number,
  option: RecordOption,
  norms: BlockMaxNorms | null,
): void {
  const full = Math.floor(count / BLOCK)
  if (full > 0) {
    // the skip list stands before the blocks, so blocks are measured first
    skips.clear()
    for (let k = 0; k < full; k += 1) writeSkip(skips, docs, tfs, k * BLOCK, option, norms)
    out.vint(skips.length)
    out.append(skips.view())
    for (let k = 0; k < full; k += 1) writeBlock(out, docs, tfs, k * BLOCK, option)
  }
  let previous = full === 0 ? 0 : docs[full * BLOCK - 1]!
  for (let i = full * BLOCK; i < count; i += 1) {
    out.vint(docs[i]! - previous)
    previous = docs[i]!
  }
  if (option === 'basic') return
  for (let i = full * BLOCK; i < count; i += 1) out.vint(tfs[i]!)
}

/** Differences less one; the first of a term, or after document 0, is the document itself (section 5.3). */
function blockDeltas(docs: Uint32Array, start: number): void {
  let previous = start === 0 || docs[start - 1] === 0 ? -1 : docs[start - 1]!
  for (let i = 0; i < BLOCK; i += 1) {
    const doc = docs[start + i]!
    deltas[i] = doc - previous - 1
    previous = doc
  }
}

function blockFrequencies(tfs: Uint32Array, start: number): void {
  for (let i = 0; i < BLOCK; i += 1) frequencies[i] = tfs[start + i]! - 1
}

function writeSkip(
  skips: ByteWriter,
  docs: Uint32Array,
  tfs: Uint32Array,
  start: number,
  option: RecordOption,
  norms: BlockMaxNorms | null,
): void {
  blockDeltas(docs, start)
  skips.u32(docs[start + BLOCK - 1]!)
  skips.u8(widthOf128(deltas, 0) | STRICT)
  if (option === 'basic') return
  blockFrequencies(tfs, start)
  skips.u8(widthOf128(frequencies, 0))
  if (option === 'position') {
    let sum = 0
    for (let i = start; i < start + BLOCK; i += 1) sum += tfs[i]!
    skips.u32(sum)
  }
  writeBlockMax(skips, docs, tfs, start, norms)
}

function writeBlock(out: ByteWriter, docs: Uint32Array, tfs: Uint32Array, start: number, option: RecordOption): void {
  blockDeltas(docs, start)
  pack128(deltas, 0, widthOf128(deltas, 0), out)
  if (option === 'basic') return
  blockFrequencies(tfs, start)
  pack128(frequencies, 0, widthOf128(frequencies, 0), out)
}

/** The document of the block with the largest term frequency factor of BM25; the last among equals (section 5.4). */
function writeBlockMax(
  skips: ByteWriter,
  docs: Uint32Array,
  tfs: Uint32Array,
  start: number,
  norms: BlockMaxNorms | null,
): void {
  if (norms === null) {
    skips.u8(0)
    skips.u8(255)
    return
  }
  let best = -1
  let bestCode = 0
  let bestTf = 0
  for (let i = start; i < start + BLOCK; i += 1) {
    const code = norms.codes[docs[i]!]!
    const tf = tfs[i]!
    const relative = Math.fround(Math.fround(B * FIELD_NORMS[code]!) / norms.averageLength)
    const length = Math.fround(K1 * Math.fround(Math.fround(1 - B) + relative))
    const factor = Math.fround(tf / Math.fround(tf + length))
    if (factor < best) continue
    best = factor
    bestCode = code
    bestTf = tf
  }
  skips.u8(bestCode)
  skips.u8(Math.min(bestTf, 255))
}

/** Writes the position deltas of one term over its documents (section 6.1). */
export function writePositions(out: ByteWriter, positions: Uint32Array, count: number): void {
  const full = Math.floor(count / BLOCK)
  out.vint(full)
  for (let k = 0; k < full; k += 1) out.u8(widthOf128(positions, k * BLOCK))
  for (let k = 0; k < full; k += 1) pack128(positions, k * BLOCK, widthOf128(positions, k * BLOCK), out)
  for (let i = full * BLOCK; i < count; i += 1) out.vint(positions[i]!)
}
