import {
  notSupported,
  typeName,
  unitOf,
  timezoneOf,
  precisionOf,
  scaleOf,
  elementType,
  VolleyError,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { Position } from '../parser/ast.ts'

export function sqlError(code: string, message: string, at: Position | null, hint?: string): VolleyError {
  return new VolleyError(message, {
    code,
    ...(at === null ? {} : { position: at }),
    ...(hint === undefined ? {} : { hint }),
  })
}

export function unsupportedAt(what: string, at: Position | null, hint?: string): VolleyError {
  const error = notSupported(what, hint)
  return at === null ? error : error.about({ position: at })
}

/** Windowing error, invalid column reference, invalid row counts: SQLSTATEs that only the binder raises. */
export const BinderState: {
  readonly windowingError: string
  readonly invalidColumnReference: string
  readonly invalidRecursion: string
  readonly invalidLimit: string
  readonly invalidOffset: string
} = {
  windowingError: '42P20',
  invalidColumnReference: '42P10',
  invalidRecursion: '42P19',
  invalidLimit: '2201W',
  invalidOffset: '2201X',
}

const SQL_NAMES: Readonly<Record<string, string>> = {
  Null: 'unknown',
  Bool: 'boolean',
  Int8: 'tinyint',
  Int16: 'smallint',
  Int32: 'integer',
  Int64: 'bigint',
  Uint8: 'unsigned tinyint',
  Uint16: 'unsigned smallint',
  Uint32: 'unsigned integer',
  Uint64: 'unsigned bigint',
  Float32: 'real',
  Float64: 'double precision',
  Utf8: 'text',
  Json: 'json',
  Binary: 'bytea',
  Date: 'date',
  Time: 'time',
  Interval: 'interval',
  Struct: 'record',
}

/** A type as SQL names it. */
export function sqlTypeName(type: DataType): string {
  const name = typeName(type)
  switch (name) {
    case 'Timestamp': {
      const digits = unitOf(type) * 3
      return `timestamp${digits === 6 ? '' : `(${digits})`}${timezoneOf(type) === null ? '' : ' with time zone'}`
    }
    case 'Decimal':
      return `decimal(${precisionOf(type)}, ${scaleOf(type)})`
    case 'List':
      return `${sqlTypeName(elementType(type))}[]`
    default:
      return SQL_NAMES[name] ?? name
  }
}
