import {
  allocValues,
  BoolVector,
  BytesVector,
  concatVectors,
  DictionaryVector,
  NullVector,
  PrimitiveVector,
  typeName,
  vectorOf,
  type Vector,
} from '@volley/core'
import { copyTexts, gatherEntries, measureTexts, Region, takeTexts } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { ColumnMetaData } from 'hyparquet'
import type { ColumnPages, StoredPage } from './column-pages.ts'
import { decompressPage } from './decompress.ts'
import { HybridReader } from './hybrid-reader.ts'
import { copyPlain, spreadValues } from './plain-values.ts'
import { presentRows, type Presence } from './presence.ts'
import type { ValueLayout } from './value-layout.ts'

/** What a column chunk holds, and how it becomes vectors. */
export interface ColumnChunk {
  readonly meta: ColumnMetaData
  readonly type: DataType
  readonly layout: ValueLayout
  readonly nullable: boolean
}

/** Where reading stands in a data page. */
interface Page {
  readonly bytes: Uint8Array
  readonly levels: HybridReader | null
  /** Of codes, or of booleans in run lengths; null for plain values. */
  readonly codes: HybridReader | null
  /** Next byte of plain values; next bit of plain booleans. */
  at: number
}

/** Codes of the rows from `start` to `end`; that of a NULL row is the number of entries. */
export interface RowCodes {
  readonly start: number
  readonly end: number
  readonly codes: Uint32Array
  readonly hasNulls: boolean
}

/**
 * Reads a flat column chunk some rows at a time, from the first to the last, straight into vectors: values of a fixed width
 * are copied or widened, text with a dictionary keeps its codes. Pages without a row that is read are not decompressed. The
 * dictionary's memory is in the region `kept`, which must outlive the vectors.
 */
export class ColumnReader {
  readonly #chunk: ColumnChunk
  readonly #pages: ColumnPages
  readonly #kept: Region
  /** The first page that may have rows to read. */
  #number = 0
  #opened: StoredPage | null = null
  #page: Page | null = null
  #memory: Region | null = null
  /** The next row. */
  #next = 0
  /** Entries of a fixed width. */
  #values: Uint8Array | null = null
  #entryVector: Vector | null = null
  #texts: BytesVector | null = null
  #entries = 0
  #hasDictionary = false
  /** Codes that were read ahead of their values. */
  #ahead: RowCodes | null = null

  constructor(chunk: ColumnChunk, pages: ColumnPages, kept: Region) {
    this.#chunk = chunk
    this.#pages = pages
    this.#kept = kept
  }

