import { LiteralExpr, RecordBatch, ScalarFunctionExpr, scalarAt, type Expr, type ScalarValue } from '@volley/core'
import { Arena, Region } from '@volley/kernels'
import { Schema } from 'apache-arrow'

let arena: Arena | null = null

/** The value of an expression without columns. Throws what the evaluation throws. */
export function evaluateConstant(expr: Expr): ScalarValue {
  arena ??= new Arena({ reserveBytes: 4 * 1024 * 1024 })
  const region = new Region(arena)
  try {
    const batch = new RecordBatch(new Schema([]), [], 1, null, region)
    return scalarAt(expr.evaluate(batch, null, region), 0)
  } finally {
    region.release()
  }
}

/** A literal in place of an immutable expression over literals; the expression itself when it is none, or fails. */
export function foldConstant(expr: Expr): Expr {
  if (expr instanceof LiteralExpr || expr.children.length === 0) {
    const nullary = expr instanceof ScalarFunctionExpr && expr.fn.volatility === 'immutable'
    if (!nullary) return expr
  }
  if (expr instanceof ScalarFunctionExpr && expr.fn.volatility !== 'immutable') return expr
  if (!expr.children.every((child) => child instanceof LiteralExpr)) return expr
  try {
    return new LiteralExpr(expr.type, evaluateConstant(expr))
  } catch {
    // The error belongs to the rows that reach the expression, if there are any.
    return expr
  }
}
