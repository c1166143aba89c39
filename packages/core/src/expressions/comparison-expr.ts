import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { bitsOfRows, boolVector, commonValidity } from '../vectors/bitmap.ts'
import { allRows, withoutRows } from '../vectors/selection.ts'
import type { ComparisonOperator } from './comparison-operator.ts'
import { selectComparison, selectNotDistinct } from './compare-select.ts'
import { Expr, operand } from './expr.ts'

const NEGATED: Record<ComparisonOperator, ComparisonOperator> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  'IS DISTINCT FROM': 'IS NOT DISTINCT FROM',
  'IS NOT DISTINCT FROM': 'IS DISTINCT FROM',
}

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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const left = this.left.evaluate(batch, selection, region)
    const right = this.right.evaluate(batch, selection, region)
    const rows = this.#select(left, right, selection, region)
    const bits = bitsOfRows(rows, batch.length, region)
    const validity = this.op.startsWith('IS ') ? null : commonValidity([left, right], batch.length, region)
    return boolVector(batch.length, validity, bits, region)
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    const left = this.left.evaluate(batch, selection, region)
    const right = this.right.evaluate(batch, selection, region)
    return this.#select(left, right, selection, region)
  }

  override negation(): Expr {
    return new ComparisonExpr(NEGATED[this.op], this.left, this.right)
  }

  #select(left: Vector, right: Vector, selection: Selection | null, region: Region): Selection {
    const { op } = this
    if (op === 'IS DISTINCT FROM') {
      const same = selectNotDistinct(left, right, selection, region)
      return withoutRows(selection ?? allRows(left.length), same, region)
    }
    return op === 'IS NOT DISTINCT FROM'
      ? selectNotDistinct(left, right, selection, region)
      : selectComparison(op, left, right, selection, region)
  }
}
