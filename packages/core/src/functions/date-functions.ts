import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { addMonths, civil, civilFromDays, daysFromCivil, daysInMonth } from '../types/calendar.ts'
import { isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { secondsAndNanos } from '../types/format-scalar.ts'
import type { IntervalValue, ScalarValue } from '../types/scalar-value.ts'
import { joinTicks, readBigInt64, split, splitTicks, writeBigInt64 } from '../types/ticks.ts'
import { clockZone, localToUtc, zoneOffset } from '../types/time-zone.ts'
import { outOfRange } from '../types/type-errors.ts'
import {
  DATE,
  decimalType,
  FLOAT64,
  INT32,
  INT64,
  INTERVAL,
  scaleOf,
  ticksPerSecond,
  timestampType,
  timezoneOf,
  TimeUnit,
  unitOf,
  UTF8,
} from '../types/type-factory.ts'
import { commonValidity } from '../vectors/bitmap.ts'
import { allocValues, constantVector } from '../vectors/build.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows } from '../vectors/selection.ts'
import { ConstantVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import { momentOf, parseByFormats } from './clock-functions.ts'
import { dateField, datePart, truncSeconds, type DateField } from './date-parts.ts'
import { truncTimestamps } from './trunc-timestamps.ts'
import { conversionCost, defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import { presentRowsOf } from './present-rows.ts'
import type { ResolvedFunction, ScalarCall, ScalarFunction } from './scalar-function.ts'

const MICROS = timestampType(TimeUnit.MICROSECOND)
const MICROS_UTC = timestampType(TimeUnit.MICROSECOND, 'UTC')

/** The timestamp type that an argument has or is cast to; null when it is none. */
function timestampOf(type: DataType | undefined, literal: ScalarValue | undefined): DataType | null {
  if (type === undefined) return null
  if (typeName(type) === 'Timestamp') return type
  return conversionCost(type, MICROS, literal) === null ? null : MICROS
}

/** Runs a kernel over the selected rows where no argument is NULL; once where all are constant. */
function overRows(
  call: ScalarCall,
  kernel: (operands: readonly Operand[], rows: Selection, out: PrimitiveArray) => void,
): Vector {
  const { args, type, length, region } = call
  const operands = args.map((arg) => new Operand(arg))
  const validity = commonValidity(args, length, region)
  const constant = operands.every((operand) => operand.isConstant)
  const rows = call.selection ?? allRows(length)
  if (validity === 'none' || rows.length === 0) return constantVector(type, null, length, region)
  const slots = constant ? 1 : length
  const out = allocValues(type, slots, region)
  kernel(operands, constant ? allRows(1) : presentRowsOf(operands, rows, region), out)
  const result = new PrimitiveVector(type, slots, constant ? null : validity, out)
  return constant ? new ConstantVector(result, length) : result
}

/** Calls `kernel` with the field: once when it is constant, else row by row. */
function byField(call: ScalarCall, rows: Selection, kernel: (field: DateField, rows: Selection) => void): void {
  const fields = call.args[0]!
  if (fields.encoding === 'constant') {
    kernel(dateField(scalarAt(fields, 0) as string), rows)
    return
  }
  for (let k = 0; k < rows.length; k++) {
    kernel(dateField(scalarAt(fields, rows[k]!) as string), rows.subarray(k, k + 1))
  }
}

/** The start of a field on a clock of the type's zone. */
function truncZoned(field: DateField, value: bigint, type: DataType): bigint {
  const zone = clockZone(type)!
  const perSecond = BigInt(ticksPerSecond(type))
  const { seconds } = secondsAndNanos(value, type)
  const fine = { milliseconds: 1_000n, microseconds: 1_000_000n, nanoseconds: 1_000_000_000n }[field as 'milliseconds']
  if (fine !== undefined) {
    const step = perSecond > fine ? perSecond / fine : 1n
    return value - (((value % step) + step) % step)
  }
  const offset = zoneOffset(zone, seconds)
  const start = truncSeconds(field, seconds + offset)
  // Within an hour the offset stays; longer fields begin when the clock shows them.
  const moment = ['second', 'minute', 'hour'].includes(field) ? start - offset : localToUtc(zone, start)
  return BigInt(moment) * perSecond
}

function truncTime(field: DateField, value: bigint, type: DataType): bigint {
  if (!TIME_FIELDS.has(field) || field === 'epoch')
    throw new VolleyError(`unit "${field}" not supported for type time`, { code: SqlState.featureNotSupported })
  const perSecond = BigInt(ticksPerSecond(type))
  const steps: Partial<Record<DateField, bigint>> = {
    hour: 3600n * perSecond,
    minute: 60n * perSecond,
    second: perSecond,
    milliseconds: perSecond / 1_000n,
    microseconds: perSecond / 1_000_000n,
    nanoseconds: 1n,
  }
  const step = steps[field]! > 0n ? steps[field]! : 1n
  return value - (value % step)
}

function extractParts(
  field: DateField,
  words: Int32Array,
  mask: number,
  perSecond: number,
  rows: Selection,
  out: { [row: number]: number },
): void {
  const nanosPerTick = 1e9 / perSecond
  if (field === 'minute' || field === 'hour') {
    const [size, turn] = field === 'minute' ? [60, 60] : [3600, 24]
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      splitTicks(words, (row & mask) << 1, perSecond)
      const whole = Math.floor(split.seconds / size)
      out[row] = whole - Math.floor(whole / turn) * turn
    }
    return
  }
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    splitTicks(words, (row & mask) << 1, perSecond)
    out[row] = datePart(field, split.seconds, split.fraction * nanosPerTick)
  }
}

const SECOND_FIELDS: Partial<Record<DateField, number>> = {
  second: 0,
  milliseconds: 3,
  microseconds: 6,
  nanoseconds: 9,
}

/** Type of EXTRACT: exact decimals for seconds and the epoch, integers for the rest. */
function extractType(field: DateField, unit: TimeUnit): DataType {
  if (field === 'epoch') return decimalType(38, unit * 3)
  if (field === 'julian') return FLOAT64
  const shift = SECOND_FIELDS[field]
  return shift === undefined ? INT32 : decimalType(38, Math.max(0, unit * 3 - shift))
}

function evaluateExtract(call: ScalarCall): Vector {
  const zone = clockZone(call.args[1]!.type)
  if (zone !== null && typeName(call.type) !== 'Decimal') {
    const { type } = call.args[1]!
    return evaluateRows(call, (args) => {
      const { seconds, nanos } = secondsAndNanos(args[1] as bigint, type)
      const field = dateField(args[0] as string)
      return datePart(field, field === 'epoch' ? seconds : seconds + zoneOffset(zone, seconds), nanos)
    })
  }
  return overRows(call, ([, time], rows, out) => {
    const perSecond = ticksPerSecond(time!.data.type)
    byField(call, rows, (field, some) => {
      if (typeName(call.type) === 'Decimal') extractDecimals(field, time!, perSecond, some, wordsOf(out), call.type)
      else extractParts(field, time!.words, time!.mask, perSecond, some, out as Float64Array)
    })
  })
}

/** The epoch, or seconds of the minute, as decimals: the ticks themselves. */
function extractDecimals(
  field: DateField,
  time: Operand,
  perSecond: number,
  rows: Selection,
  out: Int32Array,
  type: DataType,
): void {
  const words = time.words
  const scale = 10 ** (type as unknown as { scale: number }).scale
  const ticks = scale * 10 ** (SECOND_FIELDS[field] ?? 0)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & time.mask) << 1
    if (field === 'epoch') {
      out[4 * row] = words[at]!
      out[4 * row + 1] = words[at + 1]!
    } else {
      splitTicks(words, at, perSecond)
      const second = split.seconds - Math.floor(split.seconds / 60) * 60
      joinTicks(0, second * ticks + split.fraction * (ticks / perSecond), 1, out, 4 * row)
    }
    const sign = out[4 * row + 1]! >> 31
    out[4 * row + 2] = sign
    out[4 * row + 3] = sign
  }
}

