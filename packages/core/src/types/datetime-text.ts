import { SqlState, VolleyError } from '../errors.ts'
import { civil, civilFromDays, daysFromCivil, daysInMonth } from './calendar.ts'
import { localToUtc } from './time-zone.ts'

/** A point in time: whole seconds since 1970-01-01 and nanoseconds in it. `offset` is a written zone's, in seconds. */
export interface ParsedTimestamp {
  readonly seconds: number
  readonly nanos: number
  readonly offset: number | null
  /** Whether the text had a time of day. */
  readonly hasTime: boolean
}

const DATE = String.raw`(\d{4,6})-(\d{1,2})-(\d{1,2})|(\d{4})\/(\d{1,2})\/(\d{1,2})|(\d{4})(\d{2})(\d{2})`
const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?`
const ZONE = String.raw`(z|utc|gmt|zulu|[+-]\d{1,2}(?::?\d{2}(?::\d{2})?)?|[a-z][a-z_]*(?:\/[a-z0-9_+-]+)+)`
const TIMESTAMP_TEXT = new RegExp(`^(?:${DATE})(?:(?:[ \\t]+|t)${TIME})?[ \\t]*${ZONE}?[ \\t]*(bc|ad)?$`, 'i')
const TIME_TEXT = new RegExp(`^${TIME}[ \\t]*(am|pm)?[ \\t]*${ZONE}?$`, 'i')

function syntaxError(text: string, type: string): VolleyError {
  return new VolleyError(`invalid input syntax for type ${type}: "${text}"`, { code: SqlState.invalidDatetimeFormat })
}

function fieldError(text: string): VolleyError {
  return new VolleyError(`date/time field value out of range: "${text}"`, { code: SqlState.datetimeFieldOverflow })
}

/** Nanoseconds of a written fraction, rounded half up: 1000000000 when it rounds to a whole second. */
function nanosOf(fraction: string | undefined): number {
  if (fraction === undefined) return 0
  const digits = Number(fraction.slice(0, 9).padEnd(9, '0'))
  return fraction.length > 9 && fraction.charCodeAt(9) >= 53 ? digits + 1 : digits
}

/** Seconds east of Greenwich of a written zone, for local seconds; null without one. */
function offsetOf(zone: string | undefined, local: number): number | null {
  if (zone === undefined) return null
  if (zone.includes('/')) return local - localToUtc(zone, local)
  if (!/^[+-]/.test(zone)) return 0
  const digits = zone.slice(1).replaceAll(':', '')
  const padded = digits.length <= 2 ? `${digits.padStart(2, '0')}0000` : digits.padEnd(6, '0')
  const seconds = Number(padded.slice(0, 2)) * 3600 + Number(padded.slice(2, 4)) * 60 + Number(padded.slice(4, 6))
  if (seconds >= 16 * 3600) {
    throw new VolleyError(`time zone displacement out of range: "${zone}"`, { code: '22009' })
  }
  return zone.startsWith('-') ? -seconds : seconds
}

function secondsOfDay(hour: number, minute: number, second: number, text: string): number {
  const valid = minute < 60 && second <= 60 && (hour < 24 || (hour === 24 && minute === 0 && second === 0))
  if (!valid) throw fieldError(text)
  return hour * 3600 + minute * 60 + second
}

/**
 * Reads `YYYY-MM-DD[( |T)HH:MM[:SS[.fraction]]][zone][ BC]`, also with slashes or as `YYYYMMDD`, and `epoch`.
 *
 * @throws VolleyError 22007 for text of another form, 22008 for a field that is out of range.
 */
export function parseTimestamp(source: string, type = 'timestamp'): ParsedTimestamp {
  const text = source.trim()
  if (text.toLowerCase() === 'epoch') return { seconds: 0, nanos: 0, offset: null, hasTime: true }
  const match = TIMESTAMP_TEXT.exec(text)
  if (match === null) throw syntaxError(source, type)
  let year = Number(match[1] ?? match[4] ?? match[7])
  const month = Number(match[2] ?? match[5] ?? match[8])
  const day = Number(match[3] ?? match[6] ?? match[9])
  if (year === 0) throw fieldError(source)
  if (match[15]?.toLowerCase() === 'bc') year = 1 - year
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) throw fieldError(source)
  let seconds = daysFromCivil(year, month, day) * 86400
  if (match[10] !== undefined) {
    seconds += secondsOfDay(Number(match[10]), Number(match[11]), Number(match[12] ?? 0), source)
  }
  let nanos = nanosOf(match[13])
  if (nanos === 1e9) {
    nanos = 0
    seconds++
  }
  return { seconds, nanos, offset: offsetOf(match[14], seconds), hasTime: match[10] !== undefined }
}

/**
 * Reads `HH:MM[:SS[.fraction]] [AM|PM]`: seconds and nanoseconds since midnight.
 *
 * @throws VolleyError 22007 or 22008.
 */
export function parseTime(source: string): { seconds: number; nanos: number } {
  const match = TIME_TEXT.exec(source.trim())
  if (match === null) {
    const { seconds, nanos } = parseTimestamp(source, 'time')
    return { seconds: seconds - Math.floor(seconds / 86400) * 86400, nanos }
  }
  let hour = Number(match[1])
  const half = match[5]?.toLowerCase()
  if (half !== undefined) {
    if (hour < 1 || hour > 12) throw fieldError(source)
    hour = (hour % 12) + (half === 'pm' ? 12 : 0)
  }
  const seconds = secondsOfDay(hour, Number(match[2]), Number(match[3] ?? 0), source)
  const nanos = nanosOf(match[4])
  return nanos === 1e9 ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos }
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}

/** `YYYY-MM-DD`, with ` BC` behind years before 1 put in `era`. */
function dateParts(days: number): { date: string; era: string } {
  civilFromDays(days)
  const year = civil.year > 0 ? civil.year : 1 - civil.year
  return { date: `${pad(year, 4)}-${pad(civil.month)}-${pad(civil.day)}`, era: civil.year > 0 ? '' : ' BC' }
}

export function formatDate(days: number): string {
  const { date, era } = dateParts(days)
  return date + era
}

/** `HH:MM:SS` of a second of the day. */
export function formatClock(secondOfDay: number): string {
  const hour = Math.floor(secondOfDay / 3600)
  const minute = Math.floor(secondOfDay / 60) % 60
  return `${pad(hour)}:${pad(minute)}:${pad(secondOfDay % 60)}`
}

/** A fraction of a second in nanoseconds as `.5`, without zeros at the end; empty for 0. */
export function formatFraction(nanos: number): string {
  return nanos === 0 ? '' : `.${pad(nanos, 9).replace(/0+$/, '')}`
}

/** `YYYY-MM-DD HH:MM:SS[.f]` of a local time, with its zone's offset, such as `+00` or `-03:30`. */
export function formatTimestamp(seconds: number, nanos: number, offset: number | null): string {
  const days = Math.floor(seconds / 86400)
  const { date, era } = dateParts(days)
  return `${date} ${formatClock(seconds - days * 86400)}${formatFraction(nanos)}${offsetSuffix(offset)}${era}`
}

function offsetSuffix(offset: number | null): string {
  if (offset === null) return ''
  const minutes = Math.floor(Math.abs(offset) / 60)
  const rest = minutes % 60 === 0 ? '' : `:${pad(minutes % 60)}`
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${rest}`
}

/** ISO-8601 in UTC, with exactly `digits` fraction digits; years beyond 9999 or before 1 have a sign and six digits. */
export function formatIsoTimestamp(seconds: number, nanos: number, digits: number): string {
  const days = Math.floor(seconds / 86400)
  civilFromDays(days)
  const plain = civil.year >= 0 && civil.year <= 9999
  const year = plain ? pad(civil.year, 4) : `${civil.year < 0 ? '-' : '+'}${pad(Math.abs(civil.year), 6)}`
  const fraction = digits === 0 ? '' : `.${pad(nanos, 9).slice(0, digits)}`
  return `${year}-${pad(civil.month)}-${pad(civil.day)}T${formatClock(seconds - days * 86400)}${fraction}Z`
}
