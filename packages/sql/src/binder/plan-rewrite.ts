import { type Expr, transformExpr } from '@volley/core'
import { type LogicalPlan, SubqueryExpr, transformLogicalPlan } from '@volley/planner'

/** Rewrites an expression bottom-up, also in the plans of its subqueries. */
function transformDeep(expr: Expr, rewrite: (expr: Expr) => Expr): Expr {
  return transformExpr(expr, (node) => {
    if (!(node instanceof SubqueryExpr)) return rewrite(node)
    const plan = transformPlanExprs(node.plan, rewrite)
    return rewrite(plan === node.plan ? node : new SubqueryExpr(node.form, plan, node.children, node.negated))
  })
}

/** Rewrites every expression of a plan, bottom-up. */
export function transformPlanExprs(plan: LogicalPlan, rewrite: (expr: Expr) => Expr): LogicalPlan {
  return transformLogicalPlan(plan, (node) => {
    const before = node.expressions
    const after = before.map((expr) => transformDeep(expr, rewrite))
    return after.every((expr, i) => expr === before[i]) ? node : node.withExpressions(after)
  })
}