/** Parts of an interval: what is written in it, not converted beyond hours. */
function intervalPart(field: DateField, value: IntervalValue): number {
  const years = Math.trunc(value.months / 12)
  const nanos = Number(value.nanos)
  const second = (nanos % 60e9) / 1e9
  switch (field) {
    case 'epoch':
      return years * 365.25 * 86400 + (value.months - years * 12) * 30 * 86400 + value.days * 86400 + nanos / 1e9
    case 'millennium':
      return Math.trunc(years / 1000)
    case 'century':
      return Math.trunc(years / 100)
    case 'decade':
      return Math.trunc(years / 10)
    case 'year':
      return years
    case 'quarter':
      return Math.trunc((value.months % 12) / 3) + 1
    case 'month':
      return value.months % 12
    case 'day':
      return value.days
    case 'hour':
      return Math.trunc(nanos / 3600e9)
    case 'minute':
      return Math.trunc(nanos / 60e9) % 60
    case 'second':
      return second
    case 'milliseconds':
      return second * 1e3
    case 'microseconds':
      return second * 1e6
    case 'nanoseconds':
      return second * 1e9
    default:
      throw new VolleyError(`unit "${field}" not supported for type interval`, {
        code: SqlState.featureNotSupported,
      })
  }
}

/** A field of a time of day. */
function timePart(field: DateField, value: bigint, type: DataType): number {
  const { seconds, nanos } = secondsAndNanos(value, type)
  if (!TIME_FIELDS.has(field))
    throw new VolleyError(`unit "${field}" not supported for type time`, { code: SqlState.featureNotSupported })
  return datePart(field, seconds, nanos)
}

