import type { DuckDBConnection } from '@duckdb/node-api'
import { formatScalar, typeName, type ScalarValue } from '@volley/core'
import type { QueryResult } from 'volley'

/** A value of an answer: a double as a number; an exact number as its digits; anything else as text. */
export type Cell = number | string | null

const EXACT = /^-?\d+(?:\.\d+)?$/

function exact(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** Rows of a session's answer. */
export async function volleyRows(result: QueryResult): Promise<Cell[][]> {
  const { fields } = result.schema
  const rows: Cell[][] = []
  for await (const chunk of result.chunks()) {
    for (const row of chunk) rows.push(row.map((value, i) => volleyCell(value, fields[i]!.type)))
  }
  return rows
}

function volleyCell(value: ScalarValue, type: Parameters<typeof formatScalar>[1]): Cell {
  if (value === null) return null
  const name = typeName(type)
  if (name === 'Float64' || name === 'Float32') return value as number
  const text = formatScalar(value, type)
  return name === 'Utf8' ? text : exact(text)
}

/** Rows of DuckDB's answer to the same query. */
export async function duckdbRows(duckdb: DuckDBConnection, sql: string): Promise<Cell[][]> {
  const reader = await duckdb.runAndReadAll(sql)
  return reader.getRows().map((row) => row.map(duckdbCell))
}

function duckdbCell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  // DuckDB's doubles are the only values that are numbers and may be no integers.
  if (typeof value === 'number' && !Number.isInteger(value)) return value
  if (typeof value === 'string') return value
  return exact(String(value))
}

const TOLERANCE = 1e-9

function sameCell(ours: Cell, theirs: Cell): boolean {
  if (ours === theirs) return true
  if (ours === null || theirs === null) return false
  if (typeof ours === 'string' && typeof theirs === 'string') return false
  // Doubles on one side at least.
  if ([ours, theirs].some((cell) => typeof cell === 'string' && !EXACT.test(cell))) return false
  const [a, b] = [Number(ours), Number(theirs)]
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}

/** Rows in an order that small differences of doubles do not change. */
function sorted(rows: readonly (readonly Cell[])[]): (readonly Cell[])[] {
  const keyOf = (row: readonly Cell[]): string =>
    row
      .map((cell) => (cell === null ? 'NULL' : EXACT.test(String(cell)) ? Number(cell).toPrecision(7) : cell))
      .join('|')
  return rows
    .map((row) => [keyOf(row), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : +(a > b)))
    .map(([, row]) => row)
}

/** How two answers differ, in one line; null when they do not. Doubles are equal within 1e-9. */
export function answerDifference(
  ours: readonly (readonly Cell[])[],
  theirs: readonly (readonly Cell[])[],
  ordered: boolean,
): string | null {
  if (ours.length !== theirs.length) return `${ours.length} rows, not ${theirs.length}`
  const [a, b] = ordered ? [ours, theirs] : [sorted(ours), sorted(theirs)]
  const at = a.findIndex((row, i) => row.length !== b[i]!.length || !row.every((cell, j) => sameCell(cell, b[i]![j]!)))
  return at < 0 ? null : `row ${at} is (${a[at]!.join(', ')}), not (${b[at]!.join(', ')})`
}
