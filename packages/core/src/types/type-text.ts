import type { DataType } from 'apache-arrow'
import { layoutOf, typeKey, typeName } from './data-types.ts'
import { sqlTypeName } from './type-errors.ts'
import { elementType, isMap, precisionOf, scaleOf, timezoneOf, unitOf } from './type-factory.ts'

/** A type as PostgreSQL writes it: `bigint`, `numeric(10,2)`, `timestamp without time zone`, `text[]`. */
export function sqlTypeText(type: DataType): string {
  switch (typeName(type)) {
    case 'Decimal':
      return `numeric(${precisionOf(type)},${scaleOf(type)})`
    case 'Timestamp':
      return `timestamp ${timezoneOf(type) === null ? 'without' : 'with'} time zone`
    case 'Time':
      return 'time without time zone'
    case 'List':
      return `${sqlTypeText(elementType(type))}[]`
    case 'Null':
      return 'unknown'
    default:
      return sqlTypeName(type)
  }
}

const UNITS = ['s', 'ms', 'µs', 'ns']

/** A type as DataFusion writes it: `Int64`, `Utf8`, `Timestamp(ns)`, `Decimal128(10, 2)`, `List(Int64)`. */
export function arrowTypeName(type: DataType): string {
  if (isMap(type)) {
    const [key, value] = elementType(type).children!.map((field) => arrowTypeName(field.type))
    return `Map("entries": non-null Struct("key": non-null ${key}, "value": ${value}), unsorted)`
  }
  const layout = layoutOf(type)
  if (layout !== null) return layout
  switch (typeName(type)) {
    case 'Bool':
      return 'Boolean'
    case 'Date':
      return 'Date32'
    case 'Decimal':
      return `Decimal128(${precisionOf(type)}, ${scaleOf(type)})`
    case 'Timestamp': {
      const zone = timezoneOf(type)
      return `Timestamp(${UNITS[unitOf(type)]}${zone === null ? '' : `, "${zone}"`})`
    }
    case 'Time':
      return `Time${unitOf(type) < 2 ? 32 : 64}(${UNITS[unitOf(type)]})`
    case 'Interval':
      return 'Interval(MonthDayNano)'
    case 'List':
      return `List(${arrowTypeName(elementType(type))})`
    case 'Struct':
      return `Struct(${type.children!.map((field) => `"${field.name}": ${arrowTypeName(field.type)}`).join(', ')})`
    default:
      return typeName(type).startsWith('Uint') ? typeName(type).replace('Uint', 'UInt') : typeKey(type)
  }
}
