import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

/** AND or OR of two operands or more, in three-valued logic. Later operands are evaluated only where earlier ones leave it open. */
export class LogicalExpr extends Expr {
  override readonly kind = 'Logical'
  override readonly type: DataType = BOOL
  readonly op: 'AND' | 'OR'
  override readonly children: readonly Expr[]

  constructor(op: 'AND' | 'OR', operands: readonly Expr[]) {
    super()
    this.op = op
    this.children = operands
  }

  override get nullable(): boolean {
    return this.children.some((child) => child.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new LogicalExpr(this.op, children)
  }

  override toString(): string {
    return this.children.map(operand).join(` ${this.op} `)
  }

  override attributes(): string {
    return this.op
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}

/** The operands of nested ANDs, in order; the expression itself when it is no AND. */
export function conjuncts(expr: Expr): Expr[] {
  return expr instanceof LogicalExpr && expr.op === 'AND' ? expr.children.flatMap(conjuncts) : [expr]
}

/** The AND of all, flat; null for none. */
export function conjunction(exprs: readonly Expr[]): Expr | null {
  const flat = exprs.flatMap(conjuncts)
  return flat.length === 0 ? null : flat.length === 1 ? flat[0]! : new LogicalExpr('AND', flat)
}
