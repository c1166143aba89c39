import {
  elementType,
  isMap,
  layoutOf,
  scaleOf,
  ticksPerSecond,
  timezoneOf,
  typeName,
  type IntervalValue,
  type ScalarValue,
} from '@volley/core'
import type { DataType } from 'apache-arrow'

const FRACTION_DIGITS = 12

/** A value as a cell of a sqllogictest answer: floats with at most 12 digits behind the point, `(empty)` for the empty text. */
export function formatCell(value: ScalarValue, type: DataType): string {
  if (value === null) return 'NULL'
  switch (typeName(type)) {
    case 'Float32':
      return floatText(value as number, shortestSingle(value as number))
    case 'Float64':
      return floatText(value as number, String(value))
    case 'Decimal':
      return plainDecimal(value as bigint, scaleOf(type))
    case 'Utf8':
    case 'Json': {
      const text = (value as string).replace(/\n+$/, '').replaceAll('\0', String.raw`\0`)
      return value === '' ? '(empty)' : text
    }
    default:
      return formatValue(value, type)
  }
}

/** A value as Arrow's formatter writes it, also inside lists and structs. */
function formatValue(value: ScalarValue, type: DataType): string {
  if (value === null) return 'NULL'
  switch (typeName(type)) {
    case 'Float32':
    case 'Float64': {
      const text = typeName(type) === 'Float32' ? shortestSingle(value as number) : String(value)
      if (!Number.isFinite(value)) return text === 'Infinity' ? 'inf' : text === '-Infinity' ? '-inf' : text
      const plain = text.includes('e') ? exponentText(text) : text
      return /[.e]/.test(plain) ? plain : `${Object.is(value, -0) ? '-' : ''}${plain}.0`
    }
    case 'Decimal': {
      const scale = scaleOf(type)
      const digits = (value as bigint)
        .toString()
        .replace('-', '')
        .padStart(scale + 1, '0')
      const sign = (value as bigint) < 0n ? '-' : ''
      return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
    }
    case 'Binary':
      return Array.from(value as Uint8Array, (byte) => byte.toString(16).padStart(2, '0')).join('')
    case 'Date':
      return dateText(value as number)
    case 'Time': {
      const perSecond = BigInt(ticksPerSecond(type))
      return clockText(value as bigint, perSecond)
    }
    case 'Timestamp':
      return timestampText(value as bigint, type)
    case 'Interval': {
      const layout = layoutOf(type)
      if (layout?.startsWith('Duration') === true) return durationText(value as IntervalValue, layout)
      return layout === 'Interval(YearMonth)'
        ? yearMonthText(value as IntervalValue)
        : intervalText(value as IntervalValue)
    }
    case 'List':
      if (isMap(type)) {
        const [key, of] = elementType(type).children!.map((field) => field.type)
        const entries = value as readonly (readonly ScalarValue[])[]
        return `{${entries.map((entry) => `${formatValue(entry[0]!, key!)}: ${formatValue(entry[1]!, of!)}`).join(', ')}}`
      }
      return `[${(value as readonly ScalarValue[]).map((item) => formatValue(item, elementType(type))).join(', ')}]`
    case 'Struct': {
      const fields = type.children!
      const items = value as readonly ScalarValue[]
      return `{${fields.map((field, i) => `${field.name}: ${formatValue(items[i]!, field.type)}`).join(', ')}}`
    }
    default:
      return String(value)
  }
}

/** The fewest digits that read back as the same single-precision number. */
function shortestSingle(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  for (let digits = 1; digits < 10; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(value)
}

function exponentText(text: string): string {
  return text.replace(/e\+?/, 'e')
}

function floatText(value: number, text: string): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text)!
  const unscaled = BigInt(`${sign}${whole}${fraction}`)
  const scale = fraction!.length - Number(exponent)
  return scale < 0 ? plainDecimal(unscaled * 10n ** BigInt(-scale), 0) : plainDecimal(unscaled, scale)
}

