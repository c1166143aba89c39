import {
  filterCompareF64,
  filterCompareI32,
  filterCompareI64,
  filterCompareU32,
  filterCompareU64,
  filterPairsI128,
  filterPairsI32,
  widenIntegers,
  type PairSide,
  type Region,
} from '@volley/kernels'
import { internalError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { compareBytes } from '../vectors/bytes-kernels.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows, kernelRows, mergeRows, selectBits } from '../vectors/selection.ts'
import type { BoolVector, BytesVector, PrimitiveArray, PrimitiveVector, Vector } from '../vectors/vector.ts'
import { mirroredOperator } from './comparison-operator.ts'
import {
  selectBools,
  selectCodeRange,
  selectEqualBytes,
  selectEqualInt64,
  selectEqualNumber,
  selectIntervals,
  selectLessBytes,
  selectLessInt64,
  selectLessNumber,
  type NumberArray,
} from './compare-kernels.ts'

export type OrderOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** The selected rows where `left op right` is TRUE. */
export function selectComparison(
  op: OrderOperator,
  left: Vector,
  right: Vector,
  selection: Selection | null,
  region: Region,
): Selection {
  const rows = selection ?? allRows(left.length)
  const a = new Operand(left)
  const b = new Operand(right)
  if (a.isAlwaysNull || b.isAlwaysNull) return rows.subarray(0, 0)
  const filtered = filterByConstant(op, a, b, selection, rows, region)
  if (filtered !== null) return filtered
  // a > b is b < a; a <= b is NOT b < a: the order is total, NaN included.
  const swapped = op === '>' || op === '<='
  const negated = op === '<>' || op === '>=' || op === '<='
  const present = selectPresent(a, b, rows, region)
  const out = present === rows ? region.u32(rows.length) : present
  const equal = op === '=' || op === '<>'
  const n = swapped
    ? compareInto(equal, b, a, present, +negated, out, region)
    : compareInto(equal, a, b, present, +negated, out, region)
  return out.subarray(0, n)
}

/** A fixed-width column against a constant, by the kernels for it; null when the sides are something else. */
function filterByConstant(
  op: OrderOperator,
  a: Operand,
  b: Operand,
  selection: Selection | null,
  rows: Selection,
  region: Region,
): Selection | null {
  if (a.isConstant === b.isConstant || a.data.encoding !== 'primitive') return null
  const column = a.isConstant ? b : a
  const { values } = column.data as PrimitiveVector
  const constant = ((a.isConstant ? a : b).data as PrimitiveVector).values[0]!
  const wanted = (a.isConstant ? mirroredOperator(op) : op) as OrderOperator
  const out = region.u32(rows.length)
  const isNarrow = typeName(column.data.type) === 'Int16'
  const n = isNarrow
    ? filterCompareI32(
        widenNumbers(values, region) as Int32Array,
        wanted,
        constant as number,
        selection,
        rows.length,
        out,
      )
    : filterNumbers(column.data as PrimitiveVector, wanted, constant, selection, rows.length, out)
  if (n === null) return null
  // Rows that are NULL hold undefined values.
  return out.subarray(0, column.validity === null ? n : selectBits(column.validity, out, n, false, out))
}

/**
 * Writes those of some rows to `out` whose value stands in the relation to a constant, by the kernels for it, and returns their
 * number; what rows that are NULL hold is compared, too. Null, and nothing is written, for types that have no kernel.
 */
export function filterNumbers(
  { type, values }: PrimitiveVector,
  op: OrderOperator,
  constant: number | bigint,
  selection: Selection | null,
  count: number,
  out: Uint32Array,
): number | null {
  switch (typeName(type)) {
    case 'Int32':
    case 'Date':
      return filterCompareI32(values as Int32Array, op, constant as number, selection, count, out)
    case 'Uint32':
      return filterCompareU32(values as Uint32Array, op, constant as number, selection, count, out)
    case 'Float64':
      return filterCompareF64(values as Float64Array, op, constant as number, selection, count, out)
    case 'Int64':
    case 'Time':
    case 'Timestamp':
      return filterCompareI64(values as BigInt64Array, op, constant as bigint, selection, count, out)
    case 'Uint64':
      return filterCompareU64(values as BigUint64Array, op, constant as bigint, selection, count, out)
    default:
      return null
  }
}

/** The selected rows where the sides are equal or both NULL. */
export function selectNotDistinct(left: Vector, right: Vector, selection: Selection | null, region: Region): Selection {
  const rows = selection ?? allRows(left.length)
  const equal = selectComparison('=', left, right, selection, region)
  const a = new Operand(left)
  const b = new Operand(right)
  const bothNull = region.u32(rows.length)
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    bothNull[n] = row
    n += +!a.isValid(row) & +!b.isValid(row)
  }
  return mergeRows(equal, bothNull.subarray(0, n), region)
}

