import { joinKeysOf, keyFilters, type Expr, type TaskContext } from '@volley/core'

/** A key of a join above, over the source's schema: rows whose key is not among those published under `id` are not needed. */
export interface RuntimeFilter {
  readonly id: number
  readonly expr: Expr
  /** Values of the column that `expr` is in each split, by its id, where the metastore lists them. */
  readonly tags?: ReadonlyMap<string, readonly string[]>
}

/** Rows that a filter is tested on before it is judged. */
const TRIAL = 16_384
/** Share of rows that a filter has to leave out to be worth its cost. */
const WORTHWHILE = 0.2

/** Conditions that were made at run time, and how many of the rows that they were tested on they have left out. */
const tested = new WeakMap<Expr, { rows: number; removed: number }>()

/** Counts what a condition of `knownFilters` did; returns what it left out, and 0 for any other condition. */
export function countRemoved(filter: Expr, before: number, after: number): number {
  const counts = tested.get(filter)
  if (counts === undefined) return 0
  counts.rows += before
  counts.removed += before - after
  return before - after
}

/** Whether a condition was made at run time and leaves out too little: the join above does without it. */
export function isIdle(filter: Expr): boolean {
  const counts = tested.get(filter)
  return counts !== undefined && counts.rows >= TRIAL && counts.removed < counts.rows * WORTHWHILE
}

const made = new WeakMap<TaskContext, Map<RuntimeFilter, readonly Expr[]>>()

/** The conditions of those filters whose keys have come; made once in a task. */
export function knownFilters(filters: readonly RuntimeFilter[] | undefined, context: TaskContext): readonly Expr[] {
  if (filters === undefined || filters.length === 0) return []
  const known = made.get(context) ?? new Map<RuntimeFilter, readonly Expr[]>()
  made.set(context, known)
  return filters.flatMap((filter) => {
    let conditions = known.get(filter)
    if (conditions === undefined) {
      const keys = joinKeysOf(context, filter.id)
      if (keys === null) return []
      conditions = keyFilters(keys, filter.expr)
      for (const condition of conditions) tested.set(condition, { rows: 0, removed: 0 })
      known.set(filter, conditions)
    }
    return conditions.filter((condition) => !isIdle(condition))
  })
}
