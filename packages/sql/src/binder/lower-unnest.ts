import { type Expr, exprKey, transformExpr, visitExpr } from '@volley/core'
import { type LogicalColumn, type LogicalPlan, type NamedExpr, Unnest } from '@volley/planner'
import type { BindContext } from './bind-context.ts'
import { hasMarker, UnnestMarker } from './markers.ts'
import { refTo } from './outputs.ts'

/**
 * Adds an Unnest node for the unnest calls in expressions, side by side, and puts its columns in; then one for the calls
 * over those, and so on.
 */
export function lowerUnnest(
  ctx: BindContext,
  input: LogicalPlan,
  exprs: readonly Expr[],
): { readonly plan: LogicalPlan; readonly exprs: readonly Expr[] } {
  let plan = input
  let current = exprs
  while (current.some((expr) => hasMarker(expr, UnnestMarker))) {
    const lists = new Map<string, NamedExpr>()
    let outer = true
    for (const expr of current) {
      visitExpr(expr, (node) => {
        if (!(node instanceof UnnestMarker) || hasMarker(node.list, UnnestMarker) || lists.has(exprKey(node))) return
        const column: LogicalColumn = ctx.newColumn('unnest', node.type, true)
        lists.set(exprKey(node), { column, expr: node.list })
        outer &&= node.outer
      })
    }
    plan = new Unnest(plan, [...lists.values()], outer)
    current = current.map((expr) =>
      transformExpr(expr, (node) => {
        const list = node instanceof UnnestMarker ? lists.get(exprKey(node)) : undefined
        return list === undefined ? node : refTo(list.column)
      }),
    )
  }
  return { plan, exprs: current }
}
