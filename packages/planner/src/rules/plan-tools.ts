import { conjunction, exprKey, LiteralExpr, type Expr } from '@volley/core'
import { isVolatile, refOf } from '../expressions/analysis.ts'
import {
  Filter,
  Projection,
  TableScan,
  Values,
  type ColumnId,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'

/** A filter by all predicates, each once; the input itself when there are none. */
export function filterBy(input: LogicalPlan, predicates: readonly Expr[]): LogicalPlan {
  const predicate = conjunction(distinctExprs(predicates))
  return predicate === null ? input : new Filter(input, predicate)
}

/** Without those that say the same as one before. */
export function distinctExprs(predicates: readonly Expr[]): Expr[] {
  const seen = new Set<string>()
  return predicates.filter((expr) => {
    const key = exprKey(expr)
    if (seen.has(key) && !isVolatile(expr)) return false
    seen.add(key)
    return true
  })
}

/** The input with exactly these columns, in this order; itself when it has them. */
export function keepColumns(input: LogicalPlan, columns: readonly LogicalColumn[]): LogicalPlan {
  const own = input.columns
  if (own.length === columns.length && columns.every((column, i) => column.id === own[i]!.id)) return input
  const byId = new Map(own.map((column) => [column.id, column]))
  return new Projection(
    input,
    columns.map((column) => ({ column, expr: refOf(byId.get(column.id) ?? column) })),
  )
}

/** No rows, with these columns. */
export function emptyPlan(columns: readonly LogicalColumn[]): LogicalPlan {
  return new Values(columns, [])
}

export function isEmpty(plan: LogicalPlan): boolean {
  return plan instanceof Values && plan.rows.length === 0
}

export function isTrue(expr: Expr): boolean {
  return expr instanceof LiteralExpr && expr.value === true
}

/** Whether a predicate keeps no row: FALSE or NULL. */
export function isNeverTrue(expr: Expr): boolean {
  return expr instanceof LiteralExpr && expr.value !== true
}

/** The table scan below a plan that makes a column, or null. */
export function scanOf(plan: LogicalPlan, id: ColumnId): TableScan | null {
  if (plan instanceof TableScan) return plan.outputs.some((output) => output.column.id === id) ? plan : null
  for (const child of plan.children) {
    const scan = scanOf(child, id)
    if (scan !== null) return scan
  }
  return null
}

/** Rewrites each child; the plan itself when none changed. */
export function mapChildren(
  plan: LogicalPlan,
  rewrite: (child: LogicalPlan, index: number) => LogicalPlan,
): LogicalPlan {
  const children = plan.children.map(rewrite)
  return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
}

/** Rewrites each expression of this node; the plan itself when none changed. */
export function mapExpressions(plan: LogicalPlan, rewrite: (expr: Expr) => Expr): LogicalPlan {
  const { expressions } = plan
  const next = expressions.map(rewrite)
  return next.every((expr, i) => expr === expressions[i]) ? plan : plan.withExpressions(next)
}
