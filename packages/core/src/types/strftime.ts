import { SqlState, VolleyError } from '../errors.ts'
import { civil, civilFromDays, daysFromCivil, daysInMonth, isoWeek, isoWeekday, isoYear } from './calendar.ts'

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
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** Forms that stand for others. */
const COMPOSED: Readonly<Record<string, string>> = {
  D: '%m/%d/%y',
  x: '%m/%d/%y',
  F: '%Y-%m-%d',
  v: '%e-%b-%Y',
  R: '%H:%M',
  T: '%H:%M:%S',
  X: '%H:%M:%S',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
  '+': '%Y-%m-%dT%H:%M:%S%.f%:z',
}

const SPECIFIER = /%([-_0])?(\.(?:[369])?f|[369]f|:{0,3}z|#z|[A-Za-z+%])/g

function badFormat(format: string): VolleyError {
  return new VolleyError(`invalid date format "${format}"`, { code: SqlState.invalidParameterValue })
}

function expand(format: string): string {
  let expanded = format
  for (let i = 0; i < 3; i++) {
    expanded = expanded.replaceAll(/%([DxFvRTXrc+])/g, (_whole, name: string) => COMPOSED[name]!)
  }
  return expanded
}

function offsetText(offset: number, colons: boolean): string {
  const minutes = Math.round(Math.abs(offset) / 60)
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0'))
  return `${offset < 0 ? '-' : '+'}${hour}${colons ? ':' : ''}${minute}`
}

/**
 * A local time (seconds since 1970-01-01 on the clock, nanoseconds in the second, the zone's offset) by a format of C's
 * strftime, as chrono extends it: `%f` are nanoseconds, `%.3f` a fraction with its point.
 *
 * @throws VolleyError 22023 for a format that does not exist
 */
export function formatTime(format: string, seconds: number, nanos: number, offset: number, zone: string): string {
  const days = Math.floor(seconds / 86400)
  const second = seconds - days * 86400
  civilFromDays(days)
  const { year, month, day } = { ...civil }
  const hour = Math.floor(second / 3600)
  const minute = Math.floor(second / 60) % 60
  const fraction = String(nanos).padStart(9, '0')
  const dayOfYear = days - daysFromCivil(year, 1, 1) + 1
  const weekday = isoWeekday(days)
  const number = (value: number, width: number, pad: string | undefined, fill = '0'): string => {
    if (pad === '-') return String(value)
    return String(value).padStart(width, pad === '_' ? ' ' : pad === '0' ? '0' : fill)
  }
  if (/%(?![-_0]?(?:\.[369]?f|[369]f|:{0,3}z|#z|[YCyqmbBhdeaAwuUWGgVjHkIlPpMSfsZztn%]))/.test(expand(format)))
    throw badFormat(format)
  return expand(format).replaceAll(SPECIFIER, (_whole, pad: string | undefined, name: string) => {
    switch (name) {
      case 'Y':
        return number(year, 4, pad)
      case 'C':
        return number(Math.floor(year / 100), 2, pad)
      case 'y':
        return number(((year % 100) + 100) % 100, 2, pad)
      case 'q':
        return String(Math.ceil(month / 3))
      case 'm':
        return number(month, 2, pad)
      case 'b':
      case 'h':
        return MONTHS[month - 1]!.slice(0, 3)
      case 'B':
        return MONTHS[month - 1]!
      case 'd':
        return number(day, 2, pad)
      case 'e':
        return number(day, 2, pad, ' ')
      case 'a':
        return DAYS[weekday - 1]!.slice(0, 3)
      case 'A':
        return DAYS[weekday - 1]!
      case 'w':
        return String(weekday % 7)
      case 'u':
        return String(weekday)
      case 'U':
        return number(Math.floor((dayOfYear + 6 - (weekday % 7)) / 7), 2, pad)
      case 'W':
        return number(Math.floor((dayOfYear + 6 - (weekday - 1)) / 7), 2, pad)
      case 'G':
        return number(isoYear(days), 4, pad)
      case 'g':
        return number(isoYear(days) % 100, 2, pad)
      case 'V':
        return number(isoWeek(days), 2, pad)
      case 'j':
        return number(dayOfYear, 3, pad)
      case 'H':
        return number(hour, 2, pad)
      case 'k':
        return number(hour, 2, pad, ' ')
      case 'I':
        return number(hour % 12 || 12, 2, pad)
      case 'l':
        return number(hour % 12 || 12, 2, pad, ' ')
      case 'P':
        return hour < 12 ? 'am' : 'pm'
      case 'p':
        return hour < 12 ? 'AM' : 'PM'
      case 'M':
        return number(minute, 2, pad)
      case 'S':
        return number(second % 60, 2, pad)
      case 'f':
        return fraction
      case '.f':
        return nanos === 0 ? '' : `.${fraction.replace(/(?:000){1,2}$/, '')}`
      case 's':
        return String(seconds - offset)
      case 'Z':
        return zone
      case 'z':
        return offsetText(offset, false)
      case ':z':
      case '::z':
      case ':::z':
        return offsetText(offset, true)
      case 't':
        return '\t'
      case 'n':
        return '\n'
      case '%':
        return '%'
      default: {
        const digits = /^(\.?)([369])f$/.exec(name)
        if (digits === null) throw badFormat(format)
        return `${digits[1]}${fraction.slice(0, Number(digits[2]))}`
      }
    }
  })
}

/** What a text says by a format; fields that it does not have are null. */
export interface ParsedTime {
  /** Seconds since 1970-01-01, on the clock of the written zone. */
  readonly seconds: number
  readonly nanos: number
  readonly offset: number | null
  readonly zone: string | null
  readonly hasDate: boolean
  readonly hasTime: boolean
}

interface Fields {
  year?: number
  month?: number
  day?: number
  dayOfYear?: number
  hour?: number
  hour12?: number
  afternoon?: boolean
  minute?: number
  second?: number
  nanos?: number
  offset?: number
  epoch?: number
  zone?: string
}

/** Reads a text by a format of strptime; null when it does not fit. */
export function parseTimeBy(format: string, text: string): ParsedTime | null {
  const fields: Fields = {}
  const pattern = expand(format)
  let at = 0
  let i = 0
  while (i < pattern.length) {
    const character = pattern[i]!
    if (character !== '%') {
      if (/\s/.test(character)) while (/\s/.test(text[at] ?? '')) at++
      else if (text[at] === character) at++
      else return null
      i++
      continue
    }
    SPECIFIER.lastIndex = i
    const match = SPECIFIER.exec(pattern)
    if (match === null || match.index !== i) return null
    i += match[0].length
    const length = readField(match[2]!, text.slice(at), fields)
    if (length === null) return null
    at += length
  }
  return at === text.length ? complete(fields) : null
}

const NUMBERS: Readonly<Record<string, readonly [field: keyof Fields, pattern: RegExp]>> = {
  Y: ['year', /^\s*[+-]?\d{4,6}/],
  m: ['month', /^\s*\d{1,2}/],
  d: ['day', /^\s*\d{1,2}/],
  e: ['day', /^\s*\d{1,2}/],
  j: ['dayOfYear', /^\s*\d{1,3}/],
  H: ['hour', /^\s*\d{1,2}/],
  k: ['hour', /^\s*\d{1,2}/],
  I: ['hour12', /^\s*\d{1,2}/],
  l: ['hour12', /^\s*\d{1,2}/],
  M: ['minute', /^\s*\d{1,2}/],
  S: ['second', /^\s*\d{1,2}/],
  s: ['epoch', /^[+-]?\d+/],
}

/** Length of the text that a field takes; null when it is not there. */
function readField(name: string, text: string, fields: Fields): number | null {
  const numeric = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined
  if (numeric !== undefined) {
    const match = numeric[1].exec(text)
    if (match === null) return null
    ;(fields as Record<string, number>)[numeric[0]] = Number(match[0])
    return match[0].length
  }
  switch (name) {
    case 'y': {
      const match = /^\d{2}/.exec(text)
      if (match === null) return null
      fields.year = Number(match[0]) + (Number(match[0]) < 70 ? 2000 : 1900)
      return 2
    }
    case 'b':
    case 'h':
    case 'B':
      return readName(MONTHS, text, (index) => (fields.month = index + 1))
    case 'a':
    case 'A':
      return readName(DAYS, text, () => undefined)
    case 'p':
    case 'P': {
      const match = /^[ap]m/i.exec(text)
      if (match === null) return null
      fields.afternoon = match[0].toLowerCase() === 'pm'
      return 2
    }
    case '.f': {
      const match = /^\.(\d+)/.exec(text)
      if (match === null) return text.startsWith('.') ? null : 0
      fields.nanos = Number(match[1]!.slice(0, 9).padEnd(9, '0'))
      return match[0].length
    }
    case '.3f':
    case '.6f':
    case '.9f': {
      const digits = Number(name[1])
      const match = new RegExp(`^\\.(\\d{${digits}})`).exec(text)
      if (match === null) return null
      fields.nanos = Number(match[1]!.padEnd(9, '0'))
      return match[0].length
    }
    case 'f':
    case '3f':
    case '6f':
    case '9f': {
      const match = (name === 'f' ? /^\d{1,9}/ : new RegExp(`^\\d{${name[0]}}`)).exec(text)
      if (match === null) return null
      fields.nanos = name === 'f' ? Number(match[0]) : Number(match[0].padEnd(9, '0'))
      return match[0].length
    }
    case 'z':
    case ':z':
    case '::z':
    case ':::z':
    case '#z': {
      const match = /^(?:z|utc)/i.exec(text) ?? /^\s*([+-])(\d{2})(?::?(\d{2}))?/.exec(text)
      if (match === null || (match[1] !== undefined && match[3] === undefined && name !== '#z' && name !== ':::z'))
        return null
      const offset = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60
      fields.offset = match[1] === '-' ? -offset : offset
      return match[0].length
    }
    case 'Z': {
      const match = /^[A-Za-z_]+(?:\/[A-Za-z_]+)*|^[+-]\d{2}:?\d{2}/.exec(text)
      if (match === null) return null
      fields.zone = match[0]
      return match[0].length
    }
    case 't':
    case 'n':
      return /^\s*/.exec(text)![0].length
    case '%':
      return text.startsWith('%') ? 1 : null
    default:
      return null
  }
}

function readName(names: readonly string[], text: string, found: (index: number) => unknown): number | null {
  for (const [index, name] of names.entries()) {
    for (const form of [name, name.slice(0, 3)]) {
      if (text.slice(0, form.length).toLowerCase() !== form.toLowerCase()) continue
      found(index)
      return form.length
    }
  }
  return null
}

function complete(fields: Fields): ParsedTime | null {
  const { year, month, day, dayOfYear, minute = 0, second = 0, nanos = 0 } = fields
  const offset = fields.offset ?? null
  const zone = fields.zone ?? null
  if (fields.epoch !== undefined) {
    return { seconds: fields.epoch + (offset ?? 0), nanos, offset: offset ?? 0, zone, hasDate: true, hasTime: true }
  }
  let { hour } = fields
  if (fields.hour12 !== undefined) {
    if (fields.hour12 < 1 || fields.hour12 > 12) return null
    hour = (fields.hour12 % 12) + (fields.afternoon === true ? 12 : 0)
  }
  const hasTime = hour !== undefined
  if (!((hour ?? 0) < 24 && minute < 60 && second <= 60)) return null
  let days = 0
  const hasDate = year !== undefined
  if (year !== undefined) {
    if (dayOfYear !== undefined && month === undefined) {
      if (dayOfYear < 1 || dayOfYear > 366) return null
      days = daysFromCivil(year, 1, 1) + dayOfYear - 1
    } else {
      const [m, d] = [month ?? 1, day ?? 1]
      if (m < 1 || m > 12 || d < 1 || d > daysInMonth(year, m)) return null
      days = daysFromCivil(year, m, d)
    }
  }
  return { seconds: days * 86400 + (hour ?? 0) * 3600 + minute * 60 + second, nanos, offset, zone, hasDate, hasTime }
}
