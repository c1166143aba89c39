import type { Expr } from './expr.ts'
import { NotExpr } from './not-expr.ts'

/** NOT of an expression, pushed into it where it can be. */
export function negate(expr: Expr): Expr {
  return expr.negation() ?? new NotExpr(expr)
}
