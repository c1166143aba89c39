import { joinKeysOf, keyFilters, type Expr, type TaskContext } from '@volley/core'

/** A key of a join above, over the source's schema: rows whose key is not among those published under `id` are not needed. */
export interface RuntimeFilter {
  readonly id: number
  readonly expr: Expr
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
      known.set(filter, conditions)
    }
    return conditions
  })
}
