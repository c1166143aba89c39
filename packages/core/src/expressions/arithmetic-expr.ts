import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { ArithmeticOperator } from '../types/coercion.ts'
import { typeKey } from '../types/data-types.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { evaluateArithmetic } from './arithmetic.ts'
import { Expr, operand } from './expr.ts'

/**
 * `+ - * / %` over the types that `arithmeticSignature` gives. Integers are exact and raise 22003 where they overflow;
 * division by zero raises 22012, for floats too, as in PostgreSQL.
 */
export class ArithmeticExpr extends Expr {
  override readonly kind = 'Arithmetic'
  override readonly type: DataType
  readonly op: ArithmeticOperator
  readonly left: Expr
  readonly right: Expr

  constructor(op: ArithmeticOperator, left: Expr, right: Expr, type: DataType) {
    super()
    this.op = op
    this.left = left
    this.right = right
    this.type = type
  }

  override get children(): readonly Expr[] {
    return [this.left, this.right]
  }

  override get nullable(): boolean {
    return this.left.nullable || this.right.nullable
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new ArithmeticExpr(this.op, children[0]!, children[1]!, this.type)
  }

  override toString(): string {
    return `${operand(this.left)} ${this.op} ${operand(this.right)}`
  }

  override attributes(): string {
    return `${this.op}:${typeKey(this.type)}`
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const left = this.left.evaluate(batch, selection, region)
    const right = this.right.evaluate(batch, selection, region)
    return evaluateArithmetic(this.op, left, right, this.type, selection, region)
  }
}
