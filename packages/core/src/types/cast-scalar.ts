import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { parseArrayText, type ArrayItem } from './array-text.ts'
import { isFloat, isInteger } from './coercion.ts'
import { layoutOf, typeKey, typeName, typesEqual, type TypeName } from './data-types.ts'
import { parseTime, parseTimestamp } from './datetime-text.ts'
import { decimalFromText, decimalToNumber, divideRound, fitsDecimal, pow10, rescale } from './decimal.ts'
import { formatScalar, secondsAndNanos } from './format-scalar.ts'
import { parseInterval } from './interval-text.ts'
import { checkJson } from './json/json-scanner.ts'
import { parseBoolText, parseFloatText, parseIntegerText, roundHalfEven } from './number-text.ts'
import type { IntervalValue, ScalarValue } from './scalar-value.ts'
import { localToUtc, zoneOffset } from './time-zone.ts'
import { outOfRange, sqlTypeName } from './type-errors.ts'
import { elementType, scaleOf, ticksPerSecond, timezoneOf, UTF8 } from './type-factory.ts'

const RANGES: Partial<Record<TypeName, readonly [min: bigint, max: bigint]>> = {
  Int8: [-128n, 127n],
  Int16: [-32768n, 32767n],
  Int32: [-2147483648n, 2147483647n],
  Int64: [-(1n << 63n), (1n << 63n) - 1n],
  Uint8: [0n, 255n],
  Uint16: [0n, 65535n],
  Uint32: [0n, 4294967295n],
  Uint64: [0n, (1n << 64n) - 1n],
}

/**
 * Casts one value by PostgreSQL's rules: decimals round half away from zero, floats half to even, text must be whole and in
 * range, timestamps of a coarser unit round down.
 *
 * @throws VolleyError with the SQLSTATE that PostgreSQL gives (22P02, 22003, 22007, 22008, 42846).
 */
export function castScalar(value: ScalarValue, from: DataType, to: DataType): ScalarValue {
  if (value === null || typesEqual(from, to)) return value
  const target = typeName(to)
  const source = typeName(from)
  if (source === 'Utf8') return fromText(value as string, to, target)
  if (target === 'Utf8') return formatScalar(value, from)
  if (source === 'Json') return fromText((value as string).trim().replace(/^"(.*)"$/s, '$1'), to, target)
  if (target === 'Json') return formatScalar(value, from)
  if (source === 'List' && target === 'List') {
    return (value as readonly ScalarValue[]).map((item) => castScalar(item, elementType(from), elementType(to)))
  }
  if (source === 'Struct' && target === 'Struct') {
    const items = value as readonly ScalarValue[]
    const [fields, wanted] = [from.children!, to.children!]
    const byName = wanted.every((field) => fields.some((other) => other.name === field.name))
    return wanted.map((field, i) => {
      const at = byName ? fields.findIndex((other) => other.name === field.name) : i
      return castScalar(items[at]!, fields[at]!.type, field.type)
    })
  }
  if (RANGES[target] !== undefined) return toInteger(value, from, source, to, target)
  switch (target) {
    case 'Float32':
    case 'Float64':
      return toFloat(value, from, source, to, target === 'Float32')
    case 'Decimal':
      return toDecimal(value, from, source, to)
    case 'Bool':
      if (isInteger(from)) return Number(value) !== 0
      break
    case 'Date':
      if (source === 'Timestamp') return Math.floor(localSeconds(value as bigint, from) / 86400)
      if (isInteger(from)) return integerResult(BigInt(value as number | bigint), to, 'Int32')
      break
    case 'Timestamp':
      if (source === 'Date') return inRange64(BigInt(value as number) * 86400n * ticks(to), to)
      if (source === 'Timestamp') return changeZone(value as bigint, from, to)
      if (isInteger(from)) return inRange64(BigInt(value as number | bigint), to)
      if (source === 'Decimal') return inRange64((value as bigint) / pow10(scaleOf(from)), to)
      if (isFloat(from)) {
        if (!Number.isFinite(value)) throw outOfRange(to)
        return inRange64(BigInt(Math.trunc(value as number)), to)
      }
      break
    case 'Time':
      if (source === 'Time') return changeUnit(value as bigint, from, to)
      if (source === 'Timestamp') {
        const { nanos } = secondsAndNanos(value as bigint, from)
        const seconds = localSeconds(value as bigint, from)
        return clockTicks(seconds - Math.floor(seconds / 86400) * 86400, nanos, to)
      }
      if (isInteger(from)) {
        const count = BigInt(value as number | bigint)
        if (count < 0n || count >= 86_400n * ticks(to)) throw outOfRange(to)
        return count
      }
      if (source === 'Interval') {
        const nanos = (value as IntervalValue).nanos
        const day = 86_400_000_000_000n
        return (((nanos % day) + day) % day) / (1_000_000_000n / ticks(to))
      }
      break
    case 'Interval':
      if (isInteger(from)) return durationOf(BigInt(value as number | bigint), to)
      if (source === 'Time') return { months: 0, days: 0, nanos: (value as bigint) * (1_000_000_000n / ticks(from)) }
      break
    default:
  }
  throw cannotCast(from, to)
}