const TIME_FIELDS: ReadonlySet<DateField> = new Set([
  'hour',
  'minute',
  'second',
  'milliseconds',
  'microseconds',
  'nanoseconds',
  'epoch',
])

function partFunction(name: 'date_part' | 'extract'): ScalarFunction {
  const exact = name === 'extract'
  return defineFunction({
    name,
    ...(exact ? {} : { aliases: ['datepart'] }),
    category: 'date and time',
    description: exact
      ? 'A field of a timestamp, date or interval, exactly; written extract(field FROM value).'
      : 'A field of a timestamp, date or interval, as a double.',
    examples: exact
      ? [
          ["extract('epoch', TIMESTAMP '2001-02-16 20:38:40.12')", '982355920.120000'],
          ["extract('week', DATE '2021-01-03')", '53'],
        ]
      : [
          ["date_part('day', TIMESTAMP '2001-02-16 20:38:40')", '16'],
          ["date_part('hour', INTERVAL '4 hours 3 minutes')", '4'],
        ],
    resolve: (argTypes, literals) => {
      if (argTypes.length !== 2 || conversionCost(argTypes[0]!, UTF8, literals[0]) === null) return null
      if (typeName(argTypes[1]!) === 'Interval') {
        return { argTypes: [UTF8, INTERVAL], returnType: FLOAT64, nullable: 'propagate' }
      }
      if (typeName(argTypes[1]!) === 'Time') {
        return { argTypes: [UTF8, argTypes[1]!], returnType: FLOAT64, nullable: 'propagate' }
      }
      const time = timestampOf(argTypes[1], literals[1])
      if (time === null) return null
      const known = exact && typeof literals[0] === 'string'
      const returnType = known ? extractType(dateField(literals[0] as string), unitOf(time)) : FLOAT64
      return { argTypes: [UTF8, time], returnType, nullable: 'propagate' }
    },
    evaluate: (call) =>
      typeName(call.args[1]!.type) === 'Time'
        ? evaluateRows(call, (args) => timePart(dateField(args[0] as string), args[1] as bigint, call.args[1]!.type))
        : typeName(call.args[1]!.type) === 'Interval'
          ? evaluateRows(call, (args) => intervalPart(dateField(args[0] as string), args[1] as IntervalValue))
          : evaluateExtract(call),
  })
}

