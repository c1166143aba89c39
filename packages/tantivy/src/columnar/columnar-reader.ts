import { ByteReader } from '../bytes/byte-reader.ts'
import type { ZstdDecompress } from '../bytes/zstd.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { SSTable } from '../sstable/sstable.ts'
import { rangeCodec, voidCodec } from '../sstable/value-codec.ts'
import type { Column, ColumnEntry, ColumnType } from './column.ts'
import { readColumnIndex, rowsOf } from './column-index.ts'
import { BytesColumnReader, IpColumnReader, NumericColumnReader } from './columns.ts'
import { CompactSpace } from './compact-space.ts'
import { SSTableDictionary } from './sstable-dictionary.ts'
import { U64Values } from './u64-values.ts'

const FOOTER = 20
const MAGIC = 0x42777102
const TYPES: readonly (ColumnType | null)[] = ['i64', 'u64', 'f64', 'bytes', 'str', 'bool', 'ip', 'date']

/** A columnar container, version 1 or 2 (section 9.1). */
export class ColumnarReader {
  readonly numDocs: number
  readonly columns: readonly ColumnEntry[]
  readonly #body: FileSlice
  readonly #version: number
  readonly #zstd: ZstdDecompress

  private constructor(
    body: FileSlice,
    numDocs: number,
    version: number,
    columns: readonly ColumnEntry[],
    zstd: ZstdDecompress,
  ) {
    this.#body = body
    this.numDocs = numDocs
    this.#version = version
    this.columns = columns
    this.#zstd = zstd
  }

  /** Reads the directory; `maxDoc` is the number of documents where it is known otherwise. */
  static async open(body: FileSlice, zstd: ZstdDecompress, maxDoc: number | null): Promise<ColumnarReader> {
    if (body.length < FOOTER) throw body.corrupted(0, 'too short for a columnar file')
    const at = body.length - FOOTER
    const footer = new ByteReader(await body.read(at), body.file, body.start + at)
    const length = footer.u64()
    const numDocs = footer.u32()
    const version = footer.u32()
    if (footer.u32() !== MAGIC) throw footer.corrupted('no columnar magic number')
    if (version !== 1 && version !== 2) throw footer.corrupted(`columnar container of version ${version}`)
    if (maxDoc !== null && numDocs !== maxDoc) throw footer.corrupted(`columns of ${numDocs} documents, not ${maxDoc}`)
    if (length > at) throw footer.corrupted(`columnar directory of ${length} bytes`)
    const directory = body.slice(at - length, at)
    const columns = await readDirectory(directory, at - length, zstd)
    return new ColumnarReader(body, numDocs, version, columns, zstd)
  }

  /** Reads a column whole, but for the terms of its dictionary. */
  async open(entry: ColumnEntry, signal?: AbortSignal): Promise<Column> {
    const slice = this.#body.slice(entry.start, entry.end)
    const { type } = entry
    if (type !== 'str' && type !== 'bytes') {
      const reader = new ByteReader(await slice.read(undefined, undefined, signal), slice.file, slice.start)
      const { index, values } = this.#split(reader)
      if (type === 'ip') {
        const space = new CompactSpace(values)
        this.#checkCount(space.numValues, rowsOf(index), values)
        return new IpColumnReader(index, space, (problem) => reader.corrupted(problem))
      }
      const numbers = new U64Values(values)
      this.#checkCount(numbers.numValues, rowsOf(index), values)
      return new NumericColumnReader(type, index, numbers, (problem) => reader.corrupted(problem))
    }
    if (slice.length < 4) throw slice.corrupted(0, 'column is cut off')
    const tail = new ByteReader(await slice.read(slice.length - 4, slice.length, signal), slice.file, slice.end - 4)
    const dictionaryLength = tail.u32()
    if (dictionaryLength > slice.length - 4) throw tail.corrupted(`dictionary of ${dictionaryLength} bytes`)
    const [table, bytes] = await Promise.all([
      SSTable.open(slice.slice(0, dictionaryLength), voidCodec, this.#zstd),
      slice.read(dictionaryLength, slice.length - 4, signal),
    ])
    const reader = new ByteReader(bytes, slice.file, slice.start + dictionaryLength)
    const { index, values } = this.#split(reader)
    const ordinals = new U64Values(values)
    this.#checkCount(ordinals.numValues, rowsOf(index), values)
    if (ordinals.numValues > 0 && (!ordinals.narrow || ordinals.max >= BigInt(table.numTerms))) {
      throw values.corrupted(`ordinal ${ordinals.max} of ${table.numTerms}`)
    }
    return new BytesColumnReader(type, index, ordinals, new SSTableDictionary(table), (problem) =>
      reader.corrupted(problem),
    )
  }

  #split(reader: ByteReader): { index: ReturnType<typeof readColumnIndex>; values: ByteReader } {
    const { bytes, file, base } = reader
    if (bytes.length < 4) throw reader.corrupted('column is cut off')
    const length = new ByteReader(bytes, file, base, bytes.length - 4).u32()
    if (length > bytes.length - 4) throw reader.corrupted(`column index of ${length} bytes`)
    const index = readColumnIndex(new ByteReader(bytes.subarray(0, length), file, base), this.numDocs, this.#version)
    return { index, values: new ByteReader(bytes.subarray(length, bytes.length - 4), file, base + length) }
  }

  #checkCount(values: number, rows: number, reader: ByteReader): void {
    if (values !== rows) throw reader.corrupted(`column of ${values} values and ${rows} rows`)
  }
}

async function readDirectory(directory: FileSlice, end: number, zstd: ZstdDecompress): Promise<ColumnEntry[]> {
  const table = await SSTable.open(directory, rangeCodec, zstd)
  const columns: ColumnEntry[] = []
  const decoder = new TextDecoder()
  for (const block of await table.blocks(0, table.numBlocks)) {
    for (let k = 0; k < block.count; k += 1) {
      const key = block.bytes.subarray(block.offsets[k]!, block.offsets[k + 1]!)
      const code = key.at(-1)
      const type = code === undefined ? null : TYPES[code]
      if (key.length < 2 || key[key.length - 2] !== 0 || type === null || type === undefined) {
        throw directory.corrupted(0, `column key ${String(decoder.decode(key))} is malformed`)
      }
      const from = block.values[k]!
      const to = block.values[k + 1]!
      if (to > end) throw directory.corrupted(0, `column range ${from}..${to} of ${end}`)
      columns.push({ name: decoder.decode(key.subarray(0, key.length - 2)), type, start: from, end: to })
    }
  }
  return columns
}
