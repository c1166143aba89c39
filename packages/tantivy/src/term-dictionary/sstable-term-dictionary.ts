import type { ZstdDecompress } from '../bytes/zstd.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { findInBlock, lowerBoundInBlock, type SSTableBlock } from '../sstable/block.ts'
import { SSTable } from '../sstable/sstable.ts'
import { type TermInfoBlock, termInfoCodec } from '../sstable/value-codec.ts'
import {
  entryOf,
  sliceBatch,
  type TermBatch,
  type TermBound,
  type TermDictionary,
  type TermEntry,
} from './term-dictionary.ts'

/** Blocks of about 4 kB that a scan reads in one go. */
const BLOCKS_PER_READ = 32

/** A term dictionary of kind 2, an sstable; Quickwit's. */
export class SSTableTermDictionary implements TermDictionary {
  readonly #table: SSTable<TermInfoBlock>

  constructor(table: SSTable<TermInfoBlock>) {
    this.#table = table
  }

  static async open(slice: FileSlice, zstd: ZstdDecompress): Promise<SSTableTermDictionary> {
    return new SSTableTermDictionary(await SSTable.open(slice, termInfoCodec, zstd))
  }

  get numTerms(): number {
    return this.#table.numTerms
  }

  async get(term: Uint8Array, signal?: AbortSignal): Promise<TermEntry | null> {
    return (await this.getMany([term], signal))[0]!
  }

  async getMany(terms: readonly Uint8Array[], signal?: AbortSignal): Promise<(TermEntry | null)[]> {
    const numbers = terms.map((term) => this.#table.blockFrom(term))
    const wanted = [...new Set(numbers)].filter((number) => number < this.#table.numBlocks)
    const blocks = new Map<number, TermBatch>()
    await Promise.all(
      wanted.map(async (number) => {
        blocks.set(number, batchOf(await this.#table.block(number, signal)))
      }),
    )
    return terms.map((term, k) => {
      const batch = blocks.get(numbers[k]!)
      if (batch === undefined) return null
      const at = findInBlock({ ...batch, values: null }, term)
      return at < 0 ? null : entryOf(batch, at)
    })
  }

  async *range(lower: TermBound, upper: TermBound, signal?: AbortSignal): AsyncGenerator<TermBatch> {
    const first = lower === null ? 0 : this.#table.blockFrom(lower.term)
    const end =
      upper === null ? this.#table.numBlocks : Math.min(this.#table.numBlocks, this.#table.blockFrom(upper.term) + 1)
    for (let block = first; block < end; block += BLOCKS_PER_READ) {
      for (const decoded of await this.#table.blocks(block, Math.min(end, block + BLOCKS_PER_READ), signal)) {
        const from = lower === null ? 0 : boundIn(decoded, lower.term, !lower.inclusive)
        const to = upper === null ? decoded.count : boundIn(decoded, upper.term, upper.inclusive)
        if (from < to) yield sliceBatch(batchOf(decoded), from, to)
      }
    }
  }
}

/** Index of the first key that is not below `term`, or, with `after`, that is above it. */
function boundIn(block: SSTableBlock<unknown>, term: Uint8Array, after: boolean): number {
  const at = lowerBoundInBlock(block, term)
  return after && findInBlock(block, term) === at ? at + 1 : at
}

function batchOf(block: SSTableBlock<TermInfoBlock>): TermBatch {
  const { docFreqs, postings, positions } = block.values
  const { firstOrdinal, count, offsets, bytes } = block
  return { firstOrdinal, count, offsets, bytes, docFreqs, postings, positions }
}
