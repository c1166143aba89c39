import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

/** IS NULL or IS NOT NULL. */
export class IsNullExpr extends Expr {
  override readonly kind = 'IsNull'
  override readonly type: DataType = BOOL
  override readonly nullable = false
  readonly child: Expr
  readonly negated: boolean

  constructor(child: Expr, negated: boolean) {
    super()
    this.child = child
    this.negated = negated
  }

  override get children(): readonly Expr[] {
    return [this.child]
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new IsNullExpr(children[0]!, this.negated)
  }

  override toString(): string {
    return `${operand(this.child)} IS ${this.negated ? 'NOT ' : ''}NULL`
  }

  override attributes(): string {
    return this.negated ? 'not' : ''
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