function resolveBin(
  argTypes: readonly DataType[],
  literals: readonly (ScalarValue | undefined)[],
): ResolvedFunction | null {
  if (argTypes.length < 2 || argTypes.length > 3) return null
  if (conversionCost(argTypes[0]!, INTERVAL, literals[0]) === null) return null
  if (argTypes[1] !== undefined && typeName(argTypes[1]) === 'Time') {
    const type = argTypes[1]
    const origin = argTypes[2]
    if (origin !== undefined && typeName(origin) !== 'Time' && typeName(origin) !== 'Null') return null
    return { argTypes: [INTERVAL, type, type].slice(0, argTypes.length), returnType: type, nullable: 'propagate' }
  }
  const time = timestampOf(argTypes[1], literals[1])
  if (time === null || (argTypes.length === 3 && timestampOf(argTypes[2], literals[2]) === null)) return null
  return { argTypes: [INTERVAL, time, time].slice(0, argTypes.length), returnType: time, nullable: 'propagate' }
}

function badStride(message: string): VolleyError {
  return new VolleyError(message, { code: SqlState.invalidParameterValue })
}

/** The start of a bin of a time of day; bins wrap around midnight. */
function binTime(args: readonly ScalarValue[], type: DataType): bigint {
  const stride = args[0] as IntervalValue
  if (stride.months !== 0 || stride.days !== 0)
    throw badStride('times of day cannot be binned into intervals of days or months')
  const perSecond = BigInt(ticksPerSecond(type))
  const length = (stride.nanos * perSecond) / 1_000_000_000n
  if (length <= 0n) throw badStride('stride must be greater than zero')
  const origin = (args[2] ?? 0n) as bigint
  const distance = (args[1] as bigint) - origin
  const start = origin + distance - (((distance % length) + length) % length)
  const day = 86_400n * perSecond
  return ((start % day) + day) % day
}

/** The start of a bin of whole months. */
function binByMonths(months: number, time: bigint, origin: bigint, type: DataType): bigint {
  if (months < 0) throw badStride('stride must be greater than zero')
  const [at, from] = [secondsAndNanos(time, type), secondsAndNanos(origin, type)]
  const monthOf = (seconds: number): number => {
    civilFromDays(Math.floor(seconds / 86400))
    return civil.year * 12 + civil.month - 1
  }
  const perSecond = BigInt(ticksPerSecond(type))
  const startOf = (count: number): bigint => {
    const days = addMonths(Math.floor(from.seconds / 86400), count)
    const second = from.seconds - Math.floor(from.seconds / 86400) * 86400
    return BigInt(days * 86400 + second) * perSecond + (((origin % perSecond) + perSecond) % perSecond)
  }
  let bin = Math.floor((monthOf(at.seconds) - monthOf(from.seconds)) / months) * months
  while (startOf(bin) > time) bin -= months
  const start = startOf(bin)
  if (BigInt.asIntN(64, start) !== start) throw outOfRange(type)
  return start
}

