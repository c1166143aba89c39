const SECOND = 1_000_000_000n
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/**
 * An instant (nanoseconds since the epoch) in an output format of a datetime field (formats/quickwit-split.md §9.5):
 * `rfc3339`, `iso8601`, `rfc2822`, a pattern of strftime's, or `unix_timestamp_secs` and its kind, which give a number.
 */
export function formatDatetime(nanos: bigint, format: string): string | bigint {
  switch (format) {
    case 'unix_timestamp_secs':
      return floorDiv(nanos, SECOND)
    case 'unix_timestamp_millis':
      return floorDiv(nanos, 1_000_000n)
    case 'unix_timestamp_micros':
      return floorDiv(nanos, 1000n)
    case 'unix_timestamp_nanos':
      return nanos
    case 'rfc3339': {
      const fraction = fractionOf(nanos).replace(/0+$/, '')
      return `${isoSeconds(nanos)}${fraction === '' ? '' : `.${fraction}`}Z`
    }
    case 'iso8601':
      return `${isoSeconds(nanos)}.${fractionOf(nanos)}Z`
    case 'rfc2822':
      return strftime(nanos, '%a, %d %b %Y %H:%M:%S +0000')
    default:
      return strftime(nanos, format)
  }
}

function strftime(nanos: bigint, pattern: string): string {
  const date = new Date(Number(floorDiv(nanos, 1_000_000n)))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hour12 = date.getUTCHours() % 12 || 12
  return pattern.replaceAll(/%([a-zA-Z%])/g, (whole, directive: string) => {
    switch (directive) {
      case 'Y':
        return String(date.getUTCFullYear()).padStart(4, '0')
      case 'y':
        return two(date.getUTCFullYear() % 100)
      case 'm':
        return two(date.getUTCMonth() + 1)
      case 'd':
        return two(date.getUTCDate())
      case 'e':
        return String(date.getUTCDate()).padStart(2, ' ')
      case 'H':
        return two(date.getUTCHours())
      case 'I':
        return two(hour12)
      case 'p':
        return date.getUTCHours() < 12 ? 'AM' : 'PM'
      case 'M':
        return two(date.getUTCMinutes())
      case 'S':
        return two(date.getUTCSeconds())
      case 'f':
        return fractionOf(nanos)
      case 'F':
        return isoSeconds(nanos).slice(0, 10)
      case 'T':
        return isoSeconds(nanos).slice(11)
      case 'a':
        return DAYS[date.getUTCDay()]!.slice(0, 3)
      case 'A':
        return DAYS[date.getUTCDay()]!
      case 'b':
      case 'h':
        return MONTHS[date.getUTCMonth()]!.slice(0, 3)
      case 'B':
        return MONTHS[date.getUTCMonth()]!
      case 'j':
        return String((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000 + 1)
          .split('.')[0]!
          .padStart(3, '0')
      case 's':
        return String(floorDiv(nanos, SECOND))
      case 'z':
        return '+0000'
      case 'Z':
        return 'UTC'
      case '%':
        return '%'
      default:
        return whole
    }
  })
}

/** `YYYY-MM-DDTHH:MM:SS`. */
function isoSeconds(nanos: bigint): string {
  return new Date(Number(floorDiv(nanos, SECOND)) * 1000).toISOString().slice(0, -5)
}

function fractionOf(nanos: bigint): string {
  return String(nanos - floorDiv(nanos, SECOND) * SECOND).padStart(9, '0')
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d)$/
const LOCAL = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?$/

/** Reads RFC 3339 (`T` may be a space) into nanoseconds since the epoch, or null. */
export function parseRfc3339(text: string): bigint | null {
  const match = RFC3339.exec(text)
  if (match === null) return null
  const local = civil(match.slice(1, 7).map(Number), match[7])
  if (local === null) return null
  const zone = /([+-])(\d\d):?(\d\d)/.exec(match[8]!)
  if (zone === null) return local
  const offset = BigInt(Number(zone[2]) * 3600 + Number(zone[3]) * 60) * SECOND
  return zone[1] === '+' ? local - offset : local + offset
}

/**
 * Reads an instant as Quickwit's queries accept it: RFC 3339 and 2822, dates and times without a zone (UTC), and Unix
 * timestamps, whose unit their size tells. Nanoseconds since the epoch, or null.
 */
export function parseDatetime(text: string): bigint | null {
  if (/^-?\d+$/.test(text)) return fromUnixTimestamp(BigInt(text))
  if (/^-?\d+\.\d+$/.test(text)) return BigInt(Math.round(Number(text) * 1000)) * 1_000_000n
  const zoned = parseRfc3339(text)
  if (zoned !== null) return zoned
  const match = LOCAL.exec(text)
  if (match !== null)
    return civil(
      match.slice(1, 7).map((part) => Number(part ?? 0)),
      match[7],
    )
  if (!/^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} /.test(text)) return null
  const millis = Date.parse(text)
  return Number.isNaN(millis) ? null : BigInt(millis) * 1_000_000n
}

/** A count of seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by size (§9.5). */
export function fromUnixTimestamp(count: bigint): bigint {
  const size = count < 0n ? -count : count
  // The first instant that is taken for a unit is 1972-04-13T23:59:55Z in it.
  const first = 72_057_595n
  if (size < first * 1000n) return count * SECOND
  if (size < first * 1_000_000n) return count * 1_000_000n
  return size < first * SECOND ? count * 1000n : count
}

function civil(parts: readonly number[], fraction: string | undefined): bigint | null {
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number]
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const valid = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  if (!valid) return null
  const nanos = BigInt((fraction ?? '').slice(0, 9).padEnd(9, '0'))
  return BigInt(date.getTime()) * 1_000_000n + nanos
}
