import { invalidRequest } from './aggregation-error.ts'

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  milliseconds: 1,
  s: 1000,
  seconds: 1000,
  m: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  days: 86_400_000,
}

/** A number and a unit of fixed length, such as 30m, in milliseconds. */
export function parseMillis(text: string): number {
  const match = /^(\d*)(.*)$/s.exec(text)!
  const [, digits, unit] = match
  if (digits === '') throw invalidRequest(`date histogram parse error: no number in ${JSON.stringify(text)}`)
  if (unit === '') throw invalidRequest(`date histogram parse error: no unit in ${JSON.stringify(text)}`)
  const length = Object.hasOwn(UNITS, unit!) ? UNITS[unit!]! : null
  if (length === null)
    throw invalidRequest(`date histogram parse error: unit not recognized in ${JSON.stringify(unit)}`)
  const millis = Number(digits) * length
  // nanoseconds have to fit in 64 bits
  if (millis * 1e6 >= 2 ** 63)
    throw invalidRequest(`date histogram parse error: ${JSON.stringify(text)} is out of bounds`)
  return millis
}

/** The same with an optional sign. */
export function parseOffset(text: string): number {
  const sign = text[0] === '-' || text[0] === '+' ? text[0] : ''
  const millis = parseMillis(text.slice(sign.length))
  return sign === '-' ? -millis : millis
}
