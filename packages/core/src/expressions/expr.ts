import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { selectTrue } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'

/**
 * A typed expression, immutable. Logical plans and physical plans use the same classes; they differ in how they name a
 * column: `ColumnExpr` (by position in a batch) can be evaluated, the planner's `ColumnRef` (by column id) is resolved to
 * one first.
 */
export abstract class Expr {
  abstract readonly kind: string
  abstract readonly type: DataType
  abstract readonly nullable: boolean
  abstract readonly children: readonly Expr[]

  /** The same expression over other children (same number, same types). */
  abstract withChildren(children: readonly Expr[]): Expr

  /** SQL-like text, as EXPLAIN prints it. */
  abstract toString(): string

  /** What, beside kind and children, tells this expression from another; part of `exprKey`. */
  abstract attributes(): string

  /**
   * Evaluates over the selected rows of a batch (all when `selection` is null). The result has `batch.length` rows and is
   * defined at the selected ones only, so that results line up with the batch's columns whatever is selected. New memory
   * is taken from `region`; the result may also share the batch's memory.
   */
  abstract evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector

  /**
   * The selected rows where this boolean expression is TRUE, ascending. Classes that can answer without making a column
   * override it.
   */
  select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    return selectTrue(this.evaluate(batch, selection, region), selection, region)
  }

  /** An expression equal to NOT this that selects without making a column; null when there is none better than NOT. */
  negation(): Expr | null {
    return null
  }
}

const ATOMIC = new Set([
  'Column',
  'ColumnRef',
  'Literal',
  'ScalarFunction',
  'Cast',
  'Case',
  'Coalesce',
  'OuterRef',
  'Score',
])

/** The text of an operand: in parentheses unless it reads as one thing. */
export function operand(expr: Expr): string {
  return ATOMIC.has(expr.kind) ? expr.toString() : `(${expr})`
}

/** A key that is equal for structurally equal expressions. */
export function exprKey(expr: Expr): string {
  return `${expr.kind}[${expr.attributes()}](${expr.children.map(exprKey).join(',')})`
}

/** Rewrites bottom-up; `rewrite` returns its argument to keep it. */
export function transformExpr(expr: Expr, rewrite: (expr: Expr) => Expr): Expr {
  const children = expr.children.map((child) => transformExpr(child, rewrite))
  const same = children.every((child, i) => child === expr.children[i])
  return rewrite(same ? expr : expr.withChildren(children))
}

/** Depth-first, parents first; returning false skips the children. */
export function visitExpr(expr: Expr, visit: (expr: Expr) => boolean | void): void {
  if (visit(expr) === false) return
  for (const child of expr.children) visitExpr(child, visit)
}
