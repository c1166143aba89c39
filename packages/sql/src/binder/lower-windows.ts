import { type Expr, exprKey, transformExpr, visitExpr } from '@volley/core'
import { type LogicalColumn, type LogicalPlan, type NamedWindow, Window } from '@volley/planner'
import type { BindContext } from './bind-context.ts'
import { WindowMarker } from './markers.ts'
import { refTo } from './outputs.ts'

/** Adds Window nodes for the window calls in expressions, one for each PARTITION BY and ORDER BY, and puts their columns in. */
export function lowerWindows(
  ctx: BindContext,
  input: LogicalPlan,
  exprs: readonly Expr[],
): { readonly plan: LogicalPlan; readonly exprs: readonly Expr[] } {
  const columns = new Map<string, LogicalColumn>()
  const specs = new Map<string, NamedWindow[]>()
  for (const expr of exprs) {
    visitExpr(expr, (node) => {
      if (!(node instanceof WindowMarker)) return
      const key = exprKey(node)
      if (columns.has(key)) return
      const { call } = node
      const column = ctx.newColumn(call.fn.name, call.type, call.nullable)
      columns.set(key, column)
      const partition = call.partitionBy.map(exprKey).join(',')
      const order = call.orderBy.map((by) => `${exprKey(by.expr)}${by.descending}${by.nullsFirst}`).join(',')
      const spec = `${partition}|${order}`
      specs.set(spec, [...(specs.get(spec) ?? []), { column, call }])
    })
  }
  if (columns.size === 0) return { plan: input, exprs }
  const plan = [...specs.values()].reduce<LogicalPlan>((below, windows) => new Window(below, windows), input)
  const replaced = exprs.map((expr) =>
    transformExpr(expr, (node) => {
      const column = node instanceof WindowMarker ? columns.get(exprKey(node)) : undefined
      return column === undefined ? node : refTo(column)
    }),
  )
  return { plan, exprs: replaced }
}
