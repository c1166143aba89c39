import { ByteReader } from '../bytes/byte-reader.ts'
import { decompressLz4Block } from '../bytes/lz4.ts'
import { decompressZstdFrame, type ZstdDecompress } from '../bytes/zstd.ts'
import type { IndexCorruptedError } from '../errors.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { skipValue, readValue } from './read-value.ts'
import type { StoredDocument, StoredValue, StoredVisitor } from './stored-value.ts'
import type { PathSink, StoredPath } from './stored-path.ts'
import { readStoreIndex, type StoreIndex } from './store-index.ts'

const FOOTER = 28
const NONE = 0
const LZ4 = 1
const ZSTD = 4
/** Largest uncompressed block that is believed. */
const MAX_BLOCK = 1 << 29
/** Bytes of decompressed blocks that stay between two calls of `warm`. */
const CACHE_BYTES = 16 << 20
/** Compressed bytes between two needed blocks that are read along rather than asked for apart. */
const MAX_GAP = 32 << 10

/** A decompressed block: documents [first, end), and where the table of their starts is. */
interface OpenBlock {
  readonly reader: ByteReader
  readonly first: number
  readonly end: number
  readonly table: number
}

/**
 * The stored documents of a segment (section 8). `warm` reads the blocks of the documents that are wanted; they can be
 * decoded until the next `warm`, and longer while they fit in the cache.
 */
export class DocStore {
  readonly numDocs: number
  readonly #body: FileSlice
  readonly #index: StoreIndex
  readonly #decompressor: number
  readonly #version: number
  readonly #numFields: number
  readonly #zstd: ZstdDecompress
  /** Decompressed blocks by number, least recently warmed first. */
  readonly #blocks = new Map<number, Uint8Array>()
  #cached = 0
  /** Of them, what the directory was told. */
  #held = 0

  private constructor(
    body: FileSlice,
    index: StoreIndex,
    decompressor: number,
    version: number,
    numDocs: number,
    numFields: number,
    zstd: ZstdDecompress,
  ) {
    this.#body = body
    this.#index = index
    this.#decompressor = decompressor
    this.#version = version
    this.numDocs = numDocs
    this.#numFields = numFields
    this.#zstd = zstd
  }

  static async open(body: FileSlice, maxDoc: number, numFields: number, zstd: ZstdDecompress): Promise<DocStore> {
    if (body.length < FOOTER) throw body.corrupted(0, 'too short for a document store')
    const at = body.length - FOOTER
    const footer = new ByteReader(await body.read(at), body.file, body.start + at)
    const version = footer.u32()
    const offset = footer.u64()
    const decompressor = footer.u8()
    if (version !== 1 && version !== 2) throw footer.corrupted(`document store of version ${version}`)
    if (decompressor !== NONE && decompressor !== LZ4 && decompressor !== ZSTD) {
      throw footer.corrupted(`document store with the unknown decompressor ${decompressor}`)
    }
    if (offset > at) throw footer.corrupted(`skip index at ${offset}`)
    const bytes = await body.read(offset, at)
    const index = readStoreIndex(new ByteReader(bytes, body.file, body.start + offset), maxDoc, offset)
    return new DocStore(body, index, decompressor, version, maxDoc, numFields, zstd)
  }

