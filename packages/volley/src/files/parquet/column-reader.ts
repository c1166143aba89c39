import {
  allocValues,
  BoolVector,
  BytesVector,
  concatVectors,
  DictionaryVector,
  PrimitiveVector,
  type Vector,
} from '@volley/core'
import { copyTexts, type Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { ColumnMetaData, PageHeader } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage } from './decompress.ts'
import { HybridReader } from './hybrid-reader.ts'
import { copyPlain, gatherValues, spreadValues } from './plain-values.ts'
import { slotsOf, type ValueLayout } from './value-layout.ts'

/** A column chunk as it is in the file. */
export interface ColumnChunk {
  readonly bytes: Uint8Array
  readonly meta: ColumnMetaData
  readonly type: DataType
  readonly layout: ValueLayout
  readonly nullable: boolean
}

type Values = Uint8Array | Uint32Array

/** Where reading stands in a data page. */
interface Page {
  readonly bytes: Uint8Array
  readonly levels: HybridReader | null
  /** Of codes, or of booleans in run lengths; null for plain values. */
  readonly codes: HybridReader | null
  /** Rows that have not been read. */
  left: number
  /** Next byte of plain values; next bit of plain booleans. */
  at: number
}

/**
 * Reads a flat column chunk some rows at a time, page by page, straight into vectors: values of a fixed width are copied
 * or widened, text with a dictionary keeps its codes. The dictionary's memory is in the region `kept`, which must outlive
 * the vectors.
 */
export class ColumnReader {
  readonly #chunk: ColumnChunk
  readonly #kept: Region
  #offset = 0
  #page: Page | null = null
  #dictionary: Values | null = null
  #texts: BytesVector | null = null
  #entries = 0

  constructor(chunk: ColumnChunk, kept: Region) {
    this.#chunk = chunk
    this.#kept = kept
  }

  /** The next `count` rows. */
  read(count: number, region: Region): Vector {
    const { kind } = this.#chunk.layout
    if (kind === 'text') return this.#pieces(count, region, (page, n) => this.#readText(page, n, region))
    if (kind === 'bits') return this.#pieces(count, region, (page, n) => this.#readBits(page, n, region))
    return this.#readFixed(count, region)
  }

  /** Leaves the next `count` rows out. */
  skip(count: number): void {
    let left = count
    while (left > 0) {
      const page = this.#current()
      const n = Math.min(left, page.left)
      page.left -= n
      left -= n
      // What is left of a page that is given up needs no reading.
      if (page.left > 0) this.#skipIn(page, n)
    }
  }

