import {
  BINARY,
  BOOL,
  DATE,
  decimalType,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INT8,
  JSON_TYPE,
  listType,
  SqlState,
  TIME,
  TimeUnit,
  timestampType,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  UTF8,
  VolleyError,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { SchemaElement, SchemaTree } from 'hyparquet'

const UNITS: Readonly<Record<string, TimeUnit>> = {
  MILLIS: TimeUnit.MILLISECOND,
  MICROS: TimeUnit.MICROSECOND,
  NANOS: TimeUnit.NANOSECOND,
}

/** @throws VolleyError 0A000 for a group that is no list */
export function typeOf(tree: SchemaTree): DataType {
  const { element, children } = tree
  const { logical_type: logical, converted_type: converted } = element
  if (children.length > 0) {
    const item = logical?.type === 'LIST' || converted === 'LIST' ? children[0]!.children[0] : undefined
    if (item !== undefined) return listType(typeOf(item))
    throw new VolleyError(`the column ${element.name} is a group, which is not supported`, {
      code: SqlState.featureNotSupported,
    })
  }
  switch (logical?.type) {
    case 'STRING':
    case 'ENUM':
    case 'UUID':
      return UTF8
    case 'JSON':
      return JSON_TYPE
    case 'TIMESTAMP':
      return timestampType(UNITS[logical.unit]!, logical.isAdjustedToUTC ? 'UTC' : null)
    case 'INTEGER':
      return integer(logical.bitWidth, logical.isSigned)
  }
  switch (converted) {
    case 'UTF8':
    case 'ENUM':
      return UTF8
    case 'JSON':
      return JSON_TYPE
    case 'DATE':
      return DATE
    case 'DECIMAL':
      return decimalType(element.precision ?? 38, element.scale ?? 0)
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return TIME
    case 'TIMESTAMP_MILLIS':
      return timestampType(TimeUnit.MILLISECOND)
    case 'TIMESTAMP_MICROS':
      return timestampType(TimeUnit.MICROSECOND)
  }
  const width = /^(U?)INT_(\d+)$/.exec(converted ?? '')
  if (width !== null) return integer(Number(width[2]), width[1] === '')
  return physicalType(element)
}

function integer(bits: number, signed: boolean): DataType {
  const types = signed ? { 8: INT8, 16: INT16, 32: INT32, 64: INT64 } : { 8: UINT8, 16: UINT16, 32: UINT32, 64: UINT64 }
  return types[bits as 8 | 16 | 32 | 64]
}

function physicalType(element: SchemaElement): DataType {
  switch (element.type) {
    case 'BOOLEAN':
      return BOOL
    case 'INT32':
      return INT32
    case 'INT64':
      return INT64
    case 'INT96':
      return timestampType(TimeUnit.NANOSECOND)
    case 'FLOAT':
      return FLOAT32
    case 'DOUBLE':
      return FLOAT64
    default:
      return BINARY
  }
}
