import {
  ComparisonExpr,
  conjunction,
  conjuncts,
  InListExpr,
  LikeExpr,
  LiteralExpr,
  LogicalExpr,
  type Expr,
} from '@volley/core'
import { ColumnRef } from '../logical/expressions.ts'
import type { ColumnId } from '../logical/logical-plan.ts'
import { columnsOf, readsOnly } from './analysis.ts'

/**
 * What a disjunction says of one input alone: an OR of what each of its branches says of it. Null where a branch says
 * nothing, or only what could fail for rows that the whole condition is not evaluated for.
 */
export function impliedPredicate(expr: Expr, ids: ReadonlySet<ColumnId>): Expr | null {
  if (!(expr instanceof LogicalExpr) || expr.op !== 'OR') return null
  const branches: Expr[] = []
  for (const branch of expr.children) {
    const own = conjunction(conjuncts(branch).filter((part) => isPlain(part) && readsOnly(part, ids)))
    if (own === null) return null
    branches.push(own)
  }
  return new LogicalExpr('OR', branches)
}

/** A comparison of columns with constants, which never fails. */
function isPlain(expr: Expr): boolean {
  const comparison = expr instanceof ComparisonExpr || expr instanceof InListExpr || expr instanceof LikeExpr
  const operands = (node: Expr): boolean => node instanceof ColumnRef || node instanceof LiteralExpr
  return comparison && columnsOf(expr).size > 0 && expr.children.every(operands)
}
