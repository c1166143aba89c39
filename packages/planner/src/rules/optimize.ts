import { visitExpr } from '@volley/core'
import type { PlanningContext } from '../catalog/table-provider.ts'
import { SubqueryExpr } from '../logical/expressions.ts'
import type { LogicalPlan } from '../logical/logical-plan.ts'
import { describeChange, type PlanChange } from './describe-change.ts'
import type { LogicalRule, RuleContext } from './logical-rule.ts'
import { logicalRules } from './registry.ts'

/** A logical rule that changed a plan. */
export type RuleChange = PlanChange<LogicalPlan>

export interface OptimizedPlan {
  readonly plan: LogicalPlan
  /** In the order in which they ran; rules that changed nothing are not there. */
  readonly changes: readonly RuleChange[]
}

/** Applies the logical rules that are switched on, and says what each changed. */
export function optimizeVerbose(
  plan: LogicalPlan,
  planning: PlanningContext,
  rules: readonly LogicalRule[] = logicalRules,
): OptimizedPlan {
  const changes: RuleChange[] = []
  const optimized = applyRules(plan, planning, rules, (rule, before, after) => {
    const change = describeChange(rule, before, after)
    if (change !== null) changes.push(change)
  })
  return { plan: optimized, changes }
}

/** Applies the logical rules that are switched on. */
export function optimize(plan: LogicalPlan, planning: PlanningContext): LogicalPlan {
  return applyRules(plan, planning, logicalRules, () => {})
}

function applyRules(
  plan: LogicalPlan,
  planning: PlanningContext,
  rules: readonly LogicalRule[],
  onRule: (rule: string, before: LogicalPlan, after: LogicalPlan) => void,
): LogicalPlan {
  const context = ruleContext(plan, planning)
  let current = plan
  for (const rule of rules) {
    if (rule.required !== true && !planning.settings.ruleEnabled(rule.name)) continue
    const next = rule.apply(current, context)
    if (next !== current) onRule(rule.name, current, next)
    current = next
  }
  return current
}

/** A context whose new ids are above all ids in the plan and its subqueries. */
function ruleContext(plan: LogicalPlan, planning: PlanningContext): RuleContext {
  let next = highestId(plan) + 1
  return { planning, newId: () => next++ }
}

function highestId(plan: LogicalPlan): number {
  let highest = 0
  for (const column of plan.columns) highest = Math.max(highest, column.id)
  for (const child of plan.children) highest = Math.max(highest, highestId(child))
  for (const expr of plan.expressions) {
    visitExpr(expr, (node) => {
      if (node instanceof SubqueryExpr) highest = Math.max(highest, highestId(node.plan))
    })
  }
  return highest
}