  /** Number of the block of a document: documents of one block cost one read and one decompression. */
  blockOf(doc: number): number {
    const firsts = this.#index.firstDocs
    if (!(doc >= 0 && doc < this.numDocs)) throw new RangeError(`document ${doc} of ${this.numDocs}`)
    let low = 0
    let high = firsts.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (firsts[middle]! <= doc) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Reads and decompresses the blocks of the given documents. */
  async warm(docs: Uint32Array, signal?: AbortSignal): Promise<void> {
    const needed = new Set<number>()
    for (let i = 0; i < docs.length; i += 1) needed.add(this.blockOf(docs[i]!))
    const missing: number[] = []
    for (const block of needed) {
      const bytes = this.#blocks.get(block)
      if (bytes === undefined) missing.push(block)
      else {
        this.#blocks.delete(block)
        this.#blocks.set(block, bytes)
      }
    }
    missing.sort((a, b) => a - b)
    await Promise.all(this.#runs(missing).map((run) => this.#load(run, signal)))
    for (const [block, bytes] of this.#blocks) {
      if (this.#cached <= CACHE_BYTES || needed.has(block)) break
      this.#blocks.delete(block)
      this.#cached -= bytes.length
    }
    const more = this.#cached - this.#held
    this.#held = this.#cached
    if (more !== 0) this.#body.directory.held?.(more)
  }

  /** Decodes a document whose block is warm. */
  document(doc: number): StoredDocument {
    const fields: (readonly [number, StoredValue])[] = []
    const reader = this.#reader(doc)
    for (let left = pairs(reader); left > 0; left -= 1) {
      const field = this.#field(reader)
      fields.push([field, readValue(reader, this.#version)])
    }
    return fields
  }

  /** Passes the wanted fields of a document whose block is warm to a visitor, in stored order. */
  visit(doc: number, visitor: StoredVisitor): void {
    const reader = this.#reader(doc)
    for (let left = pairs(reader); left > 0; left -= 1) {
      const field = this.#field(reader)
      if (visitor.wants(field)) visitor.value(field, readValue(reader, this.#version))
      else skipValue(reader)
    }
  }

  /** Passes what documents, ascending and warm, have at a path to a sink. */
  readPath(docs: Uint32Array, path: StoredPath, sink: PathSink): void {
    let block: OpenBlock | null = null
    for (let i = 0; i < docs.length; i += 1) {
      const doc = docs[i]!
      if (block === null || doc < block.first || doc >= block.end) block = this.#openBlock(doc)
      const { reader } = block
      const end = this.#seek(block, doc)
      for (let left = pairs(reader); left > 0; left -= 1) {
        if (this.#field(reader) === path.field) {
          path.read(reader, this.#version, i, sink)
          break
        }
        skipValue(reader)
      }
      if (reader.pos > end) throw reader.corrupted('document is cut off')
    }
  }

  #field(reader: ByteReader): number {
    const field = reader.u32()
    if (field >= this.#numFields) throw reader.corrupted(`stored field ${field} of ${this.#numFields}`)
    return field
  }

  /** A cursor over a document. */
  #reader(doc: number): ByteReader {
    const block = this.#openBlock(doc)
    const { bytes, file, base } = block.reader
    const end = this.#seek(block, doc)
    return new ByteReader(bytes, file, base, block.reader.pos, end)
  }

  #openBlock(doc: number): OpenBlock {
    const block = this.blockOf(doc)
    const bytes = this.#blocks.get(block)
    if (bytes === undefined) throw new Error(`document ${doc} is not warm: call warm() first`)
    const { firstDocs, offsets } = this.#index
    const reader = new ByteReader(bytes, this.#body.file, this.#body.start + offsets[block]!)
    if (bytes.length < 4) throw reader.corrupted('store block is cut off')
    reader.pos = bytes.length - 4
    const count = reader.u32()
    const [first, end] = [firstDocs[block]!, firstDocs[block + 1]!]
    if (count !== end - first) throw reader.corrupted(`store block of ${count} documents`)
    const table = bytes.length - 4 - 4 * count
    if (table < 0) throw reader.corrupted(`store block of ${count} documents`)
    return { reader, first, end, table }
  }

  /** Moves to a document of the block; answers where it ends. */
  #seek({ reader, first, end, table }: OpenBlock, doc: number): number {
    reader.pos = table + 4 * (doc - first)
    const from = reader.u32()
    const to = doc + 1 < end ? reader.u32() : table
    if (from > to || to > table) throw reader.corrupted(`document at ${from}..${to} of a store block`)
    reader.pos = from
    return to
  }

  #runs(blocks: readonly number[]): number[][] {
    const { offsets } = this.#index
    const runs: number[][] = []
    for (const block of blocks) {
      const last = runs.at(-1)?.at(-1)
      if (last !== undefined && offsets[block]! - offsets[last + 1]! <= MAX_GAP) runs.at(-1)!.push(block)
      else runs.push([block])
    }
    return runs
  }

  async #load(run: readonly number[], signal: AbortSignal | undefined): Promise<void> {
    const { offsets } = this.#index
    const start = offsets[run[0]!]!
    const bytes = await this.#body.read(start, offsets[run.at(-1)! + 1]!, signal)
    for (const block of run) {
      if (this.#blocks.has(block)) continue
      const raw = this.#decompress(
        bytes.subarray(offsets[block]! - start, offsets[block + 1]! - start),
        offsets[block]!,
      )
      this.#blocks.set(block, raw)
      this.#cached += raw.length
    }
  }

  #decompress(bytes: Uint8Array, at: number): Uint8Array {
    if (this.#decompressor === NONE) return bytes
    const corrupted = (offset: number, problem: string): IndexCorruptedError =>
      this.#body.corrupted(at + 4 + offset, problem)
    const reader = new ByteReader(bytes, this.#body.file, this.#body.start + at)
    const length = reader.u32()
    if (length > MAX_BLOCK) throw reader.corrupted(`store block claims ${length} bytes`)
    const compressed = reader.take(reader.remaining)
    return this.#decompressor === LZ4
      ? decompressLz4Block(compressed, length, corrupted)
      : decompressZstdFrame(this.#zstd, compressed, length, corrupted)
  }
}

function pairs(reader: ByteReader): number {
  const count = reader.vint()
  // a pair has at least 5 bytes
  if (count > reader.remaining / 5) throw reader.corrupted(`document of ${count} values`)
  return count
}
