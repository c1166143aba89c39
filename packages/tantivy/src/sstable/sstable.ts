import { ByteReader } from '../bytes/byte-reader.ts'
import type { ZstdDecompress } from '../bytes/zstd.ts'
import type { IndexCorruptedError } from '../errors.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { decodeBlock, openBlock, type SSTableBlock, visitKeys } from './block.ts'
import { type BlockIndex, readBlockIndexV2, readBlockIndexV3, singleBlockIndex } from './block-index.ts'
import type { ValueCodec } from './value-codec.ts'

/** What is read of the end at first: footer and, of most tables, their index. */
const FIRST_READ = 4096

/** Decoded blocks that a table keeps: a query asks for the block of a term more than once. */
const RECENT_BLOCKS = 32

/** A sorted string table, versions 2 and 3 (section 4.3). Opening reads footer and index; blocks are read when needed. */
export class SSTable<V> {
  readonly numTerms: number
  readonly index: BlockIndex
  readonly #slice: FileSlice
  readonly #codec: ValueCodec<V>
  readonly #zstd: ZstdDecompress
  readonly #recent = new Map<number, SSTableBlock<V>>()

  private constructor(
    slice: FileSlice,
    numTerms: number,
    index: BlockIndex,
    codec: ValueCodec<V>,
    zstd: ZstdDecompress,
  ) {
    this.#slice = slice
    this.numTerms = numTerms
    this.index = index
    this.#codec = codec
    this.#zstd = zstd
  }

  static async open<V>(whole: FileSlice, codec: ValueCodec<V>, zstd: ZstdDecompress): Promise<SSTable<V>> {
    if (whole.length < 20) throw whole.corrupted(0, 'too short for an sstable')
    const slice = await whole.withTail(FIRST_READ)
    const footerAt = slice.length - 20
    const footer = new ByteReader(await slice.read(footerAt), slice.file, slice.start + footerAt)
    const indexOffset = footer.u64()
    const numTerms = footer.u64()
    const version = footer.u32()
    if (version !== 2 && version !== 3) throw footer.corrupted(`sstable of version ${version}`)
    if (indexOffset > footerAt - (version === 3 ? 8 : 0)) throw footer.corrupted(`sstable index at ${indexOffset}`)
    if (numTerms > 0xffffffff) throw footer.corrupted(`sstable of ${numTerms} terms`)
    const indexBytes = await slice.read(indexOffset, footerAt)
    const base = slice.start + indexOffset
    let index: BlockIndex
    if (version === 2) {
      index = readBlockIndexV2(indexBytes, slice.file, base, zstd)
      if (index.starts.length === 0) index = singleBlockIndex(indexOffset)
    } else {
      const end = indexBytes.length - 8
      const fstLength = new ByteReader(indexBytes, slice.file, base, end).u64()
      if (fstLength > end) throw slice.corrupted(indexOffset + end, `sstable index of ${fstLength} bytes`)
      index =
        fstLength === 0
          ? singleBlockIndex(indexOffset)
          : readBlockIndexV3(indexBytes.subarray(0, end), fstLength, slice.file, base)
    }
    checkIndex(index, indexOffset, numTerms, slice)
    return new SSTable(slice, numTerms, index, codec, zstd)
  }

  /** The error for what contradicts the table. */
  corrupted(problem: string): IndexCorruptedError {
    return this.#slice.corrupted(0, problem)
  }

  get numBlocks(): number {
    return this.index.starts.length
  }