function cannotCast(from: DataType, to: DataType): VolleyError {
  return new VolleyError(`cannot cast type ${sqlTypeName(from)} to ${sqlTypeName(to)}`, {
    code: SqlState.cannotCoerce,
  })
}

function ticks(type: DataType): bigint {
  return BigInt(ticksPerSecond(type))
}

function inRange64(value: bigint, type: DataType): bigint {
  if (BigInt.asIntN(64, value) !== value) throw outOfRange(type)
  return value
}

const DURATION_NANOS: Readonly<Record<string, bigint>> = { s: 1_000_000_000n, ms: 1_000_000n, µs: 1_000n, ns: 1n }

const NANOS_PER_DAY = 86_400_000_000_000n

/** A count of a duration's unit, as the difference of two timestamps: whole days, and the rest as time. */
function durationOf(count: bigint, to: DataType): IntervalValue {
  const unit = /^Duration\((.*)\)$/.exec(layoutOf(to) ?? '')?.[1]
  if (unit === undefined) throw cannotCast(UTF8, to)
  const nanos = count * DURATION_NANOS[unit]!
  return { months: 0, days: Number(nanos / NANOS_PER_DAY), nanos: nanos % NANOS_PER_DAY }
}

/** Seconds on a clock of the timestamp's zone. */
function localSeconds(value: bigint, type: DataType): number {
  const { seconds } = secondsAndNanos(value, type)
  const zone = timezoneOf(type)
  return zone === null ? seconds : seconds + zoneOffset(zone, seconds)
}

/** A timestamp without a zone is what a clock of the zone shows; between zones the moment stays. */
function changeZone(value: bigint, from: DataType, to: DataType): bigint {
  const [source, target] = [timezoneOf(from), timezoneOf(to)]
  if ((source === null) === (target === null)) return changeUnit(value, from, to)
  const { seconds } = secondsAndNanos(value, from)
  const moved = source === null ? localToUtc(target!, seconds) : seconds + zoneOffset(source, seconds)
  return changeUnit(value + BigInt(moved - seconds) * ticks(from), from, to)
}

function changeUnit(value: bigint, from: DataType, to: DataType): bigint {
  const [source, target] = [ticks(from), ticks(to)]
  if (target >= source) return inRange64(value * (target / source), to)
  const factor = source / target
  return (value - (((value % factor) + factor) % factor)) / factor
}

/** Counts of a unit; what is below the unit rounds half up, as PostgreSQL reads text. */
function clockTicks(seconds: number, nanos: number, type: DataType): bigint {
  const perTick = 1_000_000_000n / ticks(type)
  return BigInt(seconds) * ticks(type) + (BigInt(nanos) + perTick / 2n) / perTick
}

function integerResult(value: bigint, to: DataType, target: TypeName): ScalarValue {
  const [min, max] = RANGES[target]!
  if (value < min || value > max) throw outOfRange(to)
  return target === 'Int64' || target === 'Uint64' ? value : Number(value)
}

function toInteger(value: ScalarValue, from: DataType, source: TypeName, to: DataType, target: TypeName): ScalarValue {
  if (source === 'Bool') return integerResult(value === true ? 1n : 0n, to, target)
  if (isInteger(from)) return integerResult(BigInt(value as number | bigint), to, target)
  if (source === 'Decimal') return integerResult(divideRound(value as bigint, pow10(scaleOf(from))), to, target)
  if (isFloat(from)) {
    const rounded = roundHalfEven(value as number)
    if (!Number.isFinite(rounded)) throw outOfRange(to)
    return integerResult(BigInt(rounded), to, target)
  }
  if (source === 'Timestamp' || source === 'Time' || source === 'Date')
    return integerResult(BigInt(value as number | bigint), to, target)
  throw cannotCast(from, to)
}

