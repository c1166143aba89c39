import { addDecimals, multiplyDecimals } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { ArithmeticOperator } from '../types/coercion.ts'
import { divideRound, fitsDecimal, pow10, rescale } from '../types/decimal.ts'
import { precisionOf, scaleOf } from '../types/type-factory.ts'
import { readDecimal, writeDecimal } from '../vectors/build.ts'
import { kernelRows } from '../vectors/selection.ts'
import { divisionByZero, outOfRange } from '../types/type-errors.ts'

const TWO_53 = 9007199254740992

/** A 128-bit integer as a number where that is exact, else NaN. */
export function readSmall(words: Int32Array, row: number): number {
  const at = row * 4
  const high = words[at + 1]!
  const sign = high >> 31
  if (words[at + 2] !== sign || words[at + 3] !== sign) return Number.NaN
  const value = high * 4294967296 + (words[at]! >>> 0)
  return value < TWO_53 && value > -TWO_53 ? value : Number.NaN
}

/** Writes an integer below 2^53 in absolute value as a 128-bit one. */
export function writeSmall(words: Int32Array, row: number, value: number): void {
  const at = row * 4
  const high = Math.floor(value / 4294967296)
  const sign = high < 0 ? -1 : 0
  words[at] = value
  words[at + 1] = high
  words[at + 2] = sign
  words[at + 3] = sign
}

function unsigned(words: Int32Array): Uint32Array {
  return new Uint32Array(words.buffer as ArrayBuffer, words.byteOffset, words.length)
}

/** Decimals of any scales into one of the result's: in words of 64 bits or doubles where those are exact, else in BigInt. */
export function arithmeticDecimals(
  op: ArithmeticOperator,
  a: Int32Array,
  aMask: number,
  aType: DataType,
  b: Int32Array,
  bMask: number,
  bType: DataType,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  const [s1, s2, scale] = [scaleOf(aType), scaleOf(bType), scaleOf(type)]
  const limit = precisionOf(type) >= 16 ? TWO_53 : 10 ** precisionOf(type)
  const additive = op === '+' || op === '-'
  // Factors that bring both sides to the result's scale (sums) or the product to it.
  const f1 = 10 ** (scale - s1)
  const f2 = 10 ** (scale - s2)
  const simple = additive ? scale >= s1 && scale >= s2 : op === '*' && scale === s1 + s2
  const aBig = unsigned(a)
  const bBig = unsigned(b)
  const outBig = unsigned(out)
  const sign = op === '-' ? -1 : 1
  const inWords = (from: number): number | null => {
    const left = { words: a, mask: aMask, factor: f1 }
    const right = { words: b, mask: bMask, factor: sign * f2 }
    const kernel = additive ? addDecimals : multiplyDecimals
    return kernel(left, right, kernelRows(rows), from, rows.length, precisionOf(type), out)
  }
  const inDoubles = (from: number): number =>
    additive
      ? addSmall(a, aMask, f1, b, bMask, sign * f2, limit, rows, from, out)
      : multiplySmall(a, aMask, b, bMask, limit, rows, from, out)
  for (let k = 0; k < rows.length; k++) {
    if (simple) {
      k = inWords(k) ?? inDoubles(k)
      if (k === rows.length) return
    }
    const row = rows[k]!
    const value = wideDecimal(op, readDecimal(aBig, row & aMask), s1, readDecimal(bBig, row & bMask), s2, scale)
    if (!fitsDecimal(value, type)) throw outOfRange(type)
    writeDecimal(outBig, row, value)
  }
}

/**
 * Products of integers of two words, as long as they are below `limit`, which is at most 2^53: doubles hold them exactly.
 * Returns the first k that is left to others.
 */
function multiplySmall(
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  limit: number,
  rows: Uint32Array,
  from: number,
  out: Int32Array,
): number {
  for (let k = from; k < rows.length; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 2
    const j = (row & bMask) << 2
    const aHigh = a[i + 1]!
    const bHigh = b[j + 1]!
    const aSign = aHigh >> 31
    const bSign = bHigh >> 31
    if (((a[i + 2]! ^ aSign) | (a[i + 3]! ^ aSign) | (b[j + 2]! ^ bSign) | (b[j + 3]! ^ bSign)) !== 0) return k
    const value = (aHigh * 4294967296 + (a[i]! >>> 0)) * (bHigh * 4294967296 + (b[j]! >>> 0))
    if (!(value < limit && value > -limit)) return k
    const high = Math.floor(value * 2.3283064365386963e-10)
    const at = row << 2
    out[at] = value
    out[at + 1] = high
    out[at + 2] = high >> 31
    out[at + 3] = high >> 31
  }
  return rows.length
}

/** Sums of integers of two words times their factors, as `multiplySmall` has products. */
function addSmall(
  a: Int32Array,
  aMask: number,
  aFactor: number,
  b: Int32Array,
  bMask: number,
  bFactor: number,
  limit: number,
  rows: Uint32Array,
  from: number,
  out: Int32Array,
): number {
  for (let k = from; k < rows.length; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 2
    const j = (row & bMask) << 2
    const aHigh = a[i + 1]!
    const bHigh = b[j + 1]!
    const aSign = aHigh >> 31
    const bSign = bHigh >> 31
    if (((a[i + 2]! ^ aSign) | (a[i + 3]! ^ aSign) | (b[j + 2]! ^ bSign) | (b[j + 3]! ^ bSign)) !== 0) return k
    const x = (aHigh * 4294967296 + (a[i]! >>> 0)) * aFactor
    const y = (bHigh * 4294967296 + (b[j]! >>> 0)) * bFactor
    const value = x + y
    if (!(Math.abs(x) < TWO_53 && Math.abs(y) < TWO_53 && value < limit && value > -limit)) return k
    const high = Math.floor(value * 2.3283064365386963e-10)
    const at = row << 2
    out[at] = value
    out[at + 1] = high
    out[at + 2] = high >> 31
    out[at + 3] = high >> 31
  }
  return rows.length
}

function wideDecimal(op: ArithmeticOperator, x: bigint, s1: number, y: bigint, s2: number, scale: number): bigint {
  const common = Math.max(s1, s2)
  switch (op) {
    case '+':
      return rescale(rescale(x, s1, common) + rescale(y, s2, common), common, scale)
    case '-':
      return rescale(rescale(x, s1, common) - rescale(y, s2, common), common, scale)
    case '*':
      return rescale(x * y, s1 + s2, scale)
    case '/': {
      if (y === 0n) throw divisionByZero()
      const shift = scale - s1 + s2
      return shift >= 0 ? divideRound(x * pow10(shift), y) : divideRound(x, y * pow10(-shift))
    }
    case '%':
      if (y === 0n) throw divisionByZero()
      return rescale(rescale(x, s1, common) % rescale(y, s2, common), common, scale)
  }
}
