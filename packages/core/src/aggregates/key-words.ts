import type { DataType } from 'apache-arrow'
import { writeKeys, type FixedColumn, type Region, type WideColumn } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import { allocValues } from '../vectors/build.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import { kernelRows } from '../vectors/selection.ts'
import { BoolVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'

/** A column as kernels over values of at most 8 bytes take it; null for what has other values, or none. */
export function fixedColumn({ data, mask, validity, codes }: Operand): FixedColumn | null {
  if (codes !== null) return null
  if (data.encoding === 'bool') return { values: (data as BoolVector).bits, isBits: true, mask, validity }
  if (data.encoding !== 'primitive' || keyWordCount(data.type) === 0) return null
  return { values: (data as PrimitiveVector).values, isBits: false, mask, validity }
}

/** A column of decimals as kernels take it; null for what has other values. */
export function wideColumn(operand: Operand): WideColumn | null {
  const { data, mask, validity, codes } = operand
  if (codes !== null || data.encoding !== 'primitive' || typeName(data.type) !== 'Decimal') return null
  return { words: operand.words, mask, validity }
}

/** Words of a key of this type in a table of keys: 1 or 2; 0 where it has no fixed width of at most 8 bytes. */
export function keyWordCount(type: DataType): 0 | 1 | 2 {
  switch (typeName(type)) {
    case 'Bool':
    case 'Int8':
    case 'Int16':
    case 'Int32':
    case 'Date':
    case 'Uint8':
    case 'Uint16':
    case 'Uint32':
    case 'Float32':
      return 1
    case 'Int64':
    case 'Uint64':
    case 'Time':
    case 'Timestamp':
    case 'Float64':
      return 2
    default:
      return 0
  }
}

/**
 * Writes the words of each row's key to `out[k * stride + at]` and on; with `width` 2 those of short types have a zero
 * behind them. -0 is written as 0, every NaN as one.
 */
export function writeKeyWords(
  operand: Operand,
  rows: Uint32Array,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
  width: 1 | 2 = 2,
): void {
  const { mask, data } = operand
  const column = fixedColumn(operand)
  if (column !== null && writeKeys(column, kernelRows(rows), count, out, at, stride, width)) return
  if (data.encoding === 'bool') writeBits((data as BoolVector).bits, rows, mask, count, out, at, stride)
  else {
    const { values } = data as PrimitiveVector
    if (values instanceof Float64Array) return writeFloats(values, rows, mask, count, out, at, stride)
    if (values.BYTES_PER_ELEMENT === 8) return writeWords(wordsOf(values), rows, mask, count, out, at, stride)
    if (values instanceof Float32Array) writeSingles(values, rows, mask, count, out, at, stride)
    else if (values instanceof Int16Array) writeShorts(values, rows, mask, count, out, at, stride)
    else writeIntegers(values as Int32Array, rows, mask, count, out, at, stride)
  }
  if (width === 2) for (let k = 0, to = at + 1; k < count; k++, to += stride) out[to] = 0
}

function writeBits(
  bits: Uint8Array,
  rows: Uint32Array,
  mask: number,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let k = 0, to = at; k < count; k++, to += stride) {
    const row = rows[k]! & mask
    out[to] = (bits[row >>> 3]! >>> (row & 7)) & 1
  }
}

function writeWords(
  words: Int32Array,
  rows: Uint32Array,
  mask: number,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let k = 0, to = at; k < count; k++, to += stride) {
    const row = rows[k]! & mask
    out[to] = words[2 * row]!
    out[to + 1] = words[2 * row + 1]!
  }
}

function writeShorts(
  values: Int16Array,
  rows: Uint32Array,
  mask: number,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let k = 0, to = at; k < count; k++, to += stride) out[to] = values[rows[k]! & mask]!
}

function writeIntegers(
  values: Int32Array,
  rows: Uint32Array,
  mask: number,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let k = 0, to = at; k < count; k++, to += stride) out[to] = values[rows[k]! & mask]!
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)

function writeFloats(
  values: Float64Array,
  rows: Uint32Array,
  mask: number,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let k = 0, to = at; k < count; k++, to += stride) {
    const value = values[rows[k]! & mask]!
    scratch[0] = value === value ? value + 0 : Number.NaN
    out[to] = scratchWords[0]!
    out[to + 1] = scratchWords[1]!
  }
}

const single = new Float32Array(1)
const singleWord = new Uint32Array(single.buffer)

function writeSingles(
  values: Float32Array,
  rows: Uint32Array,
  mask: number,
  count: number,
  out: Uint32Array,
  at: number,
  stride: number,
): void {
  for (let k = 0, to = at; k < count; k++, to += stride) {
    const value = values[rows[k]! & mask]!
    single[0] = value === value ? value + 0 : Number.NaN
    out[to] = singleWord[0]!
  }
}

/** Where the words of group g are: `words[g * stride + at]` and on, but those of groups behind `skipped` one group before. */
export interface KeyPlace {
  /** A group without words; Infinity where each has some. */
  readonly skipped: number
  readonly at: number
  readonly stride: number
}

/** The column of keys that words were written for, one row per group. */
export function readKeyWords(
  type: DataType,
  count: number,
  validity: Uint8Array | null,
  words: Uint32Array,
  { skipped, at, stride }: KeyPlace,
  region: Region,
): Vector {
  const entryOf = (group: number): number => (group > skipped ? group - 1 : group === skipped ? 0 : group)
  if (typeName(type) === 'Bool') {
    const bits = region.bitmap(count, false)
    for (let g = 0; g < count; g++) bits[g >>> 3]! |= (words[entryOf(g) * stride + at]! & 1) << (g & 7)
    return new BoolVector(type, count, validity, bits)
  }
  const values = allocValues(type, count, region)
  const before = Math.min(count, skipped)
  if (values.BYTES_PER_ELEMENT === 8) {
    const out = wordsOf(values)
    copyPairs(words, at, stride, out, 0, before)
    copyPairs(words, at, stride, out, before, Math.min(count, before + 1), 0)
    copyPairs(words, at, stride, out, before + 1, count, before)
  } else {
    // Float32 keys are kept as the bits of their value.
    const out: PrimitiveArray = values instanceof Float32Array ? wordsOf(values) : values
    for (let g = 0; g < count; g++) (out as Int32Array)[g] = words[entryOf(g) * stride + at]!
  }
  return new PrimitiveVector(type, count, validity, values)
}

/** Copies the two words of entries from `entry` on to those of groups `start` to `end` (exclusive). */
function copyPairs(
  words: Uint32Array,
  at: number,
  stride: number,
  out: Int32Array,
  start: number,
  end: number,
  entry = start,
): void {
  for (let g = start, from = entry * stride + at; g < end; g++, from += stride) {
    out[2 * g] = words[from]!
    out[2 * g + 1] = words[from + 1]!
  }
}

/** Positions k where row `rows[k]` is not NULL. */
export function presentPositions(validity: Uint8Array, rows: Uint32Array, count: number): Uint32Array {
  const positions = new Uint32Array(count)
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    positions[n] = k
    n += (validity[row >>> 3]! >>> (row & 7)) & 1
  }
  return positions.subarray(0, n)
}

/** A bitmap with all bits set but one. */
export function allBut(row: number, length: number, region: Region): Uint8Array {
  const bits = region.bitmap(length, true)
  bits[row >>> 3]! &= ~(1 << (row & 7))
  return bits
}
