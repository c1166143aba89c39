import { ByteReader } from '../bytes/byte-reader.ts'
import type { TermInfo } from './term-dictionary.ts'

const BLOCK = 256
const RECORD = 39

/** The values of an FST term dictionary: bit-packed blocks of 256 (section 4.1). */
export class TermInfoStore {
  readonly numTerms: number
  readonly #meta: ByteReader
  readonly #data: ByteReader

  constructor(reader: ByteReader) {
    const metaLength = reader.u64()
    this.numTerms = reader.u64()
    if (metaLength !== Math.ceil(this.numTerms / BLOCK) * RECORD) {
      throw reader.corrupted(`term info metadata of ${metaLength} bytes for ${this.numTerms} terms`)
    }
    const metaAt = reader.base + reader.pos
    this.#meta = new ByteReader(reader.take(metaLength), reader.file, metaAt)
    const dataAt = reader.base + reader.pos
    this.#data = new ByteReader(reader.take(reader.remaining), reader.file, dataAt)
  }

  /** The info of a term by ordinal; throws IndexCorruptedError. */
  get(ordinal: number): TermInfo {
    const meta = this.#meta
    const block = Math.floor(ordinal / BLOCK)
    meta.pos = block * RECORD
    const offset = meta.u64()
    const firstDocFreq = meta.u32()
    const firstPostings = meta.u64()
    const firstPostingsLength = meta.u32()
    const firstPositions = meta.u64()
    const firstPositionsLength = meta.u32()
    const docFreqWidth = meta.u8()
    const postingsWidth = meta.u8()
    const positionsWidth = meta.u8()
    if (docFreqWidth > 32 || postingsWidth > 53 || positionsWidth > 53) throw meta.corrupted('bad term info block')
    const index = ordinal % BLOCK
    if (index === 0) {
      return {
        docFreq: firstDocFreq,
        postingsStart: firstPostings,
        postingsEnd: firstPostings + firstPostingsLength,
        positionsStart: firstPositions,
        positionsEnd: firstPositions + firstPositionsLength,
      }
    }
    const bits = docFreqWidth + postingsWidth + positionsWidth
    const at = offset * 8 + (index - 1) * bits
    const next = at + bits
    const docFreqAt = at + postingsWidth + positionsWidth
    return {
      docFreq: this.#bits(docFreqAt, docFreqWidth),
      postingsStart: firstPostings + this.#bits(at, postingsWidth),
      postingsEnd: firstPostings + this.#bits(next, postingsWidth),
      positionsStart: firstPositions + this.#bits(at + postingsWidth, positionsWidth),
      positionsEnd: firstPositions + this.#bits(next + postingsWidth, positionsWidth),
    }
  }

  #bits(at: number, width: number): number {
    const data = this.#data
    if (Math.ceil((at + width) / 8) > data.bytes.length) throw data.corrupted('term info is cut off')
    let value = 0
    let scale = 1
    let bit = at
    let left = width
    while (left > 0) {
      const within = bit % 8
      const take = Math.min(8 - within, left)
      value += ((data.bytes[Math.floor(bit / 8)]! >> within) & ((1 << take) - 1)) * scale
      scale *= 2 ** take
      bit += take
      left -= take
    }
    return value
  }
}