/** Rows where neither side is NULL: `rows` itself when no side has NULLs, else a new array. */
export function selectPresent(a: Operand, b: Operand, rows: Selection, region: Region): Selection {
  let result = rows
  for (const side of [a, b]) {
    if (side.validity === null || side.isConstant) continue
    const out: Uint32Array = result === rows ? region.u32(rows.length) : result
    result = out.subarray(0, selectBits(side.validity, result, result.length, false, out))
  }
  return result
}

// `rows` and `out` may be one array: a kernel never writes beyond what it has read.
function compareInto(
  equal: boolean,
  a: Operand,
  b: Operand,
  rows: Selection,
  flip: number,
  out: Uint32Array,
  region: Region,
): number {
  const count = rows.length
  switch (a.data.encoding) {
    case 'bool':
      return selectBools(
        (a.data as BoolVector).bits,
        a.mask,
        (b.data as BoolVector).bits,
        b.mask,
        rows,
        count,
        flip,
        out,
        equal,
      )
    case 'bytes':
      return compareBytesInto(equal, a, b, rows, flip, out)
    case 'list':
    case 'struct':
      return compareAnyInto(equal, a.data, b.data, a.mask, b.mask, rows, flip, out)
    case 'primitive':
      break
    default:
      throw internalError(`comparing ${a.data.type}`)
  }
  switch (typeName(a.data.type)) {
    case 'Int64':
    case 'Time':
    case 'Timestamp':
    case 'Uint64': {
      const sign = typeName(a.data.type) === 'Uint64' ? 0x80000000 | 0 : 0
      return equal
        ? selectEqualInt64(a.words, a.mask, b.words, b.mask, rows, count, flip, out)
        : selectLessInt64(a.words, a.mask, b.words, b.mask, rows, count, flip, out, sign)
    }
    case 'Decimal':
      return filterPairsI128(
        pairSide(a, a.words, region),
        pairSide(b, b.words, region),
        { equal, flip },
        kernelRows(rows),
        count,
        out,
      )
    case 'Interval':
      return selectIntervals(a.words, a.mask, b.words, b.mask, rows, count, flip, out, equal)
    default: {
      const x = widenNumbers((a.data as PrimitiveVector).values, region)
      const y = widenNumbers((b.data as PrimitiveVector).values, region)
      if (x instanceof Int32Array && y instanceof Int32Array) {
        return filterPairsI32(
          pairSide(a, x, region),
          pairSide(b, y, region),
          { equal, flip },
          kernelRows(rows),
          count,
          out,
        )
      }
      return equal
        ? selectEqualNumber(x, a.mask, y, b.mask, rows, count, flip, out)
        : selectLessNumber(x, a.mask, y, b.mask, rows, count, flip, out)
    }
  }
}

/** A side with its constant in the arena, where kernels reach it. */
function pairSide({ mask, isConstant }: Operand, words: Int32Array, region: Region): PairSide {
  if (!isConstant || words.buffer === region.arena.buffer) return { words, mask }
  const own = region.i32(words.length)
  own.set(words)
  return { words: own, mask }
}

