import { ByteWriter } from './byte-writer.ts'
import { writeNumbers } from './column-values-writer.ts'

const DENSE_FROM = 5120

/** Writes a set of ascending documents out of `maxDoc` (section 9.3). */
function writeOptionalIndex(out: ByteWriter, docs: Uint32Array, maxDoc: number): void {
  out.vint(maxDoc)
  const blocks: { id: number; count: number }[] = []
  for (let start = 0; start < docs.length;) {
    const id = docs[start]! >>> 16
    let end = start
    while (end < docs.length && docs[end]! >>> 16 === id) end += 1
    if (end - start < DENSE_FROM) for (let i = start; i < end; i += 1) out.u16(docs[i]! & 0xffff)
    else writeDenseBlock(out, docs, start, end)
    blocks.push({ id, count: end - start })
    start = end
  }
  for (const { id, count } of blocks) {
    out.u16(id)
    out.u16(count - 1)
  }
  out.u16(blocks.length)
}

function writeDenseBlock(out: ByteWriter, docs: Uint32Array, start: number, end: number): void {
  const words = new Uint32Array(2048)
  for (let i = start; i < end; i += 1) words[(docs[i]! & 0xffff) >> 5]! |= 1 << (docs[i]! & 31)
  let rank = start
  for (let k = 0; k < 1024; k += 1) {
    out.u32(words[2 * k]!)
    out.u32(words[2 * k + 1]!)
    out.u16((rank - start) & 0xffff)
    while (rank < end && (docs[rank]! & 0xffff) >> 6 === k) rank += 1
  }
}

/**
 * Writes the index of a column (section 9.2): which documents the values belong to, `docs` being the document of each value,
 * ascending. The smallest cardinality that fits is taken.
 */
export function writeColumnIndex(out: ByteWriter, docs: Uint32Array, maxDoc: number): void {
  const present = distinctOf(docs)
  if (present.length < docs.length) {
    const starts = new BigUint64Array(present.length + 1)
    let count = 0
    for (let i = 0; i < docs.length; i += 1) if (i === 0 || docs[i] !== docs[i - 1]) starts[count++] = BigInt(i)
    starts[count] = BigInt(docs.length)
    const optional = new ByteWriter()
    writeOptionalIndex(optional, present, maxDoc)
    out.u8(2)
    out.append(optional.view())
    writeNumbers(out, starts)
    out.u32(optional.length)
  } else if (present.length === maxDoc) {
    out.u8(0)
  } else {
    out.u8(1)
    writeOptionalIndex(out, present, maxDoc)
  }
}

/** An ascending list without what is in it again. */
function distinctOf(docs: Uint32Array): Uint32Array {
  const distinct = new Uint32Array(docs.length)
  let count = 0
  for (let i = 0; i < docs.length; i += 1) if (i === 0 || docs[i] !== docs[i - 1]) distinct[count++] = docs[i]!
  return distinct.subarray(0, count)
}
