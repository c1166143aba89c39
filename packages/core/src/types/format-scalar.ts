import type { DataType } from 'apache-arrow'
import type { ScalarValue } from './scalar-value.ts'

/** A value as PostgreSQL prints it: `2024-01-01 00:00:00`, `t`, `{1,2}`, `1 mon 2 days`. NULL is the empty text. */
export function formatScalar(value: ScalarValue, _type: DataType): string {
  return String(value)
}

/**
 * A value as JSON has it: integers of 64 bits, decimals and intervals as strings, smaller integers and floats as numbers
 * (NaN and infinities as strings), Timestamps as ISO-8601 with as many fraction digits as the unit has and `Z`, lists as arrays.
 */
export function jsonValue(value: ScalarValue, _type: DataType): unknown {
  return value
}
