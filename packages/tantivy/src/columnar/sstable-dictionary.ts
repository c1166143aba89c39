import type { SSTableBlock } from '../sstable/block.ts'
import { lowerBoundInBlock } from '../sstable/block.ts'
import type { SSTable } from '../sstable/sstable.ts'
import { compareRange } from '../bytes/compare.ts'
import type { ColumnDictionary, TermList } from './column.ts'

/** Blocks of about 4 kB that a scan reads in one go. */
const BLOCKS_PER_READ = 64
/** Unneeded blocks between two needed ones that are read along rather than asked for apart. */
const MAX_GAP = 4

/** The dictionary of a str or bytes column: an sstable without values. */
export class SSTableDictionary implements ColumnDictionary {
  readonly #table: SSTable<null>

  constructor(table: SSTable<null>) {
    this.#table = table
  }

  get numTerms(): number {
    return this.#table.numTerms
  }

  async termsOf(ordinals: Uint32Array, signal?: AbortSignal): Promise<TermList> {
    const runs = this.#runs(ordinals)
    const read = await Promise.all(runs.map(([from, to]) => this.#table.read(from, to, signal)))
    const list = new TermListBuilder(ordinals.length)
    const push = (bytes: Uint8Array, start: number, end: number): void => list.push(bytes, start, end)
    let next = 0
    for (const [k, [from, to]] of runs.entries()) {
      next = this.#table.visitKeys(read[k]!, from, to, ordinals, next, push)
    }
    return list.finish()
  }

  async all(signal?: AbortSignal): Promise<TermList> {
    const list = new TermListBuilder(this.numTerms)
    if (this.numTerms === 0) return list.finish()
    for (let from = 0; from < this.#table.numBlocks; from += BLOCKS_PER_READ) {
      const to = Math.min(this.#table.numBlocks, from + BLOCKS_PER_READ)
      for (const block of await this.#table.blocks(from, to, signal)) list.pushAll(block)
    }
    return list.finish()
  }

  async ordOf(term: Uint8Array, signal?: AbortSignal): Promise<number> {
    const found = await this.#locate(term, signal)
    if (found === null) return -1
    const { block, at } = found
    if (at === block.count) return -1
    const same = compareRange(block.bytes, block.offsets[at]!, block.offsets[at + 1]!, term) === 0
    return same ? block.firstOrdinal + at : -1
  }

  async lowerBound(term: Uint8Array, signal?: AbortSignal): Promise<number> {
    const found = await this.#locate(term, signal)
    return found === null ? this.numTerms : found.block.firstOrdinal + found.at
  }

  async #locate(term: Uint8Array, signal?: AbortSignal): Promise<{ block: SSTableBlock<null>; at: number } | null> {
    if (this.numTerms === 0) return null
    const number = this.#table.blockFrom(term)
    if (number === this.#table.numBlocks) return null
    const block = await this.#table.block(number, signal)
    return { block, at: lowerBoundInBlock(block, term) }
  }

  /** Runs of blocks that hold the ordinals. */
  #runs(ordinals: Uint32Array): [number, number][] {
    const runs: [number, number][] = []
    let end = -1
    let previous = -1
    for (let i = 0; i < ordinals.length; i += 1) {
      const ordinal = ordinals[i]!
      if (ordinal <= previous) throw new RangeError('ordinals must ascend')
      // of a column, whose packed values can be larger than their own bounds say
      if (ordinal >= this.numTerms) throw this.#table.corrupted(`ordinal ${ordinal} of ${this.numTerms}`)
      previous = ordinal
      if (ordinal < end) continue
      const block = this.#table.blockOf(ordinal)
      end = this.#table.endOrdinal(block)
      const last = runs.at(-1)
      if (last !== undefined && block - last[1] <= MAX_GAP && block - last[0] < BLOCKS_PER_READ) last[1] = block + 1
      else runs.push([block, block + 1])
    }
    return runs
  }
}

/** Gathers terms to one buffer. */
class TermListBuilder {
  readonly #offsets: Uint32Array
  #bytes: Uint8Array<ArrayBuffer>
  #count = 0
  #size = 0

  constructor(count: number) {
    this.#offsets = new Uint32Array(count + 1)
    this.#bytes = new Uint8Array(Math.max(64, Math.min(count * 16, 1 << 20)))
  }

  push(bytes: Uint8Array, from: number, to: number): void {
    const end = this.#reserve(to - from)
    const out = this.#bytes
    for (let i = from, at = this.#size; i < to; i += 1, at += 1) out[at] = bytes[i]!
    this.#size = end
    this.#count += 1
    this.#offsets[this.#count] = end
  }

  pushAll(block: SSTableBlock<null>): void {
    const length = block.offsets[block.count]!
    const end = this.#reserve(length)
    this.#bytes.set(block.bytes.subarray(0, length), this.#size)
    for (let k = 1; k <= block.count; k += 1) this.#offsets[this.#count + k] = this.#size + block.offsets[k]!
    this.#size = end
    this.#count += block.count
  }

  finish(): TermList {
    return { offsets: this.#offsets, bytes: this.#bytes.subarray(0, this.#size) }
  }

  #reserve(more: number): number {
    const end = this.#size + more
    if (end > 0xffffffff) throw new RangeError('terms of more than 4 GiB')
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, this.#size))
      this.#bytes = grown
    }
    return end
  }
}
