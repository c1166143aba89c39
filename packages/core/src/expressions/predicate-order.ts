import { typeName } from '../types/data-types.ts'
import { ColumnExpr } from './column-expr.ts'
import { ComparisonExpr } from './comparison-expr.ts'
import type { Expr } from './expr.ts'
import { InListExpr } from './in-list-expr.ts'
import { IsNullExpr } from './is-null-expr.ts'
import { LikeExpr } from './like-expr.ts'
import { LiteralExpr } from './literal-expr.ts'
import { conjuncts, LogicalExpr } from './logical-expr.ts'

/** Whether a condition looks at columns alone, cannot fail, and costs no more than to compare numbers. */
export function isCheap(condition: Expr): boolean {
  return costOf(condition) <= 2
}

/**
 * The operands of an AND in an order in which they are cheap to evaluate, each on the rows that those before it left: first
 * those that look at columns and cannot fail, the cheapest before the others, then the rest as it stood.
 */
export function cheapestFirst(predicate: Expr): Expr[] {
  return conjuncts(predicate)
    .map((expr) => ({ expr, cost: costOf(expr) }))
    .sort((a, b) => (a.cost === b.cost ? 0 : a.cost - b.cost))
    .map(({ expr }) => expr)
}

/** Infinity of what may fail, or is not known. */
function costOf(expr: Expr): number {
  if (expr instanceof LogicalExpr) return expr.children.reduce((sum, child) => sum + costOf(child), 0)
  const [first, ...rest] = expr.children
  if (!(first instanceof ColumnExpr || first instanceof LiteralExpr)) return Infinity
  const text = isText(first)
  if (expr instanceof IsNullExpr) return 1
  if (expr instanceof ComparisonExpr) {
    const plain = rest[0] instanceof ColumnExpr || rest[0] instanceof LiteralExpr
    return plain ? (text ? 4 : typeName(first.type) === 'Decimal' ? 2 : 1) : Infinity
  }
  if (!rest.every((item) => item instanceof LiteralExpr)) return Infinity
  if (expr instanceof InListExpr) return text ? 6 : 3
  return expr instanceof LikeExpr ? 8 : Infinity
}

function isText(expr: Expr): boolean {
  return ['Utf8', 'Json', 'Binary', 'List', 'Struct'].includes(typeName(expr.type))
}
