import type { DataType } from 'apache-arrow'
import type { ArithmeticOperator } from '../types/coercion.ts'
import { readBigInt64, readInt64, readUint64, writeBigInt64, writeInt64 } from '../types/ticks.ts'
import { divisionByZero, outOfRange } from '../types/type-errors.ts'
import type { NumberArray } from './compare-kernels.ts'

// Kernels read the rows given (none of them NULL) and write the same rows of `out`. Masks as in compare-kernels.ts.

const TWO_53 = 9007199254740992

/** Integers of at most 32 bits: in doubles, where sums are exact and a product that is not is out of range anyway. */
export function arithmeticIntegers(
  op: ArithmeticOperator,
  a: NumberArray,
  aMask: number,
  b: NumberArray,
  bMask: number,
  rows: Uint32Array,
  out: { [row: number]: number },
  min: number,
  max: number,
  type: DataType,
): void {
  // Compared once: a comparison of texts in the loop costs more than the operation.
  const adds = op === '+'
  const subtracts = op === '-'
  const multiplies = op === '*'
  const divides = op === '/'
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const x = a[row & aMask]!
    const y = b[row & bMask]!
    let value: number
    if (adds) value = x + y
    else if (subtracts) value = x - y
    else if (multiplies) value = x * y
    else {
      if (y === 0) throw divisionByZero()
      value = divides ? Math.trunc(x / y) : x % y
    }
    if (value < min || value > max) throw outOfRange(type)
    out[row] = value
  }
}

/** Floats; `single` rounds to 32 bits. A result that is infinite or zero only by overflow or underflow is out of range. */
export function arithmeticFloats(
  op: ArithmeticOperator,
  a: NumberArray,
  aMask: number,
  b: NumberArray,
  bMask: number,
  rows: Uint32Array,
  out: { [row: number]: number },
  single: boolean,
  type: DataType,
): void {
  if (!single && out instanceof Float64Array && a instanceof Float64Array && b instanceof Float64Array) {
    const kernel = op === '+' ? addFloats : op === '-' ? subtractFloats : op === '*' ? multiplyFloats : null
    if (kernel !== null) {
      if (kernel(a, aMask, b, bMask, rows, out)) checkFloats(op, a, aMask, b, bMask, rows, out, type)
      return
    }
  }
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const x = a[row & aMask]!
    const y = b[row & bMask]!
    let value = op === '+' ? x + y : op === '-' ? x - y : op === '*' ? x * y : op === '/' ? x / y : x % y
    if (single) value = Math.fround(value)
    if (value === 0 || value - value !== 0) checkFloat(op, x, y, value, type)
    out[row] = value
  }
}

// A loop for each operation, as a choice inside it takes longer than the operation. They tell whether a result was 0
// (products only), NaN or infinite; what that means is looked at afterwards, out of the loop.

function addFloats(
  a: Float64Array,
  aMask: number,
  b: Float64Array,
  bMask: number,
  rows: Uint32Array,
  out: Float64Array,
): boolean {
  let suspect = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = a[row & aMask]! + b[row & bMask]!
    out[row] = value
    suspect |= +(value - value !== 0)
  }
  return suspect !== 0
}

function subtractFloats(
  a: Float64Array,
  aMask: number,
  b: Float64Array,
  bMask: number,
  rows: Uint32Array,
  out: Float64Array,
): boolean {
  let suspect = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = a[row & aMask]! - b[row & bMask]!
    out[row] = value
    suspect |= +(value - value !== 0)
  }
  return suspect !== 0
}

function multiplyFloats(
  a: Float64Array,
  aMask: number,
  b: Float64Array,
  bMask: number,
  rows: Uint32Array,
  out: Float64Array,
): boolean {
  let suspect = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = a[row & aMask]! * b[row & bMask]!
    out[row] = value
    suspect |= +(value - value !== 0) | +(value === 0)
  }
  return suspect !== 0
}

