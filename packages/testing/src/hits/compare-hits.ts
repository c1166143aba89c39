import type { HitsQuery } from './hits-queries.ts'

type Row = readonly unknown[]
export type RunSql = (sql: string) => Promise<readonly Row[]>

/**
 * How an engine's rows of a query differ from a peer's, in one line; null when they are the same. Where a LIMIT leaves out
 * rows with the same sort keys as rows that it keeps, the keys have to be the peer's, and each row one of all the peer has.
 */
export async function hitsDifference(query: HitsQuery, engine: RunSql, peer: RunSql): Promise<string | null> {
  const actual = (await engine(query.keyedSql)).map(plainRow)
  const expected = (await peer(query.keyedSql)).map(plainRow)
  const difference = multisetDifference(actual.map(keyOf), expected.map(keyOf))
  if (difference === null) return outOfOrder(query, actual, expected)
  const whole = query.keyedSql.replace(/ LIMIT \d+( OFFSET \d+)?$/, '')
  if (whole === query.keyedSql || actual.length !== expected.length) return difference
  const keys = outOfOrder(query, actual, expected)
  if (keys !== null) return keys
  const all = (await peer(rowsLike(whole, actual))).map(plainRow)
  return surplus(actual.map(keyOf), all.map(keyOf))
}

function outOfOrder({ keys }: HitsQuery, actual: readonly Row[], expected: readonly Row[]): string | null {
  if (keys === null) return null
  const picked = (row: Row): string => keyOf(keys.map((k) => row[k]))
  const at = actual.findIndex((row, i) => picked(row) !== picked(expected[i]!))
  return at < 0 ? null : `row ${at + 1} has the sort keys ${picked(actual[at]!)}, expected ${picked(expected[at]!)}`
}

/** Of all rows, those whose first column is one of these rows'. */
function rowsLike(sql: string, rows: readonly Row[]): string {
  const literals = rows.map(([value]) =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value),
  )
  const names = rows[0]!.map((_, i) => `c${i}`).join(', ')
  return `SELECT * FROM (${sql}) AS every(${names}) WHERE c0 IN (${[...new Set(literals)].join(', ')})`
}

/** Values as both sides can have them: moments are counts of microseconds, days of days. */
function plainRow(row: Row): Row {
  return row.map((value) => {
    if (typeof value !== 'object' || value === null) return value
    if ('micros' in value) return value.micros
    if ('days' in value) return value.days
    return value
  })
}

function keyOf(row: Row): string {
  return row.map(textOf).join('|')
}

/** Doubles by ten digits: the order of additions is nobody's promise. */
function textOf(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toPrecision(10)
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function multisetDifference(actual: readonly string[], expected: readonly string[]): string | null {
  return surplus(actual, expected) ?? surplus(expected, actual, 'missing')
}

function surplus(rows: readonly string[], of: readonly string[], what = 'too many'): string | null {
  const counts = new Map<string, number>()
  for (const row of of) counts.set(row, (counts.get(row) ?? 0) + 1)
  for (const row of rows) {
    const left = counts.get(row) ?? 0
    if (left === 0) return `${rows.length} rows, ${of.length} of the other; ${what}: (${row})`
    counts.set(row, left - 1)
  }
  return null
}
