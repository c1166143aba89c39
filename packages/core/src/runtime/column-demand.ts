import { ColumnExpr } from '../expressions/column-expr.ts'
import { visitExpr, type Expr } from '../expressions/expr.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { TaskContext } from './task-context.ts'

const demands = new WeakMap<TaskContext, WeakMap<ExecutionPlan, ReadonlySet<number>>>()

/**
 * Tells a plan, before it is executed in a task, which of its columns will be read. It may leave the others out: give
 * columns of NULLs in their places.
 */
export function demandColumns(context: TaskContext, plan: ExecutionPlan, columns: ReadonlySet<number>): void {
  let known = demands.get(context)
  if (known === undefined) demands.set(context, (known = new WeakMap()))
  const before = known.get(plan)
  known.set(plan, before === undefined ? columns : new Set([...before, ...columns]))
}

/** Positions of the columns that will be read; null when it may be any. */
export function demandedColumns(context: TaskContext, plan: ExecutionPlan): ReadonlySet<number> | null {
  return demands.get(context)?.get(plan) ?? null
}

/** Positions of the columns that expressions read. */
export function columnsOfExprs(exprs: Iterable<Expr>): Set<number> {
  const used = new Set<number>()
  for (const expr of exprs) visitExpr(expr, (node) => void (node instanceof ColumnExpr && used.add(node.index)))
  return used
}
