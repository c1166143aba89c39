import { CaseExpr, type Expr } from '@volley/core'

/** CASE WHEN `when` THEN `value` [ELSE `otherwise`] END. */
export function caseWhen(when: Expr, value: Expr, otherwise: Expr | null = null): Expr {
  // oxlint-disable-next-line unicorn/no-thenable -- an expression is not awaited
  return new CaseExpr([{ when, then: value }], otherwise, value.type)
}
