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
  mapType,
  SqlState,
  structType,
  timeType,
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

/** Whether a group is a list by its annotation. */
export function isListGroup({ element, children }: SchemaTree): boolean {
  const annotated = element.logical_type?.type === 'LIST' || element.converted_type === 'LIST'
  return annotated && children.length === 1 && children[0]!.children.length === 1
}

/** Whether a group is a map by its annotation, of keys and values. */
export function isMapGroup({ element, children }: SchemaTree): boolean {
  const annotated =
    element.logical_type?.type === 'MAP' ||
    element.converted_type === 'MAP' ||
    element.converted_type === 'MAP_KEY_VALUE'
  return annotated && children.length === 1 && children[0]!.children.length === 2
}

/** @throws VolleyError 0A000 for a group that repeats and is no list */
export function typeOf(tree: SchemaTree): DataType {
  const { element, children } = tree
  const { logical_type: logical, converted_type: converted } = element
  if (element.repetition_type === 'REPEATED' || (children.length > 0 && logical?.type === 'VARIANT'))
    throw new VolleyError(`the column ${tree.path.join('.')} is a kind of group that is not supported`, {
      code: SqlState.featureNotSupported,
    })
  if (isListGroup(tree)) return listType(typeOf(children[0]!.children[0]!))
  if (isMapGroup(tree)) {
    const [key, value] = children[0]!.children
    return mapType(typeOf(key!), typeOf(value!))
  }
  if (children.length > 0) return structType(children.map((child) => [child.element.name, typeOf(child)]))
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
    case 'TIME':
      return timeType(UNITS[logical.unit]!)
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
      return timeType(TimeUnit.MILLISECOND)
    case 'TIME_MICROS':
      return timeType(TimeUnit.MICROSECOND)
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
