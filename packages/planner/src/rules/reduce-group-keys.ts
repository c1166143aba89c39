import { exprKey, transformExpr, typeName, type Expr } from '@volley/core'
import { hasSubquery, isVolatile, refOf } from '../expressions/analysis.ts'
import { ColumnRef } from '../logical/expressions.ts'
import {
  Aggregate,
  Projection,
  transformLogicalPlan,
  type LogicalPlan,
  type NamedExpr,
} from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'

/** Types whose equal values are the same in every respect: -0 and 0, or one month and thirty days, are not. */
const EXACT: ReadonlySet<string> = new Set([
  'Bool',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Uint8',
  'Uint16',
  'Uint32',
  'Uint64',
  'Date',
  'Timestamp',
  'Utf8',
])

/**
 * Computes group keys that follow from other keys above the aggregate: constants, repeated keys, and functions of columns
 * that are keys themselves.
 *
 * Preconditions: no grouping sets; at least one key stays, for an aggregate without keys has a row where there is none; the
 * function is not volatile and has no subquery; the columns are of types whose equal values cannot be told apart.
 */
export const reduceGroupKeys: LogicalRule = {
  name: 'reduce_group_keys',
  apply: (plan) => transformLogicalPlan(plan, (node) => (node instanceof Aggregate ? (reduced(node) ?? node) : node)),
}

function reduced(node: Aggregate): LogicalPlan | null {
  const { groups, groupingSets, groupingId, aggregates } = node
  if (groupingSets !== null || groupingId !== null || groups.length < 2) return null
  const columns = new Map<number, NamedExpr>()
  for (const group of groups) {
    const { expr } = group
    if (expr instanceof ColumnRef && EXACT.has(typeName(expr.type)) && !columns.has(expr.id))
      columns.set(expr.id, group)
  }
  const kept: NamedExpr[] = []
  const above = new Map<NamedExpr, Expr>()
  const byKey = new Map<string, NamedExpr>()
  for (const group of groups) {
    const key = exprKey(group.expr)
    const same = byKey.get(key)
    if (same !== undefined && !isVolatile(group.expr)) above.set(group, refOf(same.column))
    else if (columns.get(idOf(group.expr)) !== group && followsFrom(group.expr, columns)) {
      above.set(group, overKeys(group.expr, columns))
    } else {
      byKey.set(key, group)
      kept.push(group)
    }
  }
  if (above.size === 0) return null
  if (kept.length === 0) {
    const [first] = groups
    kept.push(first!)
    above.delete(first!)
    if (above.size === 0) return null
  }
  const aggregate = new Aggregate(node.input, kept, null, null, aggregates)
  return new Projection(aggregate, [
    ...groups.map((group) => ({ column: group.column, expr: above.get(group) ?? refOf(group.column) })),
    ...aggregates.map(({ column }) => ({ column, expr: refOf(column) })),
  ])
}

function idOf(expr: Expr): number {
  return expr instanceof ColumnRef ? expr.id : -1
}

function followsFrom(expr: Expr, columns: ReadonlyMap<number, NamedExpr>): boolean {
  if (isVolatile(expr) || hasSubquery(expr)) return false
  const leaves = (node: Expr): boolean =>
    node instanceof ColumnRef
      ? columns.has(node.id)
      : node.children.length === 0
        ? node.kind === 'Literal'
        : node.children.every(leaves)
  return leaves(expr)
}

function overKeys(expr: Expr, columns: ReadonlyMap<number, NamedExpr>): Expr {
  return transformExpr(expr, (node) => (node instanceof ColumnRef ? refOf(columns.get(node.id)!.column) : node))
}
