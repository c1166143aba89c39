import type { ExecutionPlan } from '@volley/core'
import type { Settings } from '../catalog/table-provider.ts'
import type { LogicalPlan } from '../logical/logical-plan.ts'
import type { PlanChange } from '../rules/describe-change.ts'

export interface PhysicalPlanningContext {
  readonly settings: Settings
  /** Run in this order, after every exchange has its place; each can be switched off by its name. */
  readonly physicalRules?: readonly PhysicalRule[]
  /**
   * The plan will be dealt to tasks: one partition per task is not one partition in all, so exchanges are planned as for
   * many also where target_partitions is 1.
   */
  readonly distributed?: boolean
  /** The tasks will be threads of this process, which reach what it reaches: tables of memory and files are dealt, too. */
  readonly threads?: boolean
  /** Rows that nodes of the logical plan are known to have, about; what is not there is guessed. */
  readonly rows?: ReadonlyMap<LogicalPlan, number>
  /** Is told of each physical rule that changed the plan. */
  readonly onRule?: (change: PhysicalChange) => void
}

/** A physical rule that changed a plan. */
export type PhysicalChange = PlanChange<ExecutionPlan>

/** Rewrites a physical plan into one with the same schema, partition count, order and rows. */
export interface PhysicalRule {
  readonly name: string
  /** Applied again when joins have been given another mode while the query runs. */
  readonly afterSwitch?: true
  apply(plan: ExecutionPlan, context: PhysicalPlanningContext): ExecutionPlan
}
