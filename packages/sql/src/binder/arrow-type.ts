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
  INTERVAL,
  listType,
  NULL,
  SqlState,
  TIME,
  TimeUnit,
  timestampType,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  UTF8,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { Position } from '../parser/ast.ts'
import { sqlError } from './errors.ts'

const SIMPLE: Readonly<Record<string, DataType>> = {
  Null: NULL,
  Boolean: BOOL,
  Int8: INT8,
  Int16: INT16,
  Int32: INT32,
  Int64: INT64,
  UInt8: UINT8,
  UInt16: UINT16,
  UInt32: UINT32,
  UInt64: UINT64,
  Float32: FLOAT32,
  Float64: FLOAT64,
  Utf8: UTF8,
  LargeUtf8: UTF8,
  Utf8View: UTF8,
  Binary: BINARY,
  LargeBinary: BINARY,
  BinaryView: BINARY,
  Date32: DATE,
}

const UNITS: Readonly<Record<string, TimeUnit>> = {
  Second: TimeUnit.SECOND,
  s: TimeUnit.SECOND,
  Millisecond: TimeUnit.MILLISECOND,
  ms: TimeUnit.MILLISECOND,
  Microsecond: TimeUnit.MICROSECOND,
  us: TimeUnit.MICROSECOND,
  Nanosecond: TimeUnit.NANOSECOND,
  ns: TimeUnit.NANOSECOND,
}

/**
 * An Arrow type by the name that DataFusion's `arrow_cast` takes, such as `Timestamp(Nanosecond, None)`. Layouts of one type
 * (large, view, dictionary) are one here.
 *
 * @throws VolleyError 42704
 */
export function arrowType(text: string, at: Position | null): DataType {
  const name = text.trim()
  const simple = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined
  if (simple !== undefined) return simple
  const [, outer, inner = ''] = /^(\w+)\s*\((.*)\)$/s.exec(name) ?? []
  const parts = inner.split(',').map((part) => part.trim())
  switch (outer) {
    case 'Timestamp': {
      const unit = UNITS[parts[0]!]
      const zone = /^(?:Some\()?"([^"]+)"\)?$/.exec(parts[1] ?? '')?.[1] ?? null
      if (unit !== undefined && parts.length <= 2) return timestampType(unit, zone)
      break
    }
    case 'Time64':
      if (parts[0] === 'Microsecond' || parts[0] === 'us') return TIME
      break
    case 'Interval':
      return INTERVAL
    case 'Decimal128': {
      const [precision, scale] = parts.map(Number)
      if (
        Number.isInteger(precision) &&
        Number.isInteger(scale) &&
        precision! >= 1 &&
        precision! <= 38 &&
        scale! >= 0 &&
        scale! <= precision!
      ) {
        return decimalType(precision!, scale!)
      }
      break
    }
    case 'Dictionary':
      return arrowType(inner.slice(inner.indexOf(',') + 1), at)
    case 'List':
    case 'LargeList':
    case 'ListView':
      return listType(arrowType(inner.replace(/^(?:non-null|nullable)\s+/, ''), at))
  }
  throw sqlError(SqlState.undefinedObject, `Arrow type "${text}" does not exist`, at)
}
