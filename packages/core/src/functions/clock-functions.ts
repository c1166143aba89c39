import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { castScalar } from '../types/cast-scalar.ts'
import { isInteger, isNumeric } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { formatScalar, secondsAndNanos } from '../types/format-scalar.ts'
import type { IntervalValue, ScalarValue } from '../types/scalar-value.ts'
import { formatTime, parseTimeBy, type ParsedTime } from '../types/strftime.ts'
import { localToUtc, zoneOffset } from '../types/time-zone.ts'
import {
  DATE,
  FLOAT64,
  INT64,
  INTERVAL,
  ticksPerSecond,
  timestampType,
  timezoneOf,
  timeType,
  TimeUnit,
  unitOf,
  UTF8,
} from '../types/type-factory.ts'
import { conversionCost, defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ResolvedFunction, ScalarFunction } from './scalar-function.ts'

type Args = readonly ScalarValue[]

const TIME_NANOS = timeType(TimeUnit.NANOSECOND)
const NANOS = timestampType(TimeUnit.NANOSECOND)

function isNull(type: DataType): boolean {
  return typeName(type) === 'Null'
}

function isTextual(type: DataType): boolean {
  return isNull(type) || typeName(type) === 'Utf8'
}

function makeTime(args: Args): bigint {
  const [hour, minute, second] = args.map(Number) as [number, number, number]
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60)) {
    throw new VolleyError(`time field value out of range: ${hour}:${minute}:${second}`, {
      code: SqlState.datetimeFieldOverflow,
    })
  }
  return BigInt(hour * 3600 + minute * 60 + second)
}

/** The first of some formats that a text fits; NULL formats are passed over. */
export function parseByFormats(text: string, formats: readonly ScalarValue[], what: string): ParsedTime | null {
  const given = formats.filter((format) => format !== null) as readonly string[]
  if (given.length === 0) return null
  for (const format of given) {
    const parsed = parseTimeBy(format, text)
    if (parsed !== null) return parsed
  }
  throw new VolleyError(`"${text}" does not have the format of a ${what}: ${given.join(', ')}`, {
    code: SqlState.invalidDatetimeFormat,
  })
}

/** A parsed local time as seconds since 1970 in UTC. */
export function momentOf(parsed: ParsedTime): number {
  if (parsed.offset !== null) return parsed.seconds - parsed.offset
  return parsed.zone === null ? parsed.seconds : localToUtc(parsed.zone, parsed.seconds)
}

function toTime(args: Args): ScalarValue {
  const [text, ...formats] = args
  if (formats.length === 0) return castScalar(text!, UTF8, TIME_NANOS)
  const parsed = parseByFormats(text as string, formats, 'time')
  if (parsed === null) return null
  const second = parsed.seconds - Math.floor(parsed.seconds / 86400) * 86400
  return BigInt(second) * 1_000_000_000n + BigInt(parsed.nanos)
}

function toDate(args: Args): ScalarValue {
  const [text, ...formats] = args
  if (formats.length === 0) return castScalar(text!, UTF8, DATE)
  const parsed = parseByFormats(text as string, formats, 'date')
  return parsed === null ? null : Math.floor(momentOf(parsed) / 86400)
}

function resolveFormatted(first: (type: DataType) => DataType | null, returns: DataType): ScalarFunction['resolve'] {
  return (argTypes): ResolvedFunction | null => {
    const type = argTypes[0] === undefined ? null : first(argTypes[0])
    if (type === null || !argTypes.slice(1).every(isTextual)) return null
    return { argTypes: [type, ...argTypes.slice(1).map(() => UTF8)], returnType: returns, nullable: 'always' }
  }
}

/** A value as text by a format of strftime. */
function formatValue(value: ScalarValue, format: string, type: DataType): string {
  switch (typeName(type)) {
    case 'Date':
      return formatTime(format, (value as number) * 86400, 0, 0, '')
    case 'Time': {
      const { seconds, nanos } = secondsAndNanos(value as bigint, type)
      return formatTime(format, seconds, nanos, 0, '')
    }
    case 'Timestamp': {
      const { seconds, nanos } = secondsAndNanos(value as bigint, type)
      const zone = timezoneOf(type)
      const offset = zone === null ? 0 : zoneOffset(zone, seconds)
      return formatTime(format, seconds + offset, nanos, offset, zone ?? '')
    }
    default:
      return formatInterval(value as IntervalValue, format)
  }
}

function formatInterval(value: IntervalValue, format: string): string {
  if (format === 'iso8601') {
    const seconds = Number(value.nanos) / 1e9 + value.days * 86400
    return `PT${seconds}S`
  }
  return formatScalar(value, INTERVAL)
}

function toUnixTime(args: Args, type: DataType): ScalarValue {
  const [value, ...formats] = args
  if (typeName(type) === 'Utf8') {
    if (formats.length === 0)
      return BigInt(secondsAndNanos(castScalar(value!, UTF8, NANOS_UTC) as bigint, NANOS).seconds)
    const parsed = parseByFormats(value as string, formats, 'timestamp')
    return parsed === null ? null : BigInt(momentOf(parsed))
  }
  if (typeName(type) === 'Timestamp') return BigInt(secondsAndNanos(value as bigint, type).seconds)
  if (typeName(type) === 'Date') return BigInt(value as number) * 86400n
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(value as number))
}

const NANOS_UTC = timestampType(TimeUnit.NANOSECOND, 'UTC')

