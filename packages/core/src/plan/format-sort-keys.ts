import type { SortKey } from './execution-plan.ts'

/** Sort keys as EXPLAIN prints them: `a DESC NULLS FIRST, b NULLS LAST`. */
export function formatSortKeys(keys: readonly SortKey[]): string {
  return keys
    .map((key) => `${key.expr}${key.descending ? ' DESC' : ''}${key.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST'}`)
    .join(', ')
}
