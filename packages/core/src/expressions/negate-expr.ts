import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

/** Unary minus of a number or an interval. */
export class NegateExpr extends Expr {
  override readonly kind = 'Negate'
  readonly child: Expr

  constructor(child: Expr) {
    super()
    this.child = child
  }

  override get type(): DataType {
    return this.child.type
  }

  override get children(): readonly Expr[] {
    return [this.child]
  }

  override get nullable(): boolean {
    return this.child.nullable
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new NegateExpr(children[0]!)
  }

  override toString(): string {
    return `-${operand(this.child)}`
  }

  override attributes(): string {
    return ''
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
