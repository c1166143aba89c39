import type { DatePrecision } from '../schema/index-schema.ts'

const SIGN = 1n << 63n
const scratch = new DataView(new ArrayBuffer(8))

/** Mapping of an i64 to a u64 that keeps the order (section 1.1). */
export function mapI64(value: bigint): bigint {
  return BigInt.asUintN(64, value) ^ SIGN
}

/** Mapping of an f64 to a u64 that keeps the order: NaN has one pattern, -0 is below 0. */
export function mapF64(value: number): bigint {
  scratch.setFloat64(0, value)
  const bits = scratch.getBigUint64(0)
  return bits & SIGN ? BigInt.asUintN(64, ~bits) : bits ^ SIGN
}

const NANOS: Readonly<Record<DatePrecision, bigint>> = {
  seconds: 1_000_000_000n,
  milliseconds: 1_000_000n,
  microseconds: 1000n,
  nanoseconds: 1n,
}

/** Nanoseconds cut towards zero to a precision. */
export function truncateDate(nanos: bigint, precision: DatePrecision): bigint {
  return precision === 'nanoseconds' ? nanos : nanos - (nanos % NANOS[precision])
}
