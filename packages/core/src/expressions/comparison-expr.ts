import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IS DISTINCT FROM' | 'IS NOT DISTINCT FROM'

/**
 * A comparison of two values of one type. NaN equals itself and is above every number, -0 equals 0, text compares by its
 * UTF-8 bytes. NULL where a side is, except for IS [NOT] DISTINCT FROM.
 */
export class ComparisonExpr extends Expr {
  override readonly kind = 'Comparison'
  override readonly type: DataType = BOOL
  readonly op: ComparisonOperator
  readonly left: Expr
  readonly right: Expr

  constructor(op: ComparisonOperator, left: Expr, right: Expr) {
    super()
    this.op = op
    this.left = left
    this.right = right
  }

  override get children(): readonly Expr[] {
    return [this.left, this.right]
  }

  override get nullable(): boolean {
    return !this.op.startsWith('IS ') && (this.left.nullable || this.right.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new ComparisonExpr(this.op, children[0]!, children[1]!)
  }

  override toString(): string {
    return `${operand(this.left)} ${this.op} ${operand(this.right)}`
  }

  override attributes(): string {
    return this.op
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
