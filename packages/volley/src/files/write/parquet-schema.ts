import {
  elementType,
  formatScalar,
  isMap,
  precisionOf,
  scaleOf,
  timezoneOf,
  typeName,
  TimeUnit,
  unitOf,
  type ScalarValue,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { SchemaElement } from 'hyparquet'

const FLAT: Readonly<Record<string, Omit<SchemaElement, 'name'>>> = {
  Bool: { type: 'BOOLEAN' },
  Int8: { type: 'INT32', converted_type: 'INT_8' },
  Int16: { type: 'INT32', converted_type: 'INT_16' },
  Int32: { type: 'INT32' },
  Int64: { type: 'INT64' },
  Uint8: { type: 'INT32', converted_type: 'UINT_8' },
  Uint16: { type: 'INT32', converted_type: 'UINT_16' },
  Uint32: { type: 'INT32', converted_type: 'UINT_32' },
  Uint64: { type: 'INT64', converted_type: 'UINT_64' },
  Float32: { type: 'FLOAT' },
  Float64: { type: 'DOUBLE' },
  Binary: { type: 'BYTE_ARRAY' },
  Date: { type: 'INT32', converted_type: 'DATE' },
}

/** Seconds have no type in Parquet: they are written as milliseconds. */
const UNITS = {
  [TimeUnit.SECOND]: 'MILLIS',
  [TimeUnit.MILLISECOND]: 'MILLIS',
  [TimeUnit.MICROSECOND]: 'MICROS',
  [TimeUnit.NANOSECOND]: 'NANOS',
} as const

/** Bytes that hold any integer of so many digits. */
const bytesOfDigits = (digits: number): number => Math.ceil((digits * Math.log2(10) + 1) / 8)

/** Elements of a Parquet schema for a column; types that Parquet has no like of (intervals) become text. */
export function parquetElements(name: string, type: DataType, nullable: boolean): SchemaElement[] {
  const own = { name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' } as const
  const kind = typeName(type)
  switch (kind) {
    case 'List': {
      const item = elementType(type)
      if (isMap(type)) {
        const [key, value] = item.children!
        return [
          { ...own, num_children: 1, converted_type: 'MAP' },
          { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
          ...parquetElements('key', key!.type, false),
          ...parquetElements('value', value!.type, true),
        ]
      }
      return [
        { ...own, num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        ...parquetElements('element', item, true),
      ]
    }
    case 'Struct':
      return [
        { ...own, num_children: type.children!.length },
        ...type.children!.flatMap((child) => parquetElements(child.name, child.type, true)),
      ]
    case 'Timestamp': {
      const isAdjustedToUTC = timezoneOf(type) !== null
      return [
        { ...own, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit: UNITS[unitOf(type)] } },
      ]
    }
    case 'Time': {
      const unit = UNITS[unitOf(type)]
      const stored = unit === 'MILLIS' ? 'INT32' : 'INT64'
      return [{ ...own, type: stored, logical_type: { type: 'TIME', isAdjustedToUTC: false, unit } }]
    }
    case 'Decimal': {
      const [precision, scale] = [precisionOf(type), scaleOf(type)]
      const stored =
        precision <= 18
          ? { type: precision <= 9 ? ('INT32' as const) : ('INT64' as const) }
          : { type: 'FIXED_LEN_BYTE_ARRAY' as const, type_length: bytesOfDigits(precision) }
      return [{ ...own, ...stored, converted_type: 'DECIMAL', precision, scale }]
    }
    default:
      return [{ ...own, ...(Object.hasOwn(FLAT, kind) ? FLAT[kind]! : { type: 'BYTE_ARRAY', converted_type: 'UTF8' }) }]
  }
}

/** A value as hyparquet-writer takes it for the elements of its type. */
export function parquetValue(value: ScalarValue, type: DataType): unknown {
  if (value === null) return null
  const kind = typeName(type)
  switch (kind) {
    case 'Utf8':
    case 'Json':
    case 'Decimal':
      return value
    case 'Timestamp':
      return unitOf(type) === TimeUnit.SECOND ? (value as bigint) * 1000n : value
    case 'Time': {
      const unit = unitOf(type)
      if (unit > TimeUnit.MILLISECOND) return value
      return Number(value as bigint) * (unit === TimeUnit.SECOND ? 1000 : 1)
    }
    case 'List':
      return (value as readonly ScalarValue[]).map((item) => parquetValue(item, elementType(type)))
    case 'Struct': {
      const items = value as readonly ScalarValue[]
      return Object.fromEntries(type.children!.map((child, i) => [child.name, parquetValue(items[i]!, child.type)]))
    }
    default:
      return Object.hasOwn(FLAT, kind) ? value : formatScalar(value, type)
  }
}
