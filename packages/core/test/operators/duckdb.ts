import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import { formatScalar, typeName, type ScalarValue } from '../../src/index.ts'
import type { Column, Relation } from './engine-support.ts'

let connection: Promise<DuckDBConnection> | null = null

async function connect(): Promise<DuckDBConnection> {
  connection ??= DuckDBInstance.create(':memory:').then((instance) => instance.connect())
  return connection
}

function literalOf(value: ScalarValue, column: Column): string {
  if (value === null) return 'NULL'
  if (typeName(column.type) === 'Float64') return Object.is(value, -0) ? "'-0.0'" : `'${String(value)}'`
  return `'${formatScalar(value, column.type).replaceAll("'", "''")}'`
}

/** Makes the live rows a table. */
export async function createTable(relation: Relation): Promise<void> {
  const duck = await connect()
  const visible = relation.columns.slice(1)
  const columns = visible.map((column) => `${column.name} ${column.sqlType}`).join(', ')
  await duck.run(`CREATE OR REPLACE TABLE ${relation.name} (${columns})`)
  const rows = relation.rows
    .filter((row) => row[0] === true)
    .map((row) => `(${visible.map((column, i) => literalOf(row[i + 1]!, column)).join(', ')})`)
  if (rows.length > 0) await duck.run(`INSERT INTO ${relation.name} VALUES ${rows.join(', ')}`)
}

/** Rows of a query, values as the engine has them: timestamps as microseconds, decimals unscaled. */
export async function query(sql: string): Promise<unknown[][]> {
  const duck = await connect()
  const reader = await duck.runAndReadAll(sql)
  return reader.getRows().map((row) => row.map(plain))
}

function plain(value: DuckDBValue): unknown {
  if (value === null || typeof value !== 'object') return value
  if ('micros' in value && !('months' in value)) return value.micros
  if ('scale' in value) return value.value
  if ('items' in value) return (value.items as readonly DuckDBValue[]).map(plain)
  return String(value)
}
