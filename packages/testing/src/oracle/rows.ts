/** A value as a session gives it: 64-bit integers as bigint, timestamps as counts of their unit. */
export type RowValue = unknown

/**
 * A text that two rows share when SQL holds them for equal: NULLs are alike, so are NaNs, and -0 is 0. Doubles are equal
 * within 12 digits, for the order of an addition is nobody's promise.
 */
export function rowKey(row: readonly RowValue[]): string {
  return row.map(valueKey).join('|')
}

function valueKey(value: RowValue): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return value === 0 ? '0' : value.toPrecision(12)
  if (Array.isArray(value)) return `[${value.map(valueKey).join(',')}]`
  return JSON.stringify(value)
}

const SHOWN = 3

/** How two multisets of rows differ, in one line; null when they do not. A lost duplicate is a difference. */
export function multisetDifference(
  actual: readonly (readonly RowValue[])[],
  expected: readonly (readonly RowValue[])[],
): string | null {
  const counts = new Map<string, number>()
  for (const row of expected) counts.set(rowKey(row), (counts.get(rowKey(row)) ?? 0) + 1)
  for (const row of actual) counts.set(rowKey(row), (counts.get(rowKey(row)) ?? 0) - 1)
  const off = (sign: number): string[] =>
    [...counts].filter(([, count]) => Math.sign(count) === sign).map(([key, count]) => `${Math.abs(count)} x (${key})`)
  const [missing, surplus] = [off(1), off(-1)]
  if (missing.length === 0 && surplus.length === 0) return null
  const some = (what: string, list: readonly string[]): string =>
    list.length === 0 ? '' : `; ${list.length} ${what}: ${list.slice(0, SHOWN).join(', ')}`
  return `${actual.length} rows, expected ${expected.length}${some('missing', missing)}${some('too many', surplus)}`
}
