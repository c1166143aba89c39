import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { BoolVector, type Vector } from '../vectors/vector.ts'
import { bitsOfRows } from '../vectors/bitmap.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows, selectBits } from '../vectors/selection.ts'
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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const rows = this.select(batch, selection, region)
    return new BoolVector(this.type, batch.length, null, bitsOfRows(rows, batch.length, region))
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    const rows = selection ?? allRows(batch.length)
    const operand = new Operand(this.child.evaluate(batch, selection, region))
    if (operand.isAlwaysNull) return this.negated ? rows.subarray(0, 0) : rows
    if (operand.isConstant || operand.validity === null) return this.negated ? rows : rows.subarray(0, 0)
    const out = region.u32(rows.length)
    return out.subarray(0, selectBits(operand.validity, rows, rows.length, !this.negated, out))
  }

  override negation(): Expr {
    return new IsNullExpr(this.child, !this.negated)
  }
}
