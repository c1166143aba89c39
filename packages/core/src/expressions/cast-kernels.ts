import type { DataType } from 'apache-arrow'
import { roundHalfEven } from '../types/number-text.ts'
import { joinTicks, readInt64, readUint64, split, splitTicks, writeInt64 } from '../types/ticks.ts'
import { outOfRange } from '../types/type-errors.ts'
import { readSmall, writeSmall } from './decimal-kernels.ts'

// Kernels read the rows given (none of them NULL, row i at `i & mask`) and write the same rows of `out`.

const TWO_53 = 9007199254740992
const TWO_63 = 9223372036854775808

/** 64-bit integers as doubles, rounded once. */
export function int64ToNumbers(
  words: Int32Array,
  mask: number,
  unsigned: boolean,
  rows: Uint32Array,
  out: Float64Array,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & mask) << 1
    out[row] = unsigned ? readUint64(words, at) : readInt64(words, at)
  }
}

/** Numbers to integers of at most 32 bits, halves to even. */
export function numbersToIntegers(
  values: ArrayLike<number>,
  mask: number,
  rows: Uint32Array,
  out: { [row: number]: number },
  min: number,
  max: number,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = roundHalfEven(values[row & mask]!)
    if (!(value >= min && value <= max)) throw outOfRange(type)
    out[row] = value
  }
}

/** Numbers to 64-bit integers, halves to even. */
export function numbersToInt64(
  values: ArrayLike<number>,
  mask: number,
  rows: Uint32Array,
  out: Int32Array,
  unsigned: boolean,
  type: DataType,
): void {
  const min = unsigned ? 0 : -TWO_63
  const max = unsigned ? TWO_63 * 2 : TWO_63
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = roundHalfEven(values[row & mask]!)
    if (!(value >= min && value < max)) throw outOfRange(type)
    writeInt64(out, row << 1, value)
  }
}

/** Numbers to floats; `single` checks that 32 bits hold them. */
export function numbersToFloats(
  values: ArrayLike<number>,
  mask: number,
  rows: Uint32Array,
  out: { [row: number]: number },
  single: boolean,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = values[row & mask]!
    if (single) {
      const rounded = Math.fround(value)
      if ((rounded - rounded !== 0 && value - value === 0) || (rounded === 0 && value !== 0)) throw outOfRange(type)
    }
    out[row] = value
  }
}

/** Signed to unsigned 64-bit integers or back: the sign bit must be 0. */
export function changeSign64(
  words: Int32Array,
  mask: number,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & mask) << 1
    if (words[at + 1]! < 0) throw outOfRange(type)
    out[row << 1] = words[at]!
    out[(row << 1) + 1] = words[at + 1]!
  }
}

/**
 * 128-bit integers from 64-bit ones or 128-bit ones (`source` words a row) times a power of ten, as far as doubles hold
 * them. Returns the rows left over, at the front of `rest`.
 */
export function scaleUpDecimals(
  words: Int32Array,
  source: 2 | 4,
  mask: number,
  factor: number,
  limit: number,
  rows: Uint32Array,
  out: Int32Array,
  rest: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = (source === 2 ? readInt64(words, (row & mask) << 1) : readSmall(words, row & mask)) * factor
    if (value < limit && value > -limit && value < TWO_53 && value > -TWO_53) writeSmall(out, row, value)
    else rest[n++] = row
  }
  return n
}

/** Decimals from integers of up to 32 bits, as `scaleUpDecimals` makes them. */
export function scaleUpIntegers(
  values: ArrayLike<number>,
  mask: number,
  factor: number,
  limit: number,
  rows: Uint32Array,
  out: Int32Array,
  rest: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = values[row & mask]! * factor
    if (value < limit && value > -limit && value < TWO_53 && value > -TWO_53) writeSmall(out, row, value)
    else rest[n++] = row
  }
  return n
}

/** Decimals of two words as doubles, which a division by at most 10^15 rounds once. Returns the rows left over. */
export function decimalsToFloats(
  words: Int32Array,
  mask: number,
  divisor: number,
  rows: Uint32Array,
  out: Float64Array,
  rest: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const value = readSmall(words, row & mask)
    out[row] = value / divisor
    rest[n] = row
    n += +(value !== value)
  }
  return n
}

/** Timestamps from one unit to another, rounding down. */
export function changeUnits(
  words: Int32Array,
  mask: number,
  from: number,
  to: number,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    splitTicks(words, (row & mask) << 1, from)
    const fraction = to >= from ? split.fraction * (to / from) : Math.floor(split.fraction / (from / to))
    if (!joinTicks(split.seconds, fraction, to, out, row << 1)) throw outOfRange(type)
  }
}

/** Timestamps to days. */
export function timestampsToDates(
  words: Int32Array,
  mask: number,
  perSecond: number,
  rows: Uint32Array,
  out: Int32Array,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    splitTicks(words, (row & mask) << 1, perSecond)
    out[row] = Math.floor(split.seconds / 86400)
  }
}

/** Days to timestamps. */
export function datesToTimestamps(
  days: Int32Array,
  mask: number,
  perSecond: number,
  rows: Uint32Array,
  out: Int32Array,
  type: DataType,
): void {
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (!joinTicks(days[row & mask]! * 86400, 0, perSecond, out, row << 1)) throw outOfRange(type)
  }
}
