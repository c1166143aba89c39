import { conjuncts, type Expr } from '@volley/core'
import { simplifyExpr } from '../expressions/simplify-expr.ts'
import { Filter, Join, transformLogicalPlan, type LogicalPlan } from '../logical/logical-plan.ts'
import { SubqueryExpr } from '../logical/expressions.ts'
import type { LogicalRule } from './logical-rule.ts'
import { emptyPlan, isNeverTrue, isTrue, mapExpressions } from './plan-tools.ts'

/**
 * Folds constants and simplifies logic in every expression; drops filters that are TRUE, and what lies below filters that
 * never are.
 *
 * Preconditions: only immutable functions of literals are evaluated, and one that fails is left for execution to raise. A
 * null-aware join's condition keeps its first conjunct where it is.
 */
export const simplifyExpressions: LogicalRule = {
  name: 'simplify_expressions',
  apply: (plan) => simplifyPlan(plan),
}

function simplifyPlan(plan: LogicalPlan): LogicalPlan {
  return transformLogicalPlan(plan, (node) => {
    if (node instanceof Join && node.nullAware) return node
    const simplified = mapExpressions(node, (expr) => simplifyExpr(withSubqueries(expr)))
    if (simplified instanceof Filter) {
      if (isTrue(simplified.predicate)) return simplified.input
      if (conjuncts(simplified.predicate).some(isNeverTrue)) return emptyPlan(simplified.columns)
    }
    if (simplified instanceof Join && simplified.condition !== null && isTrue(simplified.condition)) {
      return new Join(simplified.left, simplified.right, simplified.joinType, null, simplified.mark)
    }
    return simplified
  })
}

function withSubqueries(expr: Expr): Expr {
  const children = expr.children.map(withSubqueries)
  const same = children.every((child, i) => child === expr.children[i])
  const next = same ? expr : expr.withChildren(children)
  if (!(next instanceof SubqueryExpr)) return next
  const plan = simplifyPlan(next.plan)
  return plan === next.plan ? next : new SubqueryExpr(next.form, plan, next.children, next.negated)
}