function checkFloats(
  op: ArithmeticOperator,
  a: Float64Array,
  aMask: number,
  b: Float64Array,
  bMask: number,
  rows: Uint32Array,
  out: Float64Array,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = out[row]!
    if (value === 0 || value - value !== 0) checkFloat(op, a[row & aMask]!, b[row & bMask]!, value, type)
  }
}

/** A result of 0, NaN or infinity: raises unless the operands account for it. */
function checkFloat(op: ArithmeticOperator, x: number, y: number, value: number, type: DataType): void {
  const divides = op === '/' || op === '%'
  if (divides && y === 0 && x === x) throw divisionByZero()
  if (value - value !== 0 && x - x === 0 && y - y === 0) throw outOfRange(type)
  if (value === 0 && x !== 0 && ((op === '*' && y !== 0) || (op === '/' && y - y === 0))) throw outOfRange(type)
}

/** Sums and differences of signed 64-bit integers, in halves. */
export function addInt64(
  subtract: boolean,
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  let overflows = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 1
    const j = (row & bMask) << 1
    const al = a[i]!
    const bl = b[j]!
    const ah = a[i + 1]!
    const bh = b[j + 1]!
    const low = subtract ? (al - bl) | 0 : (al + bl) | 0
    let high: number
    let overflow: number
    if (subtract) {
      high = (ah - bh - +(al >>> 0 < bl >>> 0)) | 0
      overflow = (ah ^ bh) & (ah ^ high)
    } else {
      high = (ah + bh + +(low >>> 0 < al >>> 0)) | 0
      overflow = (ah ^ high) & (bh ^ high)
    }
    overflows |= overflow
    out[row << 1] = low
    out[(row << 1) + 1] = high
  }
  if (overflows < 0) throw outOfRange(type)
}

/** Sums and differences of unsigned 64-bit integers, in halves. */
export function addUint64(
  subtract: boolean,
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 1
    const j = (row & bMask) << 1
    const ah = a[i + 1]! >>> 0
    const bh = b[j + 1]! >>> 0
    const al = a[i]! >>> 0
    const bl = b[j]! >>> 0
    const low = subtract ? al - bl : al + bl
    const high = subtract ? ah - bh - +(low < 0) : ah + bh + +(low > 4294967295)
    if (high < 0 || high > 4294967295) throw outOfRange(type)
    out[row << 1] = low
    out[(row << 1) + 1] = high
  }
}

/** 64-bit products, quotients and remainders: in doubles where those are exact, else in BigInt. */
export function multiplyInt64(
  op: '*' | '/' | '%',
  unsigned: boolean,
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  const multiplies = op === '*'
  const divides = op === '/'
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 1
    const j = (row & bMask) << 1
    const x = unsigned ? readUint64(a, i) : readInt64(a, i)
    const y = unsigned ? readUint64(b, j) : readInt64(b, j)
    if (y === 0 && !multiplies) throw divisionByZero()
    const value = multiplies ? x * y : divides ? Math.trunc(x / y) : x % y
    const exact = multiplies
      ? value < TWO_53 && value > -TWO_53
      : x < TWO_53 && x > -TWO_53 && y < TWO_53 && y > -TWO_53
    if (exact) writeInt64(out, row << 1, value)
    else writeBigInt64(out, row << 1, wideInt64(op, unsigned, a, i, b, j, type))
  }
}

function wideInt64(
  op: '*' | '/' | '%',
  unsigned: boolean,
  a: Int32Array,
  i: number,
  b: Int32Array,
  j: number,
  type: DataType,
): bigint {
  let x = readBigInt64(a, i)
  let y = readBigInt64(b, j)
  if (unsigned) {
    x = BigInt.asUintN(64, x)
    y = BigInt.asUintN(64, y)
  }
  const value = op === '*' ? x * y : op === '/' ? x / y : x % y
  if (value !== (unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value))) throw outOfRange(type)
  return value
}
