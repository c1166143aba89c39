import { malformed } from './message.ts'

/** A number of rows. @throws VolleyError for what is not one. */
export function count(value: number): number {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw malformed(`${value} is no number of rows`)
  return value
}

/** A number of rows, or null for no limit. */
export function optionalCount(value: number | null | undefined): number | null {
  return value == null ? null : count(value)
}