/** Small integers and floats as Int32Array or Float64Array, so that kernels see two kinds of arrays only. */
export function widenNumbers(values: PrimitiveArray, region: Region): NumberArray {
  if (values instanceof Int32Array || values instanceof Float64Array) return values
  if (values instanceof Int16Array) {
    const out = region.i32(values.length)
    widenIntegers(values, values.length, out)
    return out
  }
  const narrow = values instanceof Uint32Array || values instanceof Float32Array
  const out = narrow ? region.f64(values.length) : region.i32(values.length)
  out.set(values as unknown as ArrayLike<number>)
  return out
}

function compareBytesInto(
  equal: boolean,
  a: Operand,
  b: Operand,
  rows: Selection,
  flip: number,
  out: Uint32Array,
): number {
  const count = rows.length
  if (a.codes !== null && a.sorted && !a.isConstant && b.isConstant) {
    const { low, high } = codeRange(a.bytes, b)
    return selectCodeRange(a.codes, equal ? low : 0, equal ? high : low, rows, count, flip, out)
  }
  if (b.codes !== null && b.sorted && !b.isConstant && a.isConstant) {
    const { low, high } = codeRange(b.bytes, a)
    return selectCodeRange(b.codes, equal ? low : high, equal ? high : 0xffffffff, rows, count, flip, out)
  }
  if (equal && a.codes !== null && a.sorted && a.data === b.data && b.codes !== null && a.mask === b.mask) {
    return selectEqualNumber(
      a.codes as unknown as Int32Array,
      a.mask,
      b.codes as unknown as Int32Array,
      b.mask,
      rows,
      count,
      flip,
      out,
    )
  }
  if (a.codes !== null || b.codes !== null) return compareCodesInto(equal, a, b, rows, flip, out)
  const x = a.bytes
  const y = b.bytes
  const kernel = equal ? selectEqualBytes : selectLessBytes
  return kernel(x.offsets, x.bytes, a.mask, y.offsets, y.bytes, b.mask, rows, count, flip, out)
}

/** Codes of the entries that equal the constant: [low, high), empty where none does; entries below `low` are less. */
function codeRange(dictionary: BytesVector, constant: Operand): { low: number; high: number } {
  const value = constant.bytes
  const at = constant.at(0)
  const { offsets, bytes } = dictionary
  let low = 0
  let end = dictionary.length
  while (low < end) {
    const middle = (low + end) >>> 1
    const order = compareBytes(
      bytes,
      offsets[middle]!,
      offsets[middle + 1]!,
      value.bytes,
      value.offsets[at]!,
      value.offsets[at + 1]!,
    )
    if (order < 0) low = middle + 1
    else end = middle
  }
  const found =
    low < dictionary.length &&
    compareBytes(bytes, offsets[low]!, offsets[low + 1]!, value.bytes, value.offsets[at]!, value.offsets[at + 1]!) === 0
  return { low, high: found ? low + 1 : low }
}

/** Byte comparisons through codes. */
function compareCodesInto(
  equal: boolean,
  a: Operand,
  b: Operand,
  rows: Selection,
  flip: number,
  out: Uint32Array,
): number {
  const x = a.bytes
  const y = b.bytes
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const i = a.at(row)
    const j = b.at(row)
    const order = compareBytes(x.bytes, x.offsets[i]!, x.offsets[i + 1]!, y.bytes, y.offsets[j]!, y.offsets[j + 1]!)
    out[n] = row
    n += +(equal ? order === 0 : order < 0) ^ flip
  }
  return n
}

function compareAnyInto(
  equal: boolean,
  a: Vector,
  b: Vector,
  aMask: number,
  bMask: number,
  rows: Selection,
  flip: number,
  out: Uint32Array,
): number {
  const comparator = new ColumnComparator(a, b)
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const order = comparator.compareValues(row & aMask, row & bMask)
    out[n] = row
    n += +(equal ? order === 0 : order < 0) ^ flip
  }
  return n
}
