import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { typeName } from './data-types.ts'

const SQL_NAMES: Partial<Record<string, string>> = {
  Int16: 'smallint',
  Int32: 'integer',
  Int64: 'bigint',
  Float32: 'real',
  Float64: 'double precision',
  Decimal: 'numeric',
  Utf8: 'text',
  Bool: 'boolean',
  Timestamp: 'timestamp',
  Date: 'date',
  Time: 'time',
  Interval: 'interval',
  Json: 'json',
  Binary: 'bytea',
}

/** The type's name in PostgreSQL, for messages; the engine's own where PostgreSQL has none. */
export function sqlTypeName(type: DataType): string {
  return SQL_NAMES[typeName(type)] ?? typeName(type).toLowerCase()
}

export function outOfRange(type: DataType): VolleyError {
  const name = typeName(type)
  if (name === 'Timestamp' || name === 'Date' || name === 'Interval') {
    return new VolleyError(`${sqlTypeName(type)} out of range`, { code: SqlState.datetimeFieldOverflow })
  }
  return new VolleyError(`${sqlTypeName(type)} out of range`, { code: SqlState.numericValueOutOfRange })
}

export function divisionByZero(): VolleyError {
  return new VolleyError('division by zero', { code: SqlState.divisionByZero })
}
