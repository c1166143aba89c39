import { ColumnExpr, ComparisonExpr, InListExpr, LiteralExpr, type Expr } from '@volley/core'

/** The texts that `column = text` or `column IN (texts)` asks for; null for other predicates. */
export function textsOf(predicate: Expr): string[] | null {
  let items: readonly Expr[]
  if (predicate instanceof ComparisonExpr && predicate.op === '=') {
    const { left, right } = predicate
    if (left instanceof ColumnExpr) items = [right]
    else if (right instanceof ColumnExpr) items = [left]
    else return null
  } else if (predicate instanceof InListExpr && !predicate.negated && predicate.child instanceof ColumnExpr) {
    items = predicate.list
  } else {
    return null
  }
  const texts: string[] = []
  for (const item of items) {
    if (!(item instanceof LiteralExpr)) return null
    if (typeof item.value === 'string') texts.push(item.value)
    else if (item.value !== null) return null
  }
  return texts
}
