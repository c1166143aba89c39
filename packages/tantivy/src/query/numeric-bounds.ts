import { mapF64, mapI64 } from '../terms.ts'

export interface NumericBound {
  readonly value: bigint | number
  readonly inclusive: boolean
}

type NumericType = 'i64' | 'u64' | 'f64' | 'bool' | 'date'

const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n

/**
 * Bounds of one numeric type as inclusive bounds over a column of another, in order-preserving u64 form; null when no
 * value can lie between them. The comparison is exact, but for 64-bit integers against a float column, where the bound
 * is rounded to a float.
 */
export function numericBounds(
  lower: NumericBound | null,
  upper: NumericBound | null,
  column: NumericType,
): readonly [bigint, bigint] | null {
  if (column === 'f64') {
    let min = 0n
    let max = U64_MAX
    if (lower !== null) min = mapF64(Number(lower.value)) + (lower.inclusive ? 0n : 1n)
    if (upper !== null) max = mapF64(Number(upper.value)) - (upper.inclusive ? 0n : 1n)
    return min > max ? null : [min, max]
  }
  const signed = column === 'i64' || column === 'date'
  const least = signed ? I64_MIN : 0n
  const most = signed ? I64_MAX : U64_MAX
  let min = least
  let max = most
  if (lower !== null) min = integerAbove(lower, least, most)
  if (upper !== null) max = integerBelow(upper, least, most)
  if (min < least) min = least
  if (max > most) max = most
  if (min > max) return null
  return signed ? [mapI64(min), mapI64(max)] : [min, max]
}

/** The least integer that a lower bound admits, or one past `most`. */
function integerAbove({ value, inclusive }: NumericBound, least: bigint, most: bigint): bigint {
  if (typeof value === 'bigint') return inclusive ? value : value + 1n
  if (Number.isNaN(value) || value > Number(most)) return most + 1n
  if (value < Number(least)) return least
  const whole = BigInt(Math.ceil(value))
  return inclusive || !Number.isInteger(value) ? whole : whole + 1n
}

/** The greatest integer that an upper bound admits, or one below `least`. */
function integerBelow({ value, inclusive }: NumericBound, least: bigint, most: bigint): bigint {
  if (typeof value === 'bigint') return inclusive ? value : value - 1n
  if (Number.isNaN(value) || value < Number(least)) return least - 1n
  if (value > Number(most)) return most
  const whole = BigInt(Math.floor(value))
  return inclusive || !Number.isInteger(value) ? whole : whole - 1n
}
