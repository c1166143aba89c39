/** One query with its right answer, as a file of a truth folder holds it. */
export interface Truth {
  readonly id: string
  readonly sql: string
  readonly columns: readonly string[]
  readonly ordered: boolean
  readonly rows: readonly (readonly unknown[])[]
}

const RELATIVE = 1e-9

/**
 * Compares an answer with the right one: column names, then rows in order or as multisets. Floating-point numbers are
 * equal within a relative 1e-9. Gives what is different, or null.
 */
export function differenceFrom(
  truth: Truth,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): string | null {
  if (columns.join('\0') !== truth.columns.join('\0')) {
    return `columns are [${columns.join(', ')}], not [${truth.columns.join(', ')}]`
  }
  if (rows.length !== truth.rows.length) return `${rows.length} rows, not ${truth.rows.length}`
  const sorted = (list: readonly (readonly unknown[])[]) => [...list].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  const [actual, expected] = truth.ordered ? [rows, truth.rows] : [sorted(rows), sorted(truth.rows)]
  for (const [i, row] of expected.entries()) {
    if (!equalValues(actual[i], row)) return `row ${i + 1} is ${JSON.stringify(actual[i])}, not ${JSON.stringify(row)}`
  }
  return null
}

/** Numbers are rounded in the key, so that rows that are equal within the tolerance sort alike. */
function sortKey(row: readonly unknown[]): string {
  return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'number' ? value.toPrecision(7) : value))
}

function equalValues(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => equalValues(item, b[i]))
  if (typeof a === 'number' && typeof b === 'number') {
    return a === b || Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b))
  }
  return a === b
}
