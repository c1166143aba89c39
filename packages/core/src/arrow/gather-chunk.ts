import type { Data, DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import { allocValues } from '../vectors/build.ts'
import { concatVectors } from '../vectors/concat.ts'
import { wordsOf } from '../vectors/operand.ts'
import { copyBytes } from '../vectors/take.ts'
import { BytesVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import type { ArrowChunk } from './arrow-chunk.ts'
import { firstBit, fromArrowData, nullBitmapOf } from './from-arrow-data.ts'
import { fromArrowRows, isInPlace } from './from-arrow-rows.ts'

/** Rows `start` to `end` (exclusive) of a column, copied into the region. */
export function copyRows(
  chunk: ArrowChunk,
  position: number,
  type: DataType,
  start: number,
  end: number,
  region: Region,
): Vector {
  const parts = chunk.column(position)
  const pieces: Vector[] = []
  for (let row = start, i = chunk.batchOf(start); row < end; i++) {
    const first = chunk.starts[i]!
    const last = Math.min(end, chunk.starts[i + 1]!)
    const data = parts[i]!
    const isWhole = row === first && last - row === data.length
    if (last > row) pieces.push(fromArrowData(isWhole ? data : data.slice(row - first, last - row), type, region))
    row = Math.max(row, last)
  }
  return pieces.length === 1 ? pieces[0]! : concatVectors(pieces, region)
}

/** Rows of one Arrow batch among those that are gathered. */
interface Run {
  readonly batch: number
  /** Row of the chunk that the batch begins with. */
  readonly first: number
  readonly from: number
  readonly to: number
}

/** Some rows of a chunk, ascending, by the batch that they are in: those of any of its columns can be gathered. */
export class GatheredRows {
  readonly #chunk: ArrowChunk
  readonly #rows: Uint32Array
  readonly #count: number
  readonly #runs: Run[] = []

  constructor(chunk: ArrowChunk, rows: Uint32Array, count: number) {
    this.#chunk = chunk
    this.#rows = rows
    this.#count = count
    const { starts } = chunk
    for (let from = 0; from < count;) {
      const batch = chunk.batchOf(rows[from]!)
      const end = starts[batch + 1]!
      let to = from + 1
      while (to < count && rows[to]! < end) to++
      this.#runs.push({ batch, first: starts[batch]!, from, to })
      from = to
    }
  }

  /** The rows of a column (of Arrow types that map to `type`), copied into the region. */
  column(position: number, type: DataType, region: Region): Vector {
    const parts = this.#chunk.column(position)
    const name = typeName(type)
    const isText = name === 'Utf8' || name === 'Json' || name === 'Binary'
    if (this.#runs.every(({ batch }) => isInPlace(name, parts[batch]!))) return this.#fixed(parts, type, region)
    if (isText && this.#runs.every(({ batch }) => parts[batch]!.valueOffsets instanceof Int32Array)) {
      return this.#texts(parts, type, region)
    }
    const pieces = this.#runs.map(({ batch, first, from, to }) => {
      const rows = this.#rows.subarray(from, to).map((row) => row - first)
      return fromArrowRows(parts[batch]!, type, 0, rows, rows.length, region)
    })
    return pieces.length === 1 ? pieces[0]! : concatVectors(pieces, region)
  }

  #fixed(parts: readonly Data[], type: DataType, region: Region): PrimitiveVector {
    const values = allocValues(type, this.#count, region)
    const out = wordsOf(values)
    const width = out.length / this.#count
    for (const { batch, first, from, to } of this.#runs) {
      copyWords(wordsOf(parts[batch]!.values as ArrayBufferView), first, this.#rows, from, to, width, out)
    }
    return new PrimitiveVector(type, this.#count, this.#validity(parts, region), values)
  }

  #texts(parts: readonly Data[], type: DataType, region: Region): BytesVector {
    const offsets = region.i32(this.#count + 1)
    let end = 0
    for (const { batch, first, from, to } of this.#runs) {
      const source = parts[batch]!.valueOffsets as unknown as Int32Array
      for (let k = from; k < to; k++) {
        offsets[k] = end
        const row = this.#rows[k]! - first
        end += Math.max(0, source[row + 1]! - source[row]!)
      }
    }
    offsets[this.#count] = end
    const bytes = region.u8(end)
    for (const { batch, first, from, to } of this.#runs) {
      const data = parts[batch]!
      const source = data.valueOffsets as unknown as Int32Array
      const texts = data.values as Uint8Array
      for (let k = from; k < to; k++) {
        copyBytes(texts, source[this.#rows[k]! - first]!, offsets[k + 1]! - offsets[k]!, bytes, offsets[k]!)
      }
    }
    return new BytesVector(type, this.#count, this.#validity(parts, region), offsets, bytes)
  }

  #validity(parts: readonly Data[], region: Region): Uint8Array | null {
    if (!this.#runs.some(({ batch }) => nullBitmapOf(parts[batch]!) !== null)) return null
    const bits = region.bitmap(this.#count, false)
    for (const { batch, first, from, to } of this.#runs) {
      const data = parts[batch]!
      const bitmap = nullBitmapOf(data)
      const shift = bitmap === null ? 0 : firstBit(data, bitmap) - first
      for (let k = from; k < to; k++) {
        const bit = this.#rows[k]! + shift
        const isPresent = bitmap === null ? 1 : (bitmap[bit >>> 3]! >>> (bit & 7)) & 1
        bits[k >>> 3]! |= isPresent << (k & 7)
      }
    }
    return bits
  }
}

function copyWords(
  values: Int32Array,
  first: number,
  rows: Uint32Array,
  from: number,
  to: number,
  width: number,
  out: Int32Array,
): void {
  if (width === 1) for (let k = from; k < to; k++) out[k] = values[rows[k]! - first]!
  else {
    for (let k = from; k < to; k++) {
      const at = (rows[k]! - first) * width
      for (let w = 0; w < width; w++) out[k * width + w] = values[at + w]!
    }
  }
}
