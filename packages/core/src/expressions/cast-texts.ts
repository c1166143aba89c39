import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { allocValues } from '../vectors/build.ts'
import { wordsOf, type Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { BytesVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'

const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
/** Digits that a double holds exactly. */
const EXACT_DIGITS = 15
/** Powers of ten that are exact, and so is the division of 15 digits by one rounded right. */
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, k) => 10 ** k)
const UINT32 = 4294967296

/** What `parseWhole` and `parseDecimal` give of a text that is none. */
const OTHER = NaN

/**
 * Casts texts to 64-bit integers or doubles; null for other types. Plain numbers of up to 15 digits are read from their bytes,
 * any other text by `castOther`, which gives null or throws where it is no number.
 */
export function castTexts(
  operand: Operand,
  type: DataType,
  length: number,
  rows: Selection,
  region: Region,
  castOther: (text: ScalarValue) => ScalarValue,
): Vector | null {
  const { data } = operand
  const target = typeName(type)
  const isFloat = target === 'Float64'
  if (!(data instanceof BytesVector) || typeName(data.type) !== 'Utf8') return null
  if (!isFloat && target !== 'Int64') return null
  const out = allocValues(type, length, region)
  const validity = region.bitmap(length, false)
  const others = region.u32(rows.length)
  const left = isFloat
    ? readDecimals(operand, data, rows, out as Float64Array, validity, others)
    : readWholes(operand, data, rows, wordsOf(out), validity, others)
  for (let k = 0; k < left; k++) {
    const row = others[k]!
    const value = castOther(scalarAt(data, operand.at(row)))
    if (value === null) continue
    ;(out as unknown as ScalarValue[])[row] = value
    validity[row >>> 3]! |= 1 << (row & 7)
  }
  return new PrimitiveVector(type, length, validity, out)
}

/** Gives the number of rows whose text is another, which are put into `others`. */
function readWholes(
  operand: Operand,
  { offsets, bytes }: BytesVector,
  rows: Selection,
  out: Int32Array,
  validity: Uint8Array,
  others: Uint32Array,
): number {
  let left = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = operand.at(row)
    const value = parseWhole(bytes, offsets[at]!, offsets[at + 1]!)
    if (value !== value) {
      others[left++] = row
      continue
    }
    out[2 * row] = value
    out[2 * row + 1] = Math.floor(value / UINT32)
    validity[row >>> 3]! |= 1 << (row & 7)
  }
  return left
}

function readDecimals(
  operand: Operand,
  { offsets, bytes }: BytesVector,
  rows: Selection,
  out: Float64Array,
  validity: Uint8Array,
  others: Uint32Array,
): number {
  let left = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = operand.at(row)
    const value = parseDecimal(bytes, offsets[at]!, offsets[at + 1]!)
    if (value !== value) {
      others[left++] = row
      continue
    }
    out[row] = value
    validity[row >>> 3]! |= 1 << (row & 7)
  }
  return left
}

/** Digits, a minus before them or not. */
function parseWhole(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS && start < end
  const from = negative ? start + 1 : start
  if (end <= from || end - from > EXACT_DIGITS) return OTHER
  let value = 0
  for (let i = from; i < end; i++) {
    const digit = bytes[i]! - ZERO
    if (digit < 0 || digit > 9) return OTHER
    value = value * 10 + digit
  }
  return negative ? -value : value
}

/** The same with a fraction or not. */
function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS && start < end
  const from = negative ? start + 1 : start
  if (end <= from || end - from > EXACT_DIGITS + 1) return OTHER
  let value = 0
  let dot = -1
  for (let i = from; i < end; i++) {
    const digit = bytes[i]! - ZERO
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
    } else if (bytes[i] === DOT && dot < 0 && i > from && i + 1 < end) {
      dot = i
    } else return OTHER
  }
  if (dot < 0 && end - from > EXACT_DIGITS) return OTHER
  if (dot >= 0) value /= POWERS[end - dot - 1]!
  return negative ? -value : value
}