  #skipIn(page: Page, count: number): void {
    const { layout } = this.#chunk
    const levels = new Uint32Array(page.levels === null ? 0 : count)
    page.levels?.read(levels, 0, count)
    const present = page.levels === null ? count : sum(levels, 0, count)
    if (page.codes !== null) page.codes.skip(present)
    else if (layout.kind === 'bits') page.at += present
    else if (layout.kind === 'text') for (let k = 0; k < present; k++) page.at += 4 + lengthAt(page.bytes, page.at)
    else page.at += present * layout.stored
  }

  #readFixed(count: number, region: Region): Vector {
    const { type, layout } = this.#chunk
    const values = allocValues(type, count, region)
    const out =
      layout.width < 4
        ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
        : new Uint32Array(values.buffer, values.byteOffset, values.byteLength >>> 2)
    let validity: Uint8Array | null = null
    let codes: Uint32Array | null = null
    for (let from = 0; from < count;) {
      const page = this.#current()
      const n = Math.min(count - from, page.left)
      const { levels, present } = this.#presence(page, from, n)
      if (levels !== null && present < n) {
        validity ??= region.bitmap(count, true)
        clearMissing(levels, from, n, validity)
      }
      if (page.codes === null) {
        copyPlain(page.bytes, page.at, present, layout, out, from)
        page.at += present * layout.stored
      } else {
        codes ??= region.u32(count)
        this.#readCodes(page.codes, codes, from, present)
        gatherValues(this.#dictionary!, codes, from, present, layout, out)
      }
      if (levels !== null && present < n) spreadValues(out, slotsOf(layout), levels, from, n, present)
      page.left -= n
      from += n
    }
    return new PrimitiveVector(type, count, validity, values)
  }

  #pieces(count: number, region: Region, read: (page: Page, count: number) => Vector): Vector {
    const pieces: Vector[] = []
    for (let left = count; left > 0;) {
      const page = this.#current()
      const n = Math.min(left, page.left)
      pieces.push(read(page, n))
      page.left -= n
      left -= n
    }
    return pieces.length === 1 ? pieces[0]! : concatVectors(pieces, region)
  }

  #readText(page: Page, count: number, region: Region): Vector {
    const { type } = this.#chunk
    const { levels, present } = this.#presence(page, 0, count)
    const validity = levels === null || present === count ? null : region.bitmap(count, true)
    if (validity !== null) clearMissing(levels!, 0, count, validity)
    if (page.codes !== null) {
      const codes = region.u32(count)
      this.#readCodes(page.codes, codes, 0, present)
      if (validity !== null) {
        spreadValues(codes, 1, levels!, 0, count, present)
        for (let k = 0; k < count; k++) if (levels![k] === 0) codes[k] = 0
      }
      return new DictionaryVector(type, count, validity, codes, this.#texts!, false)
    }
    const offsets = region.i32(count + 1)
    const { bytes } = page
    let at = page.at
    let end = 0
    for (let k = 0; k < count; k++) {
      offsets[k] = end
      if (validity !== null && levels![k] === 0) continue
      const length = lengthAt(bytes, at)
      at += 4 + length
      end += length
    }
    offsets[count] = end
    if (at > bytes.length) throw new Error('the values of a page end early')
    const text =
      validity === null
        ? copyTexts(bytes, page.at, at, 4, offsets, count, region)
        : copyPresent(bytes, page.at, offsets, levels!, region.u8(end))
    page.at = at
    return new BytesVector(type, count, validity, offsets, text)
  }

  #readBits(page: Page, count: number, region: Region): Vector {
    const { levels, present } = this.#presence(page, 0, count)
    const values = new Uint32Array(count)
    if (page.codes !== null) page.codes.read(values, 0, present)
    else {
      if (page.at + present > page.bytes.length * 8) throw new Error('the values of a page end early')
      for (let k = 0; k < present; k++) {
        const bit = page.at + k
        values[k] = (page.bytes[bit >>> 3]! >>> (bit & 7)) & 1
      }
      page.at += present
    }
    let validity: Uint8Array | null = null
    if (levels !== null && present < count) {
      validity = region.bitmap(count, true)
      clearMissing(levels, 0, count, validity)
      spreadValues(values, 1, levels, 0, count, present)
    }
    const bits = region.bitmap(count, false)
    for (let k = 0; k < count; k++) bits[k >>> 3]! |= (values[k]! & 1) << (k & 7)
    return new BoolVector(this.#chunk.type, count, validity, bits)
  }

  /** Whether each of the next rows is there (`levels[from...]`, null where all are), and how many are. */
  #presence(page: Page, from: number, count: number): { levels: Uint32Array | null; present: number } {
    if (page.levels === null || page.levels.skipOnes(count)) return { levels: null, present: count }
    const levels = new Uint32Array(from + count)
    page.levels.read(levels, from, count)
    return { levels, present: sum(levels, from, count) }
  }

  #readCodes(reader: HybridReader, codes: Uint32Array, from: number, count: number): void {
    reader.read(codes, from, count)
    let most = 0
    for (let k = from; k < from + count; k++) if (codes[k]! > most) most = codes[k]!
    if (count > 0 && most >= this.#entries) throw new Error(`a code of ${most} in a dictionary of ${this.#entries}`)
  }

  /** A page with rows left. */
  #current(): Page {
    while (this.#page === null || this.#page.left === 0) this.#nextPage()
    return this.#page
  }

  #nextPage(): void {
    const { bytes, meta } = this.#chunk
    if (this.#offset >= bytes.length) throw new Error(`column ${meta.path_in_schema.join('.')} has too few rows`)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const reader = { view, offset: this.#offset }
    const header = parquetHeader(reader)
    const stored = bytes.subarray(reader.offset, reader.offset + header.compressed_page_size)
    this.#offset = reader.offset + header.compressed_page_size
    if (stored.length < header.compressed_page_size) throw new Error('a page ends early')
    if (header.type === 'DICTIONARY_PAGE') this.#readDictionary(header, stored)
    else if (header.type === 'DATA_PAGE') this.#page = this.#dataPage(header, stored)
    else if (header.type === 'DATA_PAGE_V2') this.#page = this.#dataPageV2(header, stored)
  }

  #dataPage(header: PageHeader, stored: Uint8Array): Page {
    const { num_values: rows, encoding, definition_level_encoding } = header.data_page_header!
    const bytes = decompressPage(this.#chunk.meta.codec, stored, header.uncompressed_page_size)
    if (!this.#chunk.nullable) return this.#pageOf(bytes, 0, null, rows, encoding)
    if (definition_level_encoding === 'BIT_PACKED') throw new Error('levels in the deprecated bit packing')
    const length = lengthAt(bytes, 0)
    return this.#pageOf(bytes, 4 + length, new HybridReader(bytes, 4, 4 + length, 1), rows, encoding)
  }

  #dataPageV2(header: PageHeader, stored: Uint8Array): Page {
    const page = header.data_page_header_v2!
    const first = page.repetition_levels_byte_length
    const start = first + page.definition_levels_byte_length
    const levels = this.#chunk.nullable ? new HybridReader(stored, first, start, 1) : null
    const values = stored.subarray(start)
    const bytes = page.is_compressed
      ? decompressPage(this.#chunk.meta.codec, values, header.uncompressed_page_size - start)
      : values
    return this.#pageOf(bytes, 0, levels, page.num_rows, page.encoding)
  }

  #pageOf(bytes: Uint8Array, start: number, levels: HybridReader | null, rows: number, encoding: string): Page {
    const { kind } = this.#chunk.layout
    if (encoding === 'RLE' && kind === 'bits') {
      const end = start + 4 + lengthAt(bytes, start)
      return { bytes, levels, codes: new HybridReader(bytes, start + 4, end, 1), left: rows, at: 0 }
    }
    if (encoding === 'PLAIN') return { bytes, levels, codes: null, left: rows, at: kind === 'bits' ? start * 8 : start }
    if (this.#texts === null && this.#dictionary === null) throw new Error(`a page in ${encoding} without a dictionary`)
    // A page without values has no width either.
    const width = bytes[start] ?? 0
    return { bytes, levels, codes: new HybridReader(bytes, start + 1, bytes.length, width), left: rows, at: 0 }
  }

  #readDictionary(header: PageHeader, stored: Uint8Array): void {
    const { layout, type, meta } = this.#chunk
    const { num_values: count } = header.dictionary_page_header!
    const bytes = decompressPage(meta.codec, stored, header.uncompressed_page_size)
    this.#entries = count
    if (layout.kind === 'text') {
      const page: Page = { bytes, levels: null, codes: null, left: count, at: 0 }
      this.#texts = this.#readText(page, count, this.#kept) as BytesVector
      return
    }
    if (layout.kind === 'bits') throw new Error(`a dictionary of ${type}`)
    const size = count * slotsOf(layout)
    this.#dictionary = layout.width < 4 ? this.#kept.u8(size) : this.#kept.u32(size)
    copyPlain(bytes, 0, count, layout, this.#dictionary, 0)
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Error('the values of a page end early')
  const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  if (length < 0) throw new Error('a value of a negative length')
  return length
}

function sum(values: Uint32Array, from: number, count: number): number {
  let total = 0
  for (let k = from; k < from + count; k++) total += values[k]!
  return total
}

function clearMissing(levels: Uint32Array, from: number, count: number, validity: Uint8Array): void {
  for (let k = from; k < from + count; k++) if (levels[k] === 0) validity[k >>> 3]! &= ~(1 << (k & 7))
}

/** Texts of the rows that are there, each behind its length, one after another. */
function copyPresent(
  bytes: Uint8Array,
  start: number,
  offsets: Int32Array,
  levels: Uint32Array,
  out: Uint8Array,
): Uint8Array {
  let at = start
  for (let k = 0; k + 1 < offsets.length; k++) {
    if (levels[k] === 0) continue
    at += 4
    const length = offsets[k + 1]! - offsets[k]!
    out.set(bytes.subarray(at, at + length), offsets[k])
    at += length
  }
  return out
}
