import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

/** NOT; NULL stays NULL. */
export class NotExpr extends Expr {
  override readonly kind = 'Not'
  override readonly type: DataType = BOOL
  readonly child: Expr

  constructor(child: Expr) {
    super()
    this.child = child
  }

  override get children(): readonly Expr[] {
    return [this.child]
  }

  override get nullable(): boolean {
    return this.child.nullable
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new NotExpr(children[0]!)
  }

  override toString(): string {
    return `NOT ${operand(this.child)}`
  }

  override attributes(): string {
    return ''
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
