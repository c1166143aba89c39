/** Months, days and nanoseconds, each with its own sign: they do not convert into one another. */
export interface IntervalValue {
  readonly months: number
  readonly days: number
  readonly nanos: bigint
}

/**
 * One value outside of a vector; its type is always known beside it.
 *
 * number: Int8 to Int32, Uint8 to Uint32, floats, Date (days). bigint: Int64, Uint64, Time and Timestamp (counts of their
 * unit), Decimal (unscaled). string: Utf8 and Json. Uint8Array: Binary.
 */
export type ScalarValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly ScalarValue[]
  | IntervalValue

/** Text that is equal exactly for equal values of one type; also for NaN and negative zero, which stay apart. */
export function scalarKey(value: ScalarValue): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `x${Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  if (isIntervalValue(value)) return `${value.months}m${value.days}d${value.nanos}n`
  return `[${value.map(scalarKey).join(',')}]`
}

export function isIntervalValue(value: ScalarValue): value is IntervalValue {
  return typeof value === 'object' && value !== null && 'months' in value
}
