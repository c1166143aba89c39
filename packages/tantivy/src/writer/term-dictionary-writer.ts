import { BitWriter, bitWidth } from './bit-writer.ts'
import { ByteWriter } from './byte-writer.ts'
import { FstWriter } from './fst-writer.ts'
import { GrowingU32 } from './growing-array.ts'
import { SSTableWriter } from './sstable-writer.ts'

export type DictionaryKind = 'sstable' | 'fst'

/** Receives the terms of a field in ascending order, each with where its postings and positions end. */
export interface TermDictionaryWriter {
  add(term: Uint8Array, docFreq: number, postingsEnd: number, positionsEnd: number): void
  /** The dictionary of the field, as it stands in `.term` (section 4). */
  finish(): Uint8Array
}

export function termDictionaryWriter(kind: DictionaryKind): TermDictionaryWriter {
  return kind === 'sstable' ? new SSTableTermDictionaryWriter() : new FstTermDictionaryWriter()
}

/** Frequencies and ends of terms; the start of a term is the end of the one before. */
class TermInfos {
  readonly docFreqs = new GrowingU32()
  readonly postings = new GrowingU32()
  readonly positions = new GrowingU32()

  constructor() {
    this.postings.push(0)
    this.positions.push(0)
  }

  add(docFreq: number, postingsEnd: number, positionsEnd: number): void {
    this.docFreqs.push(docFreq)
    this.postings.push(postingsEnd)
    this.positions.push(positionsEnd)
  }
}

class SSTableTermDictionaryWriter implements TermDictionaryWriter {
  readonly #infos = new TermInfos()
  readonly #table = new SSTableWriter((out, first, end) => this.#writeInfos(out, first, end))

  add(term: Uint8Array, docFreq: number, postingsEnd: number, positionsEnd: number): void {
    this.#infos.add(docFreq, postingsEnd, positionsEnd)
    this.#table.add(term)
  }

  finish(): Uint8Array {
    const out = new ByteWriter()
    out.append(this.#table.finish())
    out.u32(2)
    return out.finish()
  }

  #writeInfos(out: ByteWriter, first: number, end: number): void {
    const { docFreqs, postings, positions } = this.#infos
    out.vint(end - first)
    out.vint(postings.items[first]!)
    out.vint(positions.items[first]!)
    for (let i = first; i < end; i += 1) {
      out.vint(docFreqs.items[i]!)
      out.vint(postings.items[i + 1]! - postings.items[i]!)
      out.vint(positions.items[i + 1]! - positions.items[i]!)
    }
  }
}

const FST_BLOCK = 256

class FstTermDictionaryWriter implements TermDictionaryWriter {
  readonly #infos = new TermInfos()
  readonly #fst = new FstWriter()

  add(term: Uint8Array, docFreq: number, postingsEnd: number, positionsEnd: number): void {
    this.#fst.insert(term, this.#infos.docFreqs.length)
    this.#infos.add(docFreq, postingsEnd, positionsEnd)
  }

  finish(): Uint8Array {
    const out = new ByteWriter()
    out.append(this.#fst.finish())
    const start = out.length
    this.#writeStore(out)
    out.u64(out.length - start)
    out.u32(1)
    out.u32(1)
    return out.finish()
  }

  /** The term info store of section 4.1. */
  #writeStore(out: ByteWriter): void {
    const { docFreqs, postings, positions } = this.#infos
    const count = docFreqs.length
    const metadata = new ByteWriter()
    const data = new ByteWriter()
    for (let first = 0; first < count; first += FST_BLOCK) {
      const end = Math.min(first + FST_BLOCK, count)
      const postingsStart = postings.items[first]!
      const positionsStart = positions.items[first]!
      let maxDocFreq = 0
      for (let i = first + 1; i < end; i += 1) maxDocFreq = Math.max(maxDocFreq, docFreqs.items[i]!)
      const docFreqWidth = bitWidth(maxDocFreq)
      const postingsWidth = bitWidth(postings.items[end]! - postingsStart)
      const positionsWidth = bitWidth(positions.items[end]! - positionsStart)
      metadata.u64(data.length)
      metadata.u32(docFreqs.items[first]!)
      metadata.u64(postingsStart)
      metadata.u32(postings.items[first + 1]! - postingsStart)
      metadata.u64(positionsStart)
      metadata.u32(positions.items[first + 1]! - positionsStart)
      metadata.u8(docFreqWidth)
      metadata.u8(postingsWidth)
      metadata.u8(positionsWidth)
      const bits = new BitWriter(data)
      for (let i = first + 1; i <= end; i += 1) {
        bits.writeNumber(postings.items[i]! - postingsStart, postingsWidth)
        bits.writeNumber(positions.items[i]! - positionsStart, positionsWidth)
        if (i < end) bits.writeNumber(docFreqs.items[i]!, docFreqWidth)
      }
      bits.flush()
    }
    out.u64(metadata.length)
    out.u64(count)
    out.append(metadata.view())
    out.append(data.view())
  }
}
