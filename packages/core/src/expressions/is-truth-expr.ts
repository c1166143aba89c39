import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { BoolVector, type Vector } from '../vectors/vector.ts'
import { truthBits } from '../vectors/bitmap.ts'
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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const { t, f } = truthBits(this.child.evaluate(batch, selection, region), batch.length, region)
    const bits = region.u8(t.length)
    for (let i = 0; i < bits.length; i++) {
      const is = this.value === null ? ~(t[i]! | f[i]!) : this.value ? t[i]! : f[i]!
      bits[i] = this.negated ? ~is : is
    }
    return new BoolVector(this.type, batch.length, null, bits)
  }

  override negation(): Expr {
    return new IsTruthExpr(this.child, this.value, !this.negated)
  }
}
