import type { Region } from '@volley/kernels'
import { ColumnExpr } from '../expressions/column-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { Vector } from '../vectors/vector.ts'

/** Tells rows whose key is perhaps among those of a join's build side from rows whose key is certainly not. */
export interface KeyTest {
  /** Writes the rows that may match to `out`, which may be `rows`; returns how many. */
  select(key: Vector, rows: Uint32Array, out: Uint32Array): number
}

/** What a join above does with rows of a plan: those whose `column` it finds no partner for, it drops. */
export interface ProbeFilter {
  readonly column: number
  /** Where neither the least nor the greatest of some values passes, none of them does. */
  readonly isMonotone?: boolean
  /** Null as long as the build side is not complete, or where it cannot be asked. */
  test(): KeyTest | null
}

const offered = new WeakMap<TaskContext, WeakMap<ExecutionPlan, readonly ProbeFilter[]>>()

/** Tells a plan, before it is executed in a task, of rows that it may leave out. */
export function offerProbeFilters(context: TaskContext, plan: ExecutionPlan, filters: readonly ProbeFilter[]): void {
  if (filters.length === 0) return
  let known = offered.get(context)
  if (known === undefined) offered.set(context, (known = new WeakMap()))
  // Each partition of a plan is told the same: the first to be executed is enough.
  if (!known.has(plan)) known.set(plan, filters)
}

/** What joins above were said to drop. */
export function probeFiltersOf(context: TaskContext, plan: ExecutionPlan): readonly ProbeFilter[] {
  return offered.get(context)?.get(plan) ?? []
}

/** Filters of an input, given those of its output: of columns that are columns of the input. */
export function filtersThrough(filters: readonly ProbeFilter[], exprs: readonly Expr[]): ProbeFilter[] {
  return filters.flatMap((filter) => {
    const expr = exprs[filter.column]
    return expr instanceof ColumnExpr ? [{ ...filter, column: expr.index }] : []
  })
}

/** Rows after which a filter that keeps most of them is given up. */
const TRIED = 32_768
const MOST = 0.8

interface Tried {
  readonly filter: ProbeFilter
  seen: number
  kept: number
}

/** Applies a plan's filters to the batches of one partition, and gives up those that do not pay. */
export class ProbeFilters {
  readonly #filters: readonly Tried[]

  constructor(filters: readonly ProbeFilter[]) {
    this.#filters = filters.map((filter) => ({ filter, seen: 0, kept: 0 }))
  }

  /** The rows that may match, in the region unless they are all; `column` gives the vector of a position. */
  select(rows: Uint32Array, column: (position: number) => Vector, region: Region): Uint32Array {
    let current = rows
    for (const live of this.#live()) {
      const out: Uint32Array = current === rows ? region.u32(rows.length) : current
      const n = live.filter.test()!.select(column(live.filter.column), current, out)
      live.seen += current.length
      live.kept += n
      if (n < current.length) current = out.subarray(0, n)
    }
    return current
  }

  #live(): readonly Tried[] {
    return this.#filters.filter(
      ({ filter, seen, kept }) => (seen < TRIED || kept < seen * MOST) && filter.test() !== null,
    )
  }
}