/** Functions that make and write dates and times; formats are strftime's, with chrono's extensions. */
export const CLOCK_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'make_time',
    category: 'date and time',
    description: 'A time of hour, minute and second.',
    examples: [['make_time(8, 15, 23)', '08:15:23']],
    resolve: (argTypes, literals) => {
      const fits = argTypes.every(
        (type, i) => isInteger(type) || isNull(type) || (typeName(type) === 'Utf8' && literals[i] !== ''),
      )
      if (argTypes.length !== 3 || !fits) return null
      return { argTypes: [INT64, INT64, INT64], returnType: timeType(TimeUnit.SECOND), nullable: 'propagate' }
    },
    evaluate: (call) => evaluateRows(call, makeTime),
  }),
  defineFunction({
    name: 'to_time',
    category: 'date and time',
    description: 'A time of text, by the first of the formats that it fits.',
    examples: [["to_time('12-30-45', '%H-%M-%S')", '12:30:45']],
    resolve: resolveFormatted((type) => {
      if (isTextual(type)) return UTF8
      return typeName(type) === 'Timestamp' || typeName(type) === 'Time' ? TIME_NANOS : null
    }, TIME_NANOS),
    evaluate: (call) =>
      typeName(call.args[0]!.type) === 'Time'
        ? call.args[0]!
        : evaluateRows(call, (args) => (args[0] === null ? null : toTime(args)), true),
  }),
  defineFunction({
    name: 'to_date',
    category: 'date and time',
    description: 'A date of text, by the first of the formats that it fits; of a number, days since 1970.',
    examples: [["to_date('07-15-2013', '%m-%d-%Y')", '2013-07-15']],
    resolve: resolveFormatted((type) => {
      if (isTextual(type)) return UTF8
      if (typeName(type) === 'Timestamp' || typeName(type) === 'Date') return DATE
      return isNumeric(type) ? INT64 : null
    }, DATE),
    evaluate: (call) =>
      evaluateRows(
        call,
        (args) => {
          if (args[0] === null) return null
          if (typeName(call.args[0]!.type) === 'Utf8') return toDate(args)
          return Number(args[0])
        },
        true,
      ),
  }),
  defineFunction({
    name: 'to_char',
    aliases: ['date_format', 'strftime'],
    category: 'date and time',
    description: 'A date, time, timestamp or interval as text by a format.',
    examples: [["to_char(DATE '2000-02-03', '%Y:%d:%m')", '2000:03:02']],
    resolve: (argTypes) => {
      if (argTypes.length !== 2 || !isTextual(argTypes[1]!)) return null
      const name = typeName(argTypes[0]!)
      const type = name === 'Null' ? DATE : name === 'Utf8' ? NANOS : argTypes[0]!
      if (!['Date', 'Time', 'Timestamp', 'Interval'].includes(typeName(type))) return null
      return { argTypes: [type, UTF8], returnType: UTF8, nullable: 'propagate' }
    },
    evaluate: (call) => evaluateRows(call, (args) => formatValue(args[0]!, args[1] as string, call.args[0]!.type)),
  }),
  defineFunction({
    name: 'to_unixtime',
    category: 'date and time',
    description: 'Seconds since 1970-01-01 of a timestamp, date or text (by the first of the formats that it fits).',
    examples: [["to_unixtime('2020-09-08T12:00:00+00:00')", '1599566400']],
    resolve: resolveFormatted((type) => {
      if (isTextual(type)) return UTF8
      if (typeName(type) === 'Timestamp' || typeName(type) === 'Date') return type
      return isInteger(type) ? INT64 : isNumeric(type) ? FLOAT64 : null
    }, INT64),
    evaluate: (call) =>
      evaluateRows(call, (args) => (args[0] === null ? null : toUnixTime(args, call.args[0]!.type)), true),
  }),
  defineFunction({
    name: 'from_unixtime',
    category: 'date and time',
    description: 'A timestamp of seconds since 1970-01-01, in a zone when one is given.',
    examples: [['from_unixtime(1599572549)', '2020-09-08 13:42:29']],
    resolve: (argTypes, literals) => {
      if (argTypes.length < 1 || argTypes.length > 2 || conversionCost(argTypes[0]!, INT64, literals[0]) === null)
        return null
      const zone = argTypes.length === 2 ? literals[1] : null
      if (zone !== null && typeof zone !== 'string') return null
      return {
        argTypes: [INT64, UTF8].slice(0, argTypes.length),
        returnType: timestampType(TimeUnit.SECOND, zone),
        nullable: 'propagate',
      }
    },
    evaluate: (call) => evaluateRows(call, (args) => args[0]!),
  }),
  defineFunction({
    name: 'to_local_time',
    category: 'date and time',
    description: 'What a clock of the timestamp’s zone shows, as a timestamp without a zone.',
    examples: [["to_local_time(TIMESTAMP '2024-04-01 00:00:20')", '2024-04-01 00:00:20']],
    resolve: (argTypes) => {
      if (argTypes.length !== 1) return null
      const type = isTextual(argTypes[0]!) ? NANOS : argTypes[0]!
      if (typeName(type) !== 'Timestamp') return null
      return { argTypes: [type], returnType: timestampType(unitOf(type)), nullable: 'propagate' }
    },
    evaluate: (call) => {
      const { type } = call.args[0]!
      const zone = timezoneOf(type)
      if (zone === null) return call.args[0]!
      const perSecond = BigInt(ticksPerSecond(type))
      return evaluateRows(call, ([value]) => {
        const { seconds } = secondsAndNanos(value as bigint, type)
        return (value as bigint) + BigInt(zoneOffset(zone, seconds)) * perSecond
      })
    },
  }),
]