  /** Number of the block with an ordinal below numTerms. */
  blockOf(ordinal: number): number {
    const firsts = this.index.firstOrdinals
    let low = 0
    let high = firsts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (firsts[middle]! <= ordinal) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Number of the first block that may hold a key that is not below `key`; numBlocks if none does. */
  blockFrom(key: Uint8Array): number {
    const block = this.index.locate(key)
    if (block >= this.numBlocks) throw this.#slice.corrupted(0, 'sstable index names a block that is not there')
    return block < 0 ? this.numBlocks : block
  }

  /** Ordinal behind the last key of a block. */
  endOrdinal(block: number): number {
    return block + 1 < this.numBlocks ? this.index.firstOrdinals[block + 1]! : this.numTerms
  }

  /** Reads one block; those that were read last are kept. */
  async block(number: number, signal?: AbortSignal): Promise<SSTableBlock<V>> {
    let block = this.#recent.get(number)
    if (block === undefined) block = (await this.blocks(number, number + 1, signal))[0]!
    else this.#recent.delete(number)
    this.#recent.set(number, block)
    if (this.#recent.size > RECENT_BLOCKS) this.#recent.delete(this.#recent.keys().next().value!)
    return block
  }

  /** Reads the blocks [from, to), which lie side by side, in one read. */
  async blocks(from: number, to: number, signal?: AbortSignal): Promise<SSTableBlock<V>[]> {
    if (from >= to) return []
    const start = this.index.starts[from]!
    const bytes = await this.#slice.read(start, this.index.ends[to - 1]!, signal)
    const blocks: SSTableBlock<V>[] = []
    for (let block = from; block < to; block += 1) {
      blocks.push(this.#decode(bytes, start, block))
    }
    return blocks
  }

  /** Reads the bytes of blocks [from, to). */
  read(from: number, to: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#slice.read(this.index.starts[from]!, this.index.ends[to - 1]!, signal)
  }

  /**
   * Calls `visit` with the keys of ascending ordinals, from ordinals[at] on, as far as they are in blocks [from, to), whose
   * bytes `read` has given; returns the index behind the last.
   */
  visitKeys(
    bytes: Uint8Array,
    from: number,
    to: number,
    ordinals: Uint32Array,
    at: number,
    visit: (bytes: Uint8Array, start: number, end: number) => void,
  ): number {
    const start = this.index.starts[from]!
    let next = at
    for (let block = from; block < to && next < ordinals.length; block += 1) {
      const end = this.endOrdinal(block)
      let stop = next
      while (stop < ordinals.length && ordinals[stop]! < end) stop += 1
      if (stop === next) continue
      const reader = this.#reader(bytes, start, block)
      const content = openBlock(reader, this.#zstd)
      if (content === null) throw reader.corrupted('sstable block of no keys')
      this.#codec.read(content)
      visitKeys(content, ordinals, next, stop, this.index.firstOrdinals[block]!, visit)
      next = stop
    }
    return next
  }

  #reader(bytes: Uint8Array, start: number, block: number): ByteReader {
    const { file, start: base } = this.#slice
    const { starts, ends } = this.index
    return new ByteReader(bytes, file, base + start, starts[block]! - start, ends[block]! - start)
  }

  #decode(bytes: Uint8Array, start: number, block: number): SSTableBlock<V> {
    const first = this.index.firstOrdinals[block]!
    const expected = this.endOrdinal(block) - first
    const reader = this.#reader(bytes, start, block)
    const decoded = decodeBlock(reader, this.#codec, first, this.#zstd)
    if (decoded === null) {
      if (expected !== 0) throw reader.corrupted(`sstable block of no keys, ${expected} expected`)
      return {
        firstOrdinal: 0,
        count: 0,
        offsets: new Uint32Array(1),
        bytes: new Uint8Array(0),
        values: this.#codec.empty,
      }
    }
    if (decoded.count !== expected) {
      throw reader.corrupted(`sstable block of ${decoded.count} keys, ${expected} expected`)
    }
    return decoded
  }
}

function checkIndex(index: BlockIndex, end: number, numTerms: number, slice: FileSlice): void {
  let at = 0
  let ordinal = 0
  for (let i = 0; i < index.starts.length; i += 1) {
    const first = index.firstOrdinals[i]!
    if (index.starts[i]! < at || index.ends[i]! < index.starts[i]! || (i === 0 ? first !== 0 : first <= ordinal)) {
      throw slice.corrupted(end, `sstable index: block ${i} is out of order`)
    }
    at = index.ends[i]!
    ordinal = first
  }
  if (at > end || ordinal > numTerms) throw slice.corrupted(end, 'sstable index reaches past its table')
}
