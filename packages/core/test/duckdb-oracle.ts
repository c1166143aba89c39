import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBIntervalValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampValue,
  type DuckDBConnection,
} from '@duckdb/node-api'
import type { DataType } from 'apache-arrow'
import { formatScalar, isIntervalValue, scaleOf, typeName, type ScalarValue } from '../src/index.ts'
import type { TestColumn } from './expression-support.ts'

let connection: Promise<DuckDBConnection> | null = null

async function connect(): Promise<DuckDBConnection> {
  connection ??= DuckDBInstance.create(':memory:').then((instance) => instance.connect())
  return connection
}

const TYPES: Partial<Record<string, string>> = {
  Bool: 'BOOLEAN',
  Int16: 'SMALLINT',
  Int32: 'INTEGER',
  Int64: 'BIGINT',
  Uint64: 'UBIGINT',
  Float64: 'DOUBLE',
  Float32: 'REAL',
  Utf8: 'VARCHAR',
  Date: 'DATE',
  Timestamp: 'TIMESTAMP',
  Interval: 'INTERVAL',
}

function duckType(type: DataType): string {
  if (typeName(type) === 'Decimal') {
    const { precision, scale } = type as unknown as { precision: number; scale: number }
    return `DECIMAL(${precision},${scale})`
  }
  return TYPES[typeName(type)]!
}

function duckLiteral(value: ScalarValue, type: DataType): string {
  if (value === null) return `NULL::${duckType(type)}`
  if (isIntervalValue(value)) {
    return `to_months(${value.months}) + to_days(${value.days}) + to_microseconds(${value.nanos / 1000n})`
  }
  return `'${formatScalar(value, type).replaceAll("'", "''")}'::${duckType(type)}`
}

/** A value in a form that both engines' values can be brought to: numbers by value, text as text. */
export function comparable(value: ScalarValue, type: DataType): unknown {
  if (value === null) return null
  switch (typeName(type)) {
    case 'Decimal':
      return decimalText(value as bigint, scaleOf(type))
    case 'Float32':
    case 'Float64':
      return value === 0 ? 0 : value
    default:
      return typeof value === 'bigint' && typeName(type) !== 'Timestamp' ? value : comparableOther(value, type)
  }
}

function comparableOther(value: ScalarValue, type: DataType): unknown {
  if (isIntervalValue(value)) return `${value.months}/${value.days}/${value.nanos / 1000n}`
  if (typeof value === 'number' && typeName(type) !== 'Date') return BigInt(value)
  return typeof value === 'boolean' ? value : formatScalar(value, type)
}

function decimalText(unscaled: bigint, scale: number): string {
  let [value, digits] = [unscaled, scale]
  while (digits > 0 && value % 10n === 0n) [value, digits] = [value / 10n, digits - 1]
  return `${value}e-${digits}`
}

function comparableDuck(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null
  const name = typeName(type)
  if (value instanceof DuckDBDecimalValue) return decimalText(value.value, value.scale)
  if (value instanceof DuckDBIntervalValue) return `${value.months}/${value.days}/${value.micros}`
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampNanosecondsValue) return String(value)
  if (value instanceof DuckDBDateValue) return String(value)
  if (name === 'Float64' || name === 'Float32') return Number(value) === 0 ? 0 : Number(value)
  if (name === 'Decimal') return decimalText(BigInt(value as bigint | number), 0)
  if (typeof value === 'number' || typeof value === 'bigint') return BigInt(value)
  return value
}

/** DuckDB's values of an expression over columns c0, c1, ...; NULL where it raises. */
export async function duckValues(sql: string, columns: readonly TestColumn[], type: DataType): Promise<unknown[]> {
  const db = await connect()
  const rows = columns[0]!.values.map(
    (_, i) => `(${i}, ${columns.map((column) => duckLiteral(column.values[i]!, column.type)).join(', ')})`,
  )
  const names = columns.map((_, i) => `c${i}`).join(', ')
  const query = `SELECT TRY(${sql}) FROM (VALUES ${rows.join(', ')}) t(i, ${names}) ORDER BY i`
  const result = await db.runAndReadAll(query)
  return result.getRows().map((row) => comparableDuck(row[0], type))
}
