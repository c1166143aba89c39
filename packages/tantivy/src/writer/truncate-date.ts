import type { DatePrecision } from '../schema/index-schema.ts'

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
