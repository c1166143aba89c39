import type { NumericColumn } from '../../columnar/column.ts'
import { mapF64 } from '../../terms.ts'

type NumberType = NumericColumn['type']

const SIGN = 1n << 63n
const MAX_U64 = (1n << 64n) - 1n

/** The order-preserving u64 of a float in a column's type: cut towards zero and into its range for integers. */
export function floatToMapped(value: number, type: NumberType): bigint {
  if (type === 'f64') return mapF64(value)
  const whole = Number.isNaN(value) ? 0n : clamp(value)
  if (type === 'u64' || type === 'bool') return whole < 0n ? 0n : whole > MAX_U64 ? MAX_U64 : whole
  return (whole < -SIGN ? -SIGN : whole >= SIGN ? SIGN - 1n : whole) + SIGN
}

function clamp(value: number): bigint {
  return BigInt(Math.trunc(Math.min(Math.max(value, -(2 ** 70)), 2 ** 70)))
}

/** Undoes it, to the nearest float. */
export function mappedToFloat(mapped: bigint, type: NumberType): number {
  if (type === 'u64' || type === 'bool') return Number(mapped)
  if (type !== 'f64') return Number(mapped - SIGN)
  return new Float64Array(BigUint64Array.of(mapped & SIGN ? mapped ^ SIGN : MAX_U64 ^ mapped).buffer)[0]!
}

/** The two words of a value in its own type, low one first. */
export function wordsOfMapped(mapped: bigint, type: NumberType): Uint32Array {
  let bits = mapped
  if (type === 'i64' || type === 'date') bits = mapped ^ SIGN
  else if (type === 'f64') bits = mapped & SIGN ? mapped ^ SIGN : MAX_U64 ^ mapped
  return Uint32Array.of(Number(bits & 0xffffffffn), Number(bits >> 32n))
}
