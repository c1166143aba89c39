import type { ColumnId, LogicalPlan } from '../logical/logical-plan.ts'
import type { PlanningContext } from '../catalog/table-provider.ts'

/** What a rule needs beside the plan. */
export interface RuleContext {
  readonly planning: PlanningContext
  /** A column id that no plan of the statement uses yet. */
  newId(): ColumnId
}

/**
 * Rewrites a logical plan into an equivalent one with the same output columns (ids, types, order). Applying a rule to its
 * own result changes nothing more.
 */
export interface LogicalRule {
  readonly name: string
  /** The plan cannot be executed without it, so it cannot be switched off. */
  readonly required?: boolean
  /** Returns its argument when nothing is to be done. */
  apply(plan: LogicalPlan, context: RuleContext): LogicalPlan
}
