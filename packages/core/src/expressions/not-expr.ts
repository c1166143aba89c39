import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { BoolVector, type Vector } from '../vectors/vector.ts'
import { truthBits } from '../vectors/bitmap.ts'
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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const { t, f } = truthBits(this.child.evaluate(batch, selection, region), batch.length, region)
    const validity = region.u8(t.length)
    for (let i = 0; i < t.length; i++) validity[i] = t[i]! | f[i]!
    return new BoolVector(this.type, batch.length, validity, f)
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    const negation = this.child.negation()
    return negation === null ? super.select(batch, selection, region) : negation.select(batch, selection, region)
  }

  override negation(): Expr {
    return this.child
  }
}
