import type { DataType } from 'apache-arrow'
import { formatClock, formatDate, formatFraction, formatIsoTimestamp, formatTimestamp } from './datetime-text.ts'
import { typeName } from './data-types.ts'
import { formatDecimal } from './decimal.ts'
import { formatInterval } from './interval-text.ts'
import { formatFloat } from './number-text.ts'
import type { IntervalValue, ScalarValue } from './scalar-value.ts'
import { zoneOffset } from './time-zone.ts'
import { elementType, scaleOf, ticksPerSecond, timezoneOf, unitOf } from './type-factory.ts'

/** Whole seconds (rounded down) and the nanoseconds in them, of a count of the type's unit. */
export function secondsAndNanos(ticks: bigint, type: DataType): { seconds: number; nanos: number } {
  const perSecond = BigInt(ticksPerSecond(type))
  const rest = ((ticks % perSecond) + perSecond) % perSecond
  return { seconds: Number((ticks - rest) / perSecond), nanos: Number(rest * (1_000_000_000n / perSecond)) }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * A value as a cast to text gives it in PostgreSQL: `true`, `2024-01-01 00:00:00`, `{1,2}`, `1 mon 2 days`, `\x00ff`. NULL
 * is the empty text.
 */
export function formatScalar(value: ScalarValue, type: DataType): string {
  if (value === null) return ''
  switch (typeName(type)) {
    case 'Bool':
      return value === true ? 'true' : 'false'
    case 'Float32':
      return formatFloat(value as number, true)
    case 'Float64':
      return formatFloat(value as number, false)
    case 'Decimal':
      return formatDecimal(value as bigint, scaleOf(type))
    case 'Binary':
      return `\\x${hex(value as Uint8Array)}`
    case 'Date':
      return formatDate(value as number)
    case 'Time': {
      const { seconds, nanos } = secondsAndNanos(value as bigint, type)
      return `${formatClock(seconds)}${formatFraction(nanos)}`
    }
    case 'Timestamp': {
      const { seconds, nanos } = secondsAndNanos(value as bigint, type)
      const zone = timezoneOf(type)
      const offset = zone === null ? null : zoneOffset(zone, seconds)
      return formatTimestamp(seconds + (offset ?? 0), nanos, offset)
    }
    case 'Interval':
      return formatInterval(value as IntervalValue)
    case 'List':
      return `{${(value as readonly ScalarValue[]).map((item) => formatItem(item, elementType(type))).join(',')}}`
    case 'Struct':
      return `(${(value as readonly ScalarValue[]).map((item, i) => (item === null ? '' : formatItem(item, type.children![i]!.type))).join(',')})`
    default:
      return String(value)
  }
}

/** An item inside `{}`: quoted where it could be read as something else. */
function formatItem(value: ScalarValue, type: DataType): string {
  if (value === null) return 'NULL'
  const text = formatScalar(value, type)
  if (typeName(type) === 'List') return text
  const plain = text !== '' && !/[{}",\\\s]/.test(text) && text.toLowerCase() !== 'null'
  return plain ? text : `"${text.replace(/["\\]/g, (character) => `\\${character}`)}"`
}

/**
 * A value as JSON has it: integers of 64 bits, decimals and intervals as strings, smaller integers and floats as numbers
 * (NaN and infinities as strings), Timestamps as ISO-8601 with as many fraction digits as the unit has and `Z`, lists as
 * arrays, binary as hex. Json is its text.
 */
export function jsonValue(value: ScalarValue, type: DataType): unknown {
  if (value === null) return null
  switch (typeName(type)) {
    case 'Float32':
      return Number.isFinite(value) ? Number(formatFloat(value as number, true)) : String(value)
    case 'Float64':
      return Number.isFinite(value) ? value : String(value)
    case 'Int64':
    case 'Uint64':
      return String(value)
    case 'Timestamp': {
      const { seconds, nanos } = secondsAndNanos(value as bigint, type)
      return formatIsoTimestamp(seconds, nanos, unitOf(type) * 3)
    }
    case 'Binary':
      return hex(value as Uint8Array)
    case 'List':
      return (value as readonly ScalarValue[]).map((item) => jsonValue(item, elementType(type)))
    case 'Struct':
      return Object.fromEntries(
        type.children!.map((field, i) => [field.name, jsonValue((value as readonly ScalarValue[])[i]!, field.type)]),
      )
    case 'Decimal':
    case 'Date':
    case 'Time':
    case 'Interval':
      return formatScalar(value, type)
    default:
      return value
  }
}
