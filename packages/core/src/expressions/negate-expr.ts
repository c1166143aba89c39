import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { typeName, type TypeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { allocValues, constantVector } from '../vectors/build.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import { evaluateArithmetic } from './arithmetic.ts'
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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const child = this.child.evaluate(batch, selection, region)
    const name = typeName(this.type)
    if (name === 'Float32' || name === 'Float64') return this.#negateFloats(child, selection, region)
    const zero = constantVector(this.type, zeroOf(name), batch.length, region)
    return evaluateArithmetic('-', zero, child, this.type, selection, region)
  }

  // 0 - x would turn 0 into 0, not -0.
  #negateFloats(child: Vector, selection: Selection | null, region: Region): Vector {
    const operand = new Operand(child)
    if (operand.isAlwaysNull) return child
    const { values } = operand.data as PrimitiveVector
    const out = allocValues(this.type, child.length, region)
    const rows = selection ?? allRows(child.length)
    for (let k = 0; k < rows.length; k++) out[rows[k]!] = -(values[rows[k]! & operand.mask] as number)
    const validity = operand.isConstant ? null : operand.validity
    return new PrimitiveVector(this.type, child.length, validity, out)
  }
}

function zeroOf(name: TypeName): ScalarValue {
  if (name === 'Interval') return { months: 0, days: 0, nanos: 0n }
  return name === 'Int64' || name === 'Uint64' || name === 'Decimal' ? 0n : 0
}
