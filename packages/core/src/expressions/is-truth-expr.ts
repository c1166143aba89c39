import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

/** IS [NOT] TRUE, FALSE or UNKNOWN (`value` null) of a boolean; never NULL. */
export class IsTruthExpr extends Expr {
  override readonly kind = 'IsTruth'
  override readonly type: DataType = BOOL
  override readonly nullable = false
  readonly child: Expr
  readonly value: boolean | null
  readonly negated: boolean

  constructor(child: Expr, value: boolean | null, negated: boolean) {
    super()
    this.child = child
    this.value = value
    this.negated = negated
  }

  override get children(): readonly Expr[] {
    return [this.child]
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new IsTruthExpr(children[0]!, this.value, this.negated)
  }

  override toString(): string {
    const value = this.value === null ? 'UNKNOWN' : this.value ? 'TRUE' : 'FALSE'
    return `${operand(this.child)} IS ${this.negated ? 'NOT ' : ''}${value}`
  }

  override attributes(): string {
    return `${this.value}:${this.negated}`
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
