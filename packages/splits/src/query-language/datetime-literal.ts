import { parseDatetime, parseRfc3339 } from '../mapping/datetime-formats.ts'

const SECOND = 1_000_000_000n
/** Seconds that a Unix timestamp may count, and other units in proportion: 1972-04-13 to 2242-03-16. */
const FIRST = 72_057_595n
const LAST = 8_589_934_591n

/**
 * Reads an instant as Quickwit's queries accept it: RFC 3339 and 2822, a date with a time or without (UTC), and Unix
 * timestamps whose unit their size tells. Nanoseconds since the epoch, or null.
 */
export function parseInstant(literal: string): bigint | null {
  const text = literal.trim()
  const rfc3339 = parseRfc3339(text)
  if (rfc3339 !== null) return rfc3339
  if (/^[+-]?\d+$/.test(text)) return fromTimestamp(BigInt(text.replace('+', '')))
  const seconds = /^(\d+)\.(\d*)$/.exec(text)
  if (seconds !== null) {
    const count = BigInt(seconds[1]!)
    if (seconds[2] === '') return fromTimestamp(count)
    return count < FIRST || count > LAST ? null : count * SECOND + BigInt(seconds[2]!.slice(0, 9).padEnd(9, '0'))
  }
  if (/^\d{4}\/\d\d\/\d\d$/.test(text)) return parseDatetime(text.replaceAll('/', '-'))
  const local = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d| \d\d:\d\d:\d\d(?:\.\d{1,9})?)?$/.test(text)
  return local || /^[A-Z]/.test(text) ? parseDatetime(text) : null
}

function fromTimestamp(count: bigint): bigint | null {
  for (const perSecond of [1n, 1000n, 1_000_000n, SECOND]) {
    if (count >= FIRST * perSecond && count <= LAST * perSecond) return count * (SECOND / perSecond)
  }
  return null
}
