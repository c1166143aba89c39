import type { Expr } from '../expressions/expr.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { TaskContext } from '../runtime/task-context.ts'

const handed = new WeakMap<TaskContext, WeakMap<ExecutionPlan, readonly Expr[]>>()

/**
 * Hands conditions to a plan that takes them (`takesConditions`), before it is executed in a task: it then gives only rows for
 * which all are TRUE.
 */
export function handConditions(context: TaskContext, plan: ExecutionPlan, conditions: readonly Expr[]): void {
  let known = handed.get(context)
  if (known === undefined) handed.set(context, (known = new WeakMap()))
  known.set(plan, conditions)
}

/** The conditions that a plan was handed. */
export function conditionsOf(context: TaskContext, plan: ExecutionPlan): readonly Expr[] {
  return handed.get(context)?.get(plan) ?? []
}
