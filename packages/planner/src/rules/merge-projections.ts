import { visitExpr, type Expr } from '@volley/core'
import { isVolatile, substitute } from '../expressions/analysis.ts'
import { ColumnRef } from '../logical/expressions.ts'
import { Projection, transformLogicalPlan, type ColumnId } from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'

/**
 * Makes one projection of two, and drops one that changes nothing.
 *
 * Preconditions: what the lower one computes is not volatile and is read once at most, or is a plain column. A projection
 * is dropped only when ids, names and order are its input's.
 */
export const mergeProjections: LogicalRule = {
  name: 'merge_projections',
  apply: (plan) =>
    transformLogicalPlan(plan, (node) => {
      if (!(node instanceof Projection)) return node
      const merged = merge(node)
      return isIdentity(merged) ? merged.input : merged
    }),
}

function merge(upper: Projection): Projection {
  const lower = upper.input
  if (!(lower instanceof Projection)) return upper
  const reads = new Map<ColumnId, number>()
  for (const { expr } of upper.exprs) {
    visitExpr(expr, (node) => {
      if (node instanceof ColumnRef) reads.set(node.id, (reads.get(node.id) ?? 0) + 1)
    })
  }
  const computed = new Map<ColumnId, Expr>(lower.exprs.map(({ column, expr }) => [column.id, expr]))
  for (const [id, count] of reads) {
    const expr = computed.get(id)
    if (expr === undefined) return upper
    const plain = expr.children.length === 0 && !isVolatile(expr)
    if (!plain && (count > 1 || isVolatile(expr))) return upper
  }
  return merge(
    new Projection(
      lower.input,
      upper.exprs.map(({ column, expr }) => ({ column, expr: substitute(expr, computed) })),
    ),
  )
}

function isIdentity(plan: Projection): boolean {
  const { columns } = plan.input
  return (
    columns.length === plan.exprs.length &&
    plan.exprs.every(({ column, expr }, i) => {
      const below = columns[i]!
      return expr instanceof ColumnRef && expr.id === below.id && column.id === below.id && column.name === below.name
    })
  )
}
