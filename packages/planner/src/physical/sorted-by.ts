import { ColumnExpr, exprKey, type ExecutionPlan, type SortKey } from '@volley/core'

/** Whether the rows of each partition are in this order already. */
export function isSortedBy(plan: ExecutionPlan, keys: readonly SortKey[]): boolean {
  return keys.every((key, i) => {
    const own = plan.ordering[i]
    if (own === undefined || exprKey(own.expr) !== exprKey(key.expr) || own.descending !== key.descending) return false
    return own.nullsFirst === key.nullsFirst || (own.expr instanceof ColumnExpr && !own.expr.nullable)
  })
}