function toFloat(value: ScalarValue, from: DataType, source: TypeName, to: DataType, single: boolean): number {
  let number: number
  if (source === 'Decimal') number = decimalToNumber(value as bigint, scaleOf(from))
  else if (isInteger(from) || isFloat(from)) number = Number(value)
  else throw cannotCast(from, to)
  if (!single) return number
  const rounded = Math.fround(number)
  const lost = Number.isFinite(number) && (!Number.isFinite(rounded) || (rounded === 0 && number !== 0))
  if (lost) throw outOfRange(to)
  return rounded
}

function toDecimal(value: ScalarValue, from: DataType, source: TypeName, to: DataType): bigint {
  let unscaled: bigint
  if (source === 'Decimal') unscaled = rescale(value as bigint, scaleOf(from), scaleOf(to))
  else if (isInteger(from)) unscaled = BigInt(value as number | bigint) * pow10(scaleOf(to))
  else if (isFloat(from)) {
    if (!Number.isFinite(value)) throw outOfRange(to)
    // As many digits as a float of the width is sure to hold.
    const result = decimalFromText((value as number).toPrecision(source === 'Float32' ? 6 : 15), to)
    if (typeof result !== 'bigint') throw outOfRange(to)
    unscaled = result
  } else throw cannotCast(from, to)
  if (!fitsDecimal(unscaled, to)) throw outOfRange(to)
  return unscaled
}

const encoder = new TextEncoder()

function fromText(text: string, to: DataType, target: TypeName): ScalarValue {
  const range = RANGES[target]
  if (range !== undefined) {
    return integerResult(parseIntegerText(text, range[0], range[1], sqlTypeName(to)), to, target)
  }
  switch (target) {
    case 'Utf8':
      return text
    case 'Bool':
      return parseBoolText(text)
    case 'Float32':
    case 'Float64':
      return parseFloatText(text, target === 'Float32')
    case 'Decimal':
      return decimalOf(text, to)
    case 'Date':
      return Math.floor(parseTimestamp(text, 'date').seconds / 86400)
    case 'Timestamp': {
      const parsed = parseTimestamp(text)
      const zone = timezoneOf(to)
      const seconds =
        zone === null
          ? parsed.seconds
          : parsed.offset === null
            ? localToUtc(zone, parsed.seconds)
            : parsed.seconds - parsed.offset
      return inRange64(clockTicks(seconds, parsed.nanos, to), to)
    }
    case 'Time': {
      const { seconds, nanos } = parseTime(text)
      return clockTicks(seconds, nanos, to)
    }
    case 'Interval':
      return parseInterval(text)
    case 'Json':
      checkJson(encoder.encode(text))
      return text
    case 'Binary':
      return binaryOf(text)
    case 'List':
      return parseArrayText(text).map((item) => itemOf(item, elementType(to)))
    default:
      throw cannotCast(UTF8, to)
  }
}

function itemOf(item: ArrayItem, type: DataType): ScalarValue {
  if (item === null) return null
  if (typeof item === 'string') return castScalar(item, UTF8, type)
  if (typeName(type) !== 'List') {
    throw new VolleyError(`malformed array literal: a list where ${typeKey(type)} belongs`, {
      code: SqlState.invalidTextRepresentation,
    })
  }
  return item.map((inner) => itemOf(inner, elementType(type)))
}

function decimalOf(text: string, to: DataType): bigint {
  const result = decimalFromText(text, to)
  if (result === 'range') throw outOfRange(to)
  if (result === null) {
    throw new VolleyError(`invalid input syntax for type numeric: "${text}"`, {
      code: SqlState.invalidTextRepresentation,
    })
  }
  return result
}

function binaryOf(text: string): Uint8Array {
  if (!text.startsWith('\\x')) return encoder.encode(text)
  const digits = text.slice(2).replace(/\s/g, '')
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    throw new VolleyError(`invalid hexadecimal data: "${text}"`, { code: SqlState.invalidTextRepresentation })
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}
