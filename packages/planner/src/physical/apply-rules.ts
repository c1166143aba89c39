import type { ExecutionPlan } from '@volley/core'
import { describeChange } from '../rules/describe-change.ts'
import type { PhysicalPlanningContext, PhysicalRule } from './physical-rule.ts'

/** The plan that rules leave, one behind the other, of which those that are switched off are left out. */
export function applyPhysicalRules(
  plan: ExecutionPlan,
  rules: readonly PhysicalRule[],
  context: PhysicalPlanningContext,
): ExecutionPlan {
  return rules.reduce((before, rule) => {
    if (!context.settings.ruleEnabled(rule.name)) return before
    const after = rule.apply(before, context)
    const change = context.onRule === undefined ? null : describeChange(rule.name, before, after)
    if (change !== null) context.onRule?.(change)
    return after
  }, plan)
}