function binTimestamps(
  stride: Operand,
  time: Operand,
  origin: Operand | null,
  rows: Selection,
  out: Int32Array,
  type: DataType,
): void {
  const perSecond = ticksPerSecond(type)
  const ticks = 1_000_000_000n / BigInt(perSecond)
  const epoch = new Int32Array(2)
  const strides = stride.words
  const words = time.words
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & stride.mask) * 4
    if (strides[at] !== 0) {
      if (strides[at + 1] !== 0 || strides[at + 2] !== 0 || strides[at + 3] !== 0)
        throw badStride('timestamps cannot be binned into intervals of months with days or time')
      const begin = origin === null ? 0n : readBigInt64(origin.words, (row & origin.mask) << 1)
      writeBigInt64(out, row << 1, binByMonths(strides[at]!, readBigInt64(words, (row & time.mask) << 1), begin, type))
      continue
    }
    splitTicks(strides, at + 2, 1e9)
    const step = strides[at + 1]! * 86400 + split.seconds
    const from = origin === null ? epoch : origin.words
    const fromAt = origin === null ? 0 : (row & origin.mask) << 1
    if (split.fraction === 0 && step > 0) {
      splitTicks(from, fromAt, perSecond)
      const { seconds, fraction } = split
      splitTicks(words, (row & time.mask) << 1, perSecond)
      const distance = split.seconds - seconds - +(split.fraction < fraction)
      const start = seconds + Math.floor(distance / step) * step
      if (!joinTicks(start, fraction, perSecond, out, row << 1)) throw outOfRange(type)
      continue
    }
    const length = (BigInt(strides[at + 1]!) * 86_400_000_000_000n + readBigInt64(strides, at + 2)) / ticks
    if (length <= 0n) throw badStride('stride must be greater than zero')
    const begin = readBigInt64(from, fromAt)
    const distance = readBigInt64(words, (row & time.mask) << 1) - begin
    const rest = ((distance % length) + length) % length
    const start = begin + distance - rest
    if (BigInt.asIntN(64, start) !== start) throw outOfRange(type)
    writeBigInt64(out, row << 1, start)
  }
}

/** Years, months, days and time between two points, counted back from the later one (PostgreSQL's timestamp_age). */
function age(later: bigint, earlier: bigint, type: DataType): IntervalValue {
  if (later < earlier) {
    const back = age(earlier, later, type)
    return { months: -back.months, days: -back.days, nanos: -back.nanos }
  }
  const a = secondsAndNanos(later, type)
  const b = secondsAndNanos(earlier, type)
  const [aDays, bDays] = [Math.floor(a.seconds / 86400), Math.floor(b.seconds / 86400)]
  let nanos =
    BigInt(a.seconds - aDays * 86400 - (b.seconds - bDays * 86400)) * 1_000_000_000n + BigInt(a.nanos - b.nanos)
  civilFromDays(aDays)
  const end = { ...civil }
  civilFromDays(bDays)
  let months = (end.year - civil.year) * 12 + end.month - civil.month
  let days = end.day - civil.day
  if (nanos < 0n) {
    nanos += 86_400_000_000_000n
    days--
  }
  if (days < 0) {
    days += daysInMonth(civil.year, civil.month)
    months--
  }
  return { months, days, nanos }
}

function makeDate(year: number, month: number, day: number): number {
  const y = year < 0 ? year + 1 : year
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(y, month) || Math.abs(year) > 5_000_000) {
    throw new VolleyError(`date field value out of range: ${year}-${month}-${day}`, {
      code: SqlState.datetimeFieldOverflow,
    })
  }
  return daysFromCivil(y, month, day)
}

function makeTimestamp(args: readonly ScalarValue[]): bigint {
  const [year, month, day, hour, minute] = args.slice(0, 5).map(Number) as [number, number, number, number, number]
  const second = args[5] as number
  const days = makeDate(year, month, day)
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60)) {
    throw new VolleyError(`time field value out of range: ${hour}:${minute}:${second}`, {
      code: SqlState.datetimeFieldOverflow,
    })
  }
  return BigInt(days * 86400 + hour * 3600 + minute * 60) * 1_000_000n + BigInt(Math.round(second * 1e6))
}

