import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Interval,
  IntervalUnit,
  List,
  Null,
  Struct,
  Time,
  TimeMicrosecond,
  TimeUnit,
  Timestamp,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  type DataType,
} from 'apache-arrow'
import { Json, layoutOf, withLayout } from './data-types.ts'

/** One instance of each type without parameters. */
export const NULL: DataType = new Null()
export const BOOL: DataType = new Bool()
export const INT8: DataType = new Int8()
export const INT16: DataType = new Int16()
export const INT32: DataType = new Int32()
export const INT64: DataType = new Int64()
export const UINT8: DataType = new Uint8()
export const UINT16: DataType = new Uint16()
export const UINT32: DataType = new Uint32()
export const UINT64: DataType = new Uint64()
export const FLOAT32: DataType = new Float32()
export const FLOAT64: DataType = new Float64()
export const UTF8: DataType = new Utf8()
export const JSON_TYPE: DataType = new Json()
export const BINARY: DataType = new Binary()
/** Days since 1970-01-01. */
export const DATE: DataType = new DateDay()
/** Microseconds since midnight, as PostgreSQL's `time`. */
export const TIME: DataType = new TimeMicrosecond()
/** Months, days and nanoseconds. */
export const INTERVAL: DataType = new Interval(IntervalUnit.MONTH_DAY_NANO)

export { TimeUnit }

/** A time of day that counts `unit` since midnight. */
export function timeType(unit: TimeUnit): DataType {
  return unit < TimeUnit.MICROSECOND ? new Time(unit, 32) : new Time(unit, 64)
}

/** A timestamp that counts `unit` since 1970-01-01, with no zone unless one is given. */
export function timestampType(unit: TimeUnit, timezone: string | null = null): DataType {
  return new Timestamp(unit, timezone)
}

/** A decimal of at most 38 digits, `scale` of them behind the point. */
export function decimalType(precision: number, scale: number): DataType {
  return new Decimal(scale, precision, 128)
}

export function listType(element: DataType): DataType {
  return new List(new Field('item', element, true))
}

export function structType(fields: readonly (readonly [name: string, type: DataType])[]): DataType {
  return new Struct(fields.map(([name, type]) => new Field(name, type, true)))
}

/** A list of keys and values, each key once. */
export function mapType(key: DataType, value: DataType): DataType {
  const entry = structType([
    ['key', key],
    ['value', value],
  ])
  return withLayout(listType(entry), 'Map')
}

export function isMap(type: DataType): boolean {
  return layoutOf(type) === 'Map'
}

/** Element type of a List. */
export function elementType(type: DataType): DataType {
  return type.children![0]!.type
}

/** Unit of a Time or Timestamp. */
export function unitOf(type: DataType): TimeUnit {
  return (type as unknown as { unit: TimeUnit }).unit
}

/** Zone of a Timestamp, or null. */
export function timezoneOf(type: DataType): string | null {
  return (type as unknown as { timezone?: string | null }).timezone ?? null
}

/** Digits behind the point of a Decimal; 0 for other types. */
export function scaleOf(type: DataType): number {
  return (type as unknown as { scale?: number }).scale ?? 0
}

/** Digits of a Decimal. */
export function precisionOf(type: DataType): number {
  return (type as unknown as { precision: number }).precision
}

/** Counts in a second of a Time or Timestamp: 1, 1e3, 1e6 or 1e9. */
export function ticksPerSecond(type: DataType): number {
  return 1000 ** unitOf(type)
}
