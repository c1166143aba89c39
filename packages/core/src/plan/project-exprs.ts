import type { Schema } from 'apache-arrow'
import { ColumnExpr } from '../expressions/column-expr.ts'
import { exprKey, type Expr } from '../expressions/expr.ts'

/** An expression over a projection's input as one of its output columns; null when it is not among `exprs`. */
export function projectExprs(expr: Expr, exprs: readonly Expr[], schema: Schema): ColumnExpr | null {
  const key = exprKey(expr)
  const index = exprs.findIndex((candidate) => exprKey(candidate) === key)
  if (index < 0) return null
  const field = schema.fields[index]!
  return new ColumnExpr(index, field.name, field.type, field.nullable)
}