/** A timestamp of text by the first format that it fits; numbers are seconds, whatever the formats. */
function readByFormats(args: readonly ScalarValue[], from: DataType, type: DataType): ScalarValue {
  const [value, ...formats] = args
  if (typeName(from) !== 'Utf8') {
    const ticks = countOf(value!, from, ticksPerSecond(type), BigInt(ticksPerSecond(type)))
    if (BigInt.asIntN(64, ticks) !== ticks) throw outOfRange(type)
    return ticks
  }
  const parsed = parseByFormats(value as string, formats, 'timestamp')
  if (parsed === null) return null
  const perSecond = BigInt(ticksPerSecond(type))
  const ticks = BigInt(momentOf(parsed)) * perSecond + (BigInt(parsed.nanos) * perSecond) / 1_000_000_000n
  if (BigInt.asIntN(64, ticks) !== ticks) throw outOfRange(type)
  return ticks
}

/** Ticks of a number: fractions count of seconds only. */
function countOf(value: ScalarValue, from: DataType, perUnit: number, factor: bigint): bigint {
  switch (typeName(from)) {
    case 'Int64':
      return (value as bigint) * factor
    case 'Decimal':
      return ((value as bigint) * BigInt(perUnit)) / 10n ** BigInt(scaleOf(from))
    default:
      if (!Number.isFinite(value)) throw outOfRange(timestampType(TimeUnit.NANOSECOND))
      return BigInt(Math.trunc((value as number) * perUnit))
  }
}

/** `to_timestamp` and its forms by unit: integers count that unit, text is read, timestamps change their unit. */
function toTimestamp(name: string, unit: TimeUnit, counted: TimeUnit): ScalarFunction {
  const type = timestampType(unit)
  const factor = 1000n ** BigInt(unit - counted)
  return defineFunction({
    name,
    category: 'date and time',
    description: `A timestamp of a count of ${['seconds', 'milliseconds', 'microseconds', 'nanoseconds'][counted]} since 1970, or of text.`,
    examples: [
      [
        `${name}(86400)`,
        ['1970-01-02 00:00:00', '1970-01-01 00:01:26.4', '1970-01-01 00:00:00.0864', '1970-01-01 00:00:00.0000864'][
          counted
        ]!,
      ],
    ],
    resolve: (argTypes, literals) => {
      const from = argTypes[0]
      if (from === undefined) return null
      const form = typeName(from)
      if (argTypes.length > 1) {
        const formats = argTypes.slice(1)
        if (!formats.every((format) => ['Utf8', 'Null'].includes(typeName(format)))) return null
        const first = form === 'Null' ? UTF8 : from
        if (form !== 'Utf8' && form !== 'Null' && conversionCost(from, FLOAT64, literals[0]) === null) return null
        return {
          argTypes: [isInteger(first) ? UTF8 : first, ...formats.map(() => UTF8)],
          returnType: type,
          nullable: 'always',
        }
      }
      if (form === 'Timestamp' || form === 'Date' || form === 'Utf8') {
        return { argTypes: [type], returnType: type, nullable: 'propagate' }
      }
      if (conversionCost(from, INT64, literals[0]) !== null) {
        return { argTypes: [INT64], returnType: type, nullable: 'propagate' }
      }
      if (form === 'Decimal') return { argTypes: [from], returnType: type, nullable: 'propagate' }
      if (conversionCost(from, FLOAT64, literals[0]) === null) return null
      return { argTypes: [FLOAT64], returnType: type, nullable: 'propagate' }
    },
    evaluate: (call) => {
      const form = typeName(call.args[0]!.type)
      if (call.args.length > 1) {
        return evaluateRows(
          call,
          (args) => (args[0] === null ? null : readByFormats(args, call.args[0]!.type, type)),
          true,
        )
      }
      if (form === 'Timestamp') return call.args[0]!
      return evaluateRows(call, (args) => {
        const value = countOf(
          args[0]!,
          call.args[0]!.type,
          counted === TimeUnit.SECOND ? ticksPerSecond(type) : 1,
          factor,
        )
        if (BigInt.asIntN(64, value) !== value) throw outOfRange(type)
        return value
      })
    },
  })
}

