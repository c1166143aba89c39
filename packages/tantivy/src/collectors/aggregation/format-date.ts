import { invalidRequest } from './aggregation-error.ts'

/** A date in nanoseconds as RFC 3339 in UTC, with as many digits of a second as it has. */
export function formatDate(nanoseconds: bigint): string {
  let seconds = nanoseconds / 1_000_000_000n
  let rest = nanoseconds % 1_000_000_000n
  if (rest < 0n) {
    seconds -= 1n
    rest += 1_000_000_000n
  }
  const date = new Date(Number(seconds) * 1000)
  const year = date.getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) throw invalidRequest(`the date ${nanoseconds} ns is outside the years 0 to 9999`)
  const whole = date.toISOString().slice(0, 19)
  return rest === 0n ? `${whole}Z` : `${whole}.${rest.toString().padStart(9, '0').replace(/0+$/, '')}Z`
}
