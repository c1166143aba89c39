import { notSupported, type ExecutionPlan } from '@volley/core'
import type { LogicalPlan } from '../logical/logical-plan.ts'
import type { PhysicalPlanningContext } from './physical-rule.ts'

/** The physical plan of an optimized logical plan. */
export function createPhysicalPlan(logical: LogicalPlan, _context: PhysicalPlanningContext): ExecutionPlan {
  throw notSupported(logical.kind)
}