  /** Rows from `start` to `end`, or those of them at `rows` (ascending, counted from `start`). */
  read(start: number, end: number, rows: Uint32Array | null, region: Region): Vector {
    const ahead = this.#ahead
    if (ahead !== null && ahead.start === start && ahead.end === end) {
      this.#ahead = null
      return this.#fromCodes(ahead, rows, region)
    }
    const { type, layout } = this.#chunk
    const length = rows?.length ?? end - start
    if (layout.kind === 'bits' || layout.kind === 'text') {
      const pieces: Vector[] = []
      this.#each(start, end, rows, (page, count, chosen) => {
        if (chosen !== null && chosen.length === 0) return this.#skipIn(page, count)
        const piece = layout.kind === 'bits' ? this.#readBits : this.#readText
        pieces.push(piece.call(this, page, count, chosen, region))
      })
      if (pieces.length === 0) return vectorOf(type, [], region)
      return pieces.length === 1 ? pieces[0]! : concatVectors(pieces, region)
    }
    const values = allocValues(type, length, region)
    const out = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    let validity: Uint8Array | null = null
    let from = 0
    this.#each(start, end, rows, (page, count, chosen) => {
      if (chosen !== null && chosen.length === 0) return this.#skipIn(page, count)
      const wanted = chosen?.length ?? count
      const presence = presentRows(page.levels, count, chosen, region)
      this.#readFixed(page, presence, out, from, region)
      if (presence.levels !== null) {
        validity ??= region.bitmap(length, true)
        clearMissing(presence.levels, wanted, validity, from)
        spreadValues(out, layout.width, presence.levels, from, wanted, presence.count)
      }
      from += wanted
    })
    return new PrimitiveVector(type, length, validity, values)
  }

  /**
   * The entries of the dictionary, if the rows from `start` to `end` are all by code; null otherwise. Their codes are
   * `readCodes`'s.
   */
  dictionary(start: number, end: number): Vector | null {
    const { pages } = this.#pages
    let i = this.#number
    while (i < pages.length && pages[i]!.end <= start) i++
    for (; i < pages.length && pages[i]!.first < end; i++) if (!pages[i]!.coded) return null
    this.#openDictionary()
    return this.#texts ?? this.#entryVector
  }

  /** Codes of rows that `dictionary` was asked of, ahead of `read` for the same rows. */
  readCodes(start: number, end: number, region: Region): RowCodes {
    // Another condition may have asked.
    if (this.#ahead?.start === start && this.#ahead.end === end) return this.#ahead
    const codes = region.u32(end - start)
    let from = 0
    let hasNulls = false
    this.#each(start, end, null, (page, count) => {
      const { levels, count: present } = presentRows(page.levels, count, null, region)
      this.#readPageCodes(page.codes!, codes, from, present)
      if (levels !== null) {
        hasNulls = true
        spreadCodes(codes, levels, from, count, present, this.#entries)
      }
      from += count
    })
    return (this.#ahead = { start, end, codes, hasNulls })
  }

  close(): void {
    this.#memory?.release()
    this.#memory = null
    this.#page = null
  }

  #fromCodes({ codes, hasNulls }: RowCodes, rows: Uint32Array | null, region: Region): Vector {
    const { type, layout } = this.#chunk
    const own = rows === null ? codes : pick(codes, rows, region)
    const { length } = own
    let validity: Uint8Array | null = null
    if (hasNulls) {
      validity = region.bitmap(length, true)
      for (let k = 0; k < length; k++) {
        if (own[k] !== this.#entries) continue
        validity[k >>> 3]! &= ~(1 << (k & 7))
        own[k] = 0
      }
    }
    if (this.#entries === 0) return new NullVector(type, length, null)
    if (this.#texts !== null) return new DictionaryVector(type, length, validity, own, this.#texts, false)
    const values = allocValues(type, length, region)
    const out = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    gatherEntries(this.#values!, layout.width, own, out, 0)
    return new PrimitiveVector(type, length, validity, values)
  }

  /** Goes through the pages of some rows: how many of each, and which of them are chosen, counted in the page's part. */
  #each(
    start: number,
    end: number,
    rows: Uint32Array | null,
    use: (page: Page, count: number, chosen: Uint32Array | null) => void,
  ): void {
    const { pages } = this.#pages
    let low = 0
    for (let row = start; row < end;) {
      while (this.#number < pages.length && pages[this.#number]!.end <= row) this.#number++
      const stored = pages[this.#number]
      if (stored === undefined || stored.first > row) {
        throw new Error(`column ${this.#chunk.meta.path_in_schema.join('.')} has too few rows`)
      }
      const last = Math.min(end, stored.end)
      let chosen: Uint32Array | null = null
      if (rows !== null) {
        let high = low
        while (high < rows.length && rows[high]! < last - start) high++
        chosen = rows.subarray(low, high)
        if (row > start && high > low) chosen = chosen.map((at) => at - (row - start))
        low = high
      }
      // What is not read of a page, and the rest of one that is given up, needs no decoding.
      if (chosen === null || chosen.length > 0 || last < stored.end) {
        const page = this.#openTo(stored, row)
        use(page, last - row, chosen)
        this.#next = last
      }
      row = last
    }
  }

  /** Opens a page, if it is not, and leaves its rows before `row` out. */
  #openTo(stored: StoredPage, row: number): Page {
    if (this.#page === null || this.#opened !== stored) {
      this.close()
      this.#memory = new Region(this.#kept.arena)
      this.#page = this.#open(stored, this.#memory)
      this.#opened = stored
      this.#next = stored.first
    }
    if (this.#next > row) throw new Error('rows are read from the first to the last')
    if (row > this.#next) this.#skipIn(this.#page, row - this.#next)
    this.#next = row
    return this.#page
  }

  #skipIn(page: Page, count: number): void {
    const { layout } = this.#chunk
    const scratch = new Region(this.#kept.arena)
    try {
      const { count: present } = presentRows(page.levels, count, null, scratch)
      if (page.codes !== null) page.codes.skip(present)
      else if (layout.kind === 'bits') page.at += present
      else if (layout.kind === 'text') page.at += 4 * present + this.#measure(page, present, scratch.i32(present + 1))
      else page.at += present * layout.stored
    } finally {
      scratch.release()
    }
  }

  #measure(page: Page, count: number, offsets: Int32Array): number {
    const total = measureTexts(page.bytes, page.at, count, offsets)
    if (total < 0) throw new Error('the values of a page end early')
    return total
  }

  /** Values of rows that are there, one after another. */
  #readFixed(page: Page, { count, taken, read }: Presence, out: Uint8Array, from: number, region: Region): void {
    const { layout } = this.#chunk
    if (page.codes !== null) {
      const codes = region.u32(read)
      this.#readPageCodes(page.codes, codes, 0, read)
      gatherEntries(this.#values!, layout.width, taken === null ? codes : pick(codes, taken, region), out, from)
      return
    }
    const { stored } = layout
    if (page.at + read * stored > page.bytes.length) throw new Error('the values of a page end early')
    if (taken === null) copyPlain(page.bytes, page.at, count, layout, out, from)
    else {
      const values = page.bytes.subarray(page.at, page.at + read * stored)
      if (layout.kind === 'copy') gatherEntries(values, stored, taken, out, from)
      else copyPlain(pickBytes(values, stored, taken), 0, count, layout, out, from)
    }
    page.at += read * stored
  }

  #readText(page: Page, rows: number, chosen: Uint32Array | null, region: Region): Vector {
    const { type } = this.#chunk
    const length = chosen?.length ?? rows
    const { levels, count, taken, read } = presentRows(page.levels, rows, chosen, region)
    let validity: Uint8Array | null = null
    if (levels !== null) clearMissing(levels, length, (validity = region.bitmap(length, true)), 0)
    if (page.codes !== null) {
      const all = region.u32(taken === null ? Math.max(read, length) : read)
      this.#readPageCodes(page.codes, all, 0, read)
      const codes = taken === null ? all : region.u32(length)
      if (taken !== null) for (let k = 0; k < count; k++) codes[k] = all[taken[k]!]!
      if (levels !== null) spreadCodes(codes, levels, 0, length, count, 0)
      return new DictionaryVector(type, length, validity, codes, this.#texts!, false)
    }
    const measured = region.i32(read + 1)
    const total = this.#measure(page, read, measured)
    const end = page.at + total + 4 * read
    let ends = measured
    let bytes: Uint8Array
    if (taken === null) bytes = copyTexts(page.bytes, page.at, end, 4, measured, read, region)
    else bytes = takeTexts(page.bytes, page.at, measured, taken, (ends = region.i32(count + 1)), region)
    page.at = end
    if (levels === null) return new BytesVector(type, length, validity, ends, bytes)
    const offsets = region.i32(length + 1)
    let next = 0
    for (let k = 0; k < length; k++) {
      offsets[k] = ends[next]!
      next += levels[k]!
    }
    offsets[length] = ends[count]!
    return new BytesVector(type, length, validity, offsets, bytes)
  }

  #readBits(page: Page, rows: number, chosen: Uint32Array | null, region: Region): Vector {
    const length = chosen?.length ?? rows
    const { levels, count, taken, read } = presentRows(page.levels, rows, chosen, region)
    const all = region.u32(Math.max(read, length))
    if (page.codes !== null) page.codes.read(all, 0, read)
    else {
      if (page.at + read > page.bytes.length * 8) throw new Error('the values of a page end early')
      for (let k = 0; k < read; k++) {
        const bit = page.at + k
        all[k] = (page.bytes[bit >>> 3]! >>> (bit & 7)) & 1
      }
      page.at += read
    }
    const values = taken === null ? all : region.u32(length)
    if (taken !== null) for (let k = 0; k < count; k++) values[k] = all[taken[k]!]!
    let validity: Uint8Array | null = null
    if (levels !== null) {
      clearMissing(levels, length, (validity = region.bitmap(length, true)), 0)
      spreadCodes(values, levels, 0, length, count, 0)
    }
    const bits = region.bitmap(length, false)
    for (let k = 0; k < length; k++) bits[k >>> 3]! |= (values[k]! & 1) << (k & 7)
    return new BoolVector(this.#chunk.type, length, validity, bits)
  }

  #readPageCodes(reader: HybridReader, codes: Uint32Array, from: number, count: number): void {
    const most = reader.read(codes, from, count)
    if (count > 0 && most >= this.#entries) throw new Error(`a code of ${most} in a dictionary of ${this.#entries}`)
  }

  #open({ header, stored }: StoredPage, memory: Region): Page {
    const { nullable, meta } = this.#chunk
    const v2 = header.data_page_header_v2
    if (v2 !== undefined) {
      const first = v2.repetition_levels_byte_length
      const start = first + v2.definition_levels_byte_length
      if (!(first >= 0 && start >= first && start <= stored.length)) throw new Error('a page ends early')
      // Some writers leave the levels out where no row is NULL.
      const levels = nullable && start > first ? new HybridReader(stored, first, start, 1) : null
      const values = stored.subarray(start)
      const bytes = v2.is_compressed
        ? decompressPage(meta.codec, values, header.uncompressed_page_size - start, memory)
        : values
      return this.#pageOf(bytes, 0, levels, v2.encoding)
    }
    const { encoding, definition_level_encoding } = header.data_page_header!
    const bytes = decompressPage(meta.codec, stored, header.uncompressed_page_size, memory)
    if (!nullable) return this.#pageOf(bytes, 0, null, encoding)
    if (definition_level_encoding === 'BIT_PACKED') throw new Error('levels in the deprecated bit packing')
    const end = 4 + lengthAt(bytes, 0)
    return this.#pageOf(bytes, end, new HybridReader(bytes, 4, end, 1), encoding)
  }

  #pageOf(bytes: Uint8Array, start: number, levels: HybridReader | null, encoding: string): Page {
    const { kind } = this.#chunk.layout
    if (encoding === 'RLE' && kind === 'bits') {
      const end = start + 4 + lengthAt(bytes, start)
      return { bytes, levels, codes: new HybridReader(bytes, start + 4, end, 1), at: 0 }
    }
    if (encoding === 'PLAIN') return { bytes, levels, codes: null, at: kind === 'bits' ? start * 8 : start }
    this.#openDictionary()
    if (this.#texts === null && this.#values === null) throw new Error(`a page in ${encoding} without a dictionary`)
    // A page without values has no width either.
    const width = bytes[start] ?? 0
    const from = Math.min(start + 1, bytes.length)
    return { bytes, levels, codes: new HybridReader(bytes, from, bytes.length, width), at: 0 }
  }

  #openDictionary(): void {
    if (this.#hasDictionary) return
    this.#hasDictionary = true
    const { layout, type, meta } = this.#chunk
    const { dictionary } = this.#pages
    if (dictionary === null) return
    if (layout.kind === 'bits') throw new Error(`a dictionary of ${typeName(type)}`)
    const memory = new Region(this.#kept.arena)
    try {
      const { header, stored } = dictionary
      const count = header.dictionary_page_header?.num_values ?? 0
      const bytes = decompressPage(meta.codec, stored, header.uncompressed_page_size, memory)
      if (!(count >= 0 && count * (layout.stored || 4) <= bytes.length)) throw new Error('a dictionary ends early')
      this.#entries = count
      if (layout.kind === 'text') {
        const page: Page = { bytes, levels: null, codes: null, at: 0 }
        this.#texts = this.#readText(page, count, null, this.#kept) as BytesVector
        return
      }
      const values = allocValues(type, count, this.#kept)
      this.#values = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      this.#entryVector = new PrimitiveVector(type, count, null, values)
      copyPlain(bytes, 0, count, layout, this.#values, 0)
    } finally {
      memory.release()
    }
  }
}

/** The length of what follows, in four bytes. */
function lengthAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Error('the values of a page end early')
  const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  if (length < 0 || at + 4 + length > bytes.length) throw new Error('the values of a page end early')
  return length
}

function pick(values: Uint32Array, rows: Uint32Array, region: Region): Uint32Array {
  const out = region.u32(rows.length)
  for (let k = 0; k < rows.length; k++) out[k] = values[rows[k]!]!
  return out
}

function pickBytes(values: Uint8Array, width: number, rows: Uint32Array): Uint8Array {
  const out = new Uint8Array(rows.length * width)
  for (let k = 0; k < rows.length; k++) {
    const at = rows[k]! * width
    for (let i = 0; i < width; i++) out[k * width + i] = values[at + i]!
  }
  return out
}

function clearMissing(levels: Uint32Array, count: number, validity: Uint8Array, from: number): void {
  for (let k = 0; k < count; k++) {
    const at = from + k
    if (levels[k] === 0) validity[at >>> 3]! &= ~(1 << (at & 7))
  }
}

/** Moves the first codes, which are of rows that are there, to the rows that `levels` says are; others get `missing`. */
function spreadCodes(
  codes: Uint32Array,
  levels: Uint32Array,
  from: number,
  count: number,
  present: number,
  missing: number,
): void {
  let at = from + present
  for (let k = count - 1; k >= 0; k--) codes[from + k] = levels[k] === 0 ? missing : codes[--at]!
}