function clockFunction(
  name: string,
  aliases: readonly string[],
  type: DataType,
  description: string,
  value: () => ScalarValue,
): ScalarFunction {
  return defineFunction({
    name,
    aliases,
    category: 'date and time',
    description,
    examples: [],
    volatility: 'stable',
    resolve: (argTypes) => (argTypes.length === 0 ? { argTypes, returnType: type, nullable: 'never' } : null),
    evaluate: (call) => constantVector(type, value(), call.length, call.region),
  })
}

const nowMicros = (): bigint => BigInt(Date.now()) * 1000n

/** Functions of dates, timestamps and intervals. Weeks are ISO-8601's. */
export const DATE_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'date_trunc',
    aliases: ['datetrunc'],
    category: 'date and time',
    description: 'The start of the second, minute, hour, day, week, month, quarter or year of a timestamp.',
    examples: [
      ["date_trunc('hour', TIMESTAMP '2001-02-16 20:38:40')", '2001-02-16 20:00:00'],
      ["date_trunc('week', DATE '2021-01-03')", '2020-12-28 00:00:00'],
    ],
    resolve: (argTypes, literals) => {
      if (argTypes.length !== 2 || conversionCost(argTypes[0]!, UTF8, literals[0]) === null) return null
      if (typeName(argTypes[1]!) === 'Time')
        return { argTypes: [UTF8, argTypes[1]!], returnType: argTypes[1]!, nullable: 'propagate' }
      const time = timestampOf(argTypes[1], literals[1])
      return time === null ? null : { argTypes: [UTF8, time], returnType: time, nullable: 'propagate' }
    },
    evaluate: (call) =>
      typeName(call.type) === 'Time'
        ? evaluateRows(call, (args) => truncTime(dateField(args[0] as string), args[1] as bigint, call.type))
        : clockZone(call.type) !== null
          ? evaluateRows(call, (args) => truncZoned(dateField(args[0] as string), args[1] as bigint, call.type))
          : overRows(call, ([, time], rows, out) => {
              const perSecond = ticksPerSecond(call.type)
              byField(call, rows, (field, some) => {
                if (!truncTimestamps(field, time!.words, time!.mask, perSecond, some, wordsOf(out)))
                  throw outOfRange(call.type)
              })
            }),
  }),
  defineFunction({
    name: 'date_bin',
    category: 'date and time',
    description:
      'The start of the bin of a given width that a timestamp is in; bins begin at the origin, 1970 by default.',
    examples: [
      [
        "date_bin(INTERVAL '15 minutes', TIMESTAMP '2020-02-11 15:44:17', TIMESTAMP '2001-01-01 00:02:30')",
        '2020-02-11 15:32:30',
      ],
    ],
    resolve: resolveBin,
    evaluate: (call) =>
      typeName(call.type) === 'Time'
        ? evaluateRows(call, (args) => binTime(args, call.type))
        : overRows(call, ([stride, time, origin], rows, out) =>
            binTimestamps(stride!, time!, origin ?? null, rows, wordsOf(out), call.type),
          ),
  }),
  partFunction('date_part'),
  partFunction('extract'),
  defineFunction({
    name: 'age',
    category: 'date and time',
    description: 'Years, months, days and time between two timestamps.',
    examples: [["age(TIMESTAMP '2001-04-10', TIMESTAMP '1957-06-13')", '43 years 9 mons 27 days']],
    resolve: (argTypes, literals) => {
      const a = timestampOf(argTypes[0], literals[0])
      const b = timestampOf(argTypes[1], literals[1])
      if (argTypes.length !== 2 || a === null || b === null) return null
      const time = unitOf(a) >= unitOf(b) ? a : b
      return { argTypes: [time, time], returnType: INTERVAL, nullable: 'propagate' }
    },
    evaluate: (call) => evaluateRows(call, (args) => age(args[0] as bigint, args[1] as bigint, call.args[0]!.type)),
  }),
  defineFunction({
    name: 'timezone',
    category: 'date and time',
    description: 'The moment at which clocks of a zone show a timestamp, or the reverse, as ts AT TIME ZONE zone.',
    examples: [["timezone('UTC', TIMESTAMP '2020-01-01 10:00:00')", '2020-01-01 10:00:00+00']],
    resolve: (argTypes, literals) => {
      const time = argTypes.length === 2 ? timestampOf(argTypes[1], literals[1]) : null
      if (time === null || conversionCost(argTypes[0]!, UTF8, literals[0]) === null) return null
      const zone = typeof literals[0] === 'string' ? literals[0] : 'UTC'
      const returnType = timestampType(unitOf(time), timezoneOf(time) === null ? zone : null)
      return { argTypes: [UTF8, time], returnType, nullable: 'propagate' }
    },
    evaluate: (call) => {
      const { type } = call.args[1]!
      const zoned = timezoneOf(type) !== null
      const perSecond = BigInt(ticksPerSecond(type))
      return evaluateRows(call, ([zone, time]) => {
        const { seconds } = secondsAndNanos(time as bigint, type)
        const moved = zoned ? seconds + zoneOffset(zone as string, seconds) : localToUtc(zone as string, seconds)
        const ticks = (time as bigint) + BigInt(moved - seconds) * perSecond
        if (BigInt.asIntN(64, ticks) !== ticks) throw outOfRange(call.type)
        return ticks
      })
    },
  }),
  defineFunction({
    name: 'make_date',
    category: 'date and time',
    description: 'A date of year, month and day.',
    examples: [['make_date(2013, 7, 15)', '2013-07-15']],
    resolve: (argTypes) => {
      const whole = argTypes.every((type) => isInteger(type) || ['Utf8', 'Null'].includes(typeName(type)))
      if (argTypes.length !== 3 || !whole) return null
      return { argTypes: [INT64, INT64, INT64], returnType: DATE, nullable: 'propagate' }
    },
    evaluate: (call) => evaluateRows(call, (args) => makeDate(Number(args[0]), Number(args[1]), Number(args[2]))),
  }),
  defineFunction({
    name: 'make_timestamp',
    category: 'date and time',
    description: 'A timestamp of year, month, day, hour, minute and seconds.',
    examples: [['make_timestamp(2013, 7, 15, 8, 15, 23.5)', '2013-07-15 08:15:23.5']],
    overloads: [{ args: [INT64, INT64, INT64, INT64, INT64, FLOAT64], returns: MICROS }],
    evaluate: (call) => evaluateRows(call, makeTimestamp),
  }),
  toTimestamp('to_timestamp', TimeUnit.NANOSECOND, TimeUnit.SECOND),
  toTimestamp('to_timestamp_seconds', TimeUnit.SECOND, TimeUnit.SECOND),
  toTimestamp('to_timestamp_millis', TimeUnit.MILLISECOND, TimeUnit.MILLISECOND),
  toTimestamp('to_timestamp_micros', TimeUnit.MICROSECOND, TimeUnit.MICROSECOND),
  toTimestamp('to_timestamp_nanos', TimeUnit.NANOSECOND, TimeUnit.NANOSECOND),
  clockFunction(
    'now',
    ['current_timestamp', 'transaction_timestamp', 'statement_timestamp'],
    MICROS_UTC,
    'The time at which the statement began.',
    nowMicros,
  ),
  clockFunction(
    'localtimestamp',
    [],
    MICROS,
    'The time at which the statement began, without a zone, in UTC.',
    nowMicros,
  ),
  clockFunction('current_date', ['today'], DATE, 'The day on which the statement began, in UTC.', () =>
    Math.floor(Date.now() / 86_400_000),
  ),
]