/** Without zeros at the end, rounded half to even where there are more digits than 12 behind the point. */
function plainDecimal(value: bigint, scale: number): string {
  let [unscaled, digits] = [value, scale]
  if (digits > FRACTION_DIGITS) {
    const factor = 10n ** BigInt(digits - FRACTION_DIGITS)
    const rest = ((unscaled % factor) + factor) % factor
    let floor = (unscaled - rest) / factor
    if (rest * 2n > factor || (rest * 2n === factor && floor % 2n !== 0n)) floor++
    unscaled = floor
    digits = FRACTION_DIGITS
  }
  const negative = unscaled < 0n
  const text = (negative ? -unscaled : unscaled).toString().padStart(digits + 1, '0')
  const whole = text.slice(0, text.length - digits)
  const fraction = text.slice(text.length - digits).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

const two = (value: number | bigint): string => value.toString().padStart(2, '0')

function yearText(year: number): string {
  const text = Math.abs(year).toString().padStart(4, '0')
  return year < 0 ? `-${text}` : year > 9999 ? `+${text}` : text
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's civil_from_days). */
function dateText(days: number): string {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return `${yearText(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))}-${two(month)}-${two(day)}`
}

/** `HH:MM:SS` with 0, 3, 6 or 9 digits of a second. */
function clockText(ticks: bigint, perSecond: bigint): string {
  const seconds = ticks / perSecond
  const nanos = ((ticks % perSecond) * (1_000_000_000n / perSecond)).toString().padStart(9, '0')
  const fraction = nanos.replace(/(?:000){1,3}$/, '')
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return fraction === '' ? clock : `${clock}.${fraction}`
}

function timestampText(ticks: bigint, type: DataType): string {
  const zone = timezoneOf(type)
  const perSecond = BigInt(ticksPerSecond(type))
  const offset = zone === null ? 0 : zoneOffset(zone, Number(ticks / perSecond))
  const local = ticks + BigInt(offset) * perSecond
  const perDay = 86_400n * perSecond
  const clock = ((local % perDay) + perDay) % perDay
  const text = `${dateText(Number((local - clock) / perDay))}T${clockText(clock, perSecond)}`
  if (zone === null) return text
  const minutes = Math.abs(offset) / 60
  return offset === 0
    ? `${text}Z`
    : `${text}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`
}

/** Seconds east of Greenwich at a moment. */
function zoneOffset(zone: string, seconds: number): number {
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 3600 + Number(fixed[3] ?? 0) * 60)
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(
    new Date(seconds * 1000),
  )
  const name = parts.find((part) => part.type === 'timeZoneName')!.value
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(name)
  return match === null ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60)
}

const DURATION_DIGITS: Readonly<Record<string, number>> = { s: 0, ms: 3, µs: 6, ns: 9 }

function durationText({ days, nanos: time }: IntervalValue, layout: string): string {
  const nanos = BigInt(days) * 86_400_000_000_000n + time
  const digits = DURATION_DIGITS[/\((.*)\)/.exec(layout)![1]!]!
  const seconds = nanos / 1_000_000_000n
  const [day, hour, minute, second] = [seconds / 86_400n, (seconds / 3600n) % 24n, (seconds / 60n) % 60n, seconds % 60n]
  const rest = nanos % 1_000_000_000n
  const fraction = (rest < 0n ? -rest : rest).toString().padStart(9, '0').slice(0, digits)
  const sign = second === 0n && rest < 0n ? '-' : ''
  return `${day} days ${hour} hours ${minute} mins ${sign}${second}${digits === 0 ? '' : `.${fraction}`} secs`
}

function yearMonthText({ months }: IntervalValue): string {
  return `${Math.trunc(months / 12)} years ${months % 12} mons`
}

function intervalText({ months, days, nanos }: IntervalValue): string {
  const parts: string[] = []
  if (months !== 0) parts.push(`${months} mons`)
  if (days !== 0) parts.push(`${days} days`)
  if (nanos !== 0n) {
    const rest = nanos % 60_000_000_000n
    const minutes = nanos / 60_000_000_000n
    if (minutes / 60n !== 0n) parts.push(`${minutes / 60n} hours`)
    if (minutes % 60n !== 0n) parts.push(`${minutes % 60n} mins`)
    if (rest !== 0n) {
      const positive = rest < 0n ? -rest : rest
      const fraction = (positive % 1_000_000_000n).toString().padStart(9, '0')
      parts.push(`${rest < 0n ? '-' : ''}${positive / 1_000_000_000n}.${fraction} secs`)
    }
  }
  return parts.length === 0 ? '0 secs' : parts.join(' ')
}
