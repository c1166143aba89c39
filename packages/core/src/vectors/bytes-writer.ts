import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { SqlState, VolleyError } from '../errors.ts'
import { encodeText, writeAscii } from './utf8.ts'
import { BytesVector } from './vector.ts'

const MAX_BYTES = 2147483647

/** Builds a column of byte runs row by row; what it outgrows is freed with the region. */
export class BytesWriter {
  readonly #region: Region
  #offsets: Int32Array
  #bytes: Uint8Array
  #rows = 0
  #end = 0

  constructor(region: Region, rows = 64, bytes = 1024) {
    this.#region = region
    this.#offsets = region.i32(rows + 1)
    this.#offsets[0] = 0
    this.#bytes = region.u8(bytes)
  }

  /** Rows ended so far. */
  get length(): number {
    return this.#rows
  }

  /** Adds bytes to the current row. @throws VolleyError 54000 when a column would be longer than its offsets can say. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (this.#end + length > this.#bytes.length) this.#grow(this.#end + length)
    if (length < 32) for (let i = 0; i < length; i++) this.#bytes[this.#end + i] = bytes[start + i]!
    else this.#bytes.set(bytes.subarray(start, end), this.#end)
    this.#end += length
  }

  /** Adds a text to the current row. */
  appendText(text: string): void {
    const end = writeAscii(text, this.#bytes, this.#end)
    if (end >= 0) {
      this.#end = end
      return
    }
    const bytes = encodeText(text)
    this.append(bytes, 0, bytes.length)
  }

  /** The bytes of the row that was ended last, until something is added. */
  get lastRow(): Uint8Array {
    return this.#bytes.subarray(this.#rows === 0 ? 0 : this.#offsets[this.#rows - 1]!, this.#end)
  }

  endRow(): void {
    this.#rows++
    if (this.#rows >= this.#offsets.length) {
      const offsets = this.#region.i32(this.#offsets.length * 2)
      offsets.set(this.#offsets)
      this.#offsets = offsets
    }
    this.#offsets[this.#rows] = this.#end
  }

  finish(type: DataType, validity: Uint8Array | null = null): BytesVector {
    return new BytesVector(type, this.#rows, validity, this.#offsets.subarray(0, this.#rows + 1), this.#bytes)
  }

  #grow(needed: number): void {
    if (needed > MAX_BYTES) {
      throw new VolleyError('a text column of more than 2 GiB in one batch', { code: SqlState.statementTooComplex })
    }
    const bytes = this.#region.u8(Math.min(MAX_BYTES, Math.max(needed, this.#bytes.length * 2)))
    bytes.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = bytes
  }
}
