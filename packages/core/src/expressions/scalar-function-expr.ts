import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { ScalarFunction } from '../functions/scalar-function.ts'
import { typeKey } from '../types/data-types.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr } from './expr.ts'

/** A call of a scalar function; the arguments have the types that the function's `resolve` asked for. */
export class ScalarFunctionExpr extends Expr {
  override readonly kind = 'ScalarFunction'
  readonly fn: ScalarFunction
  override readonly children: readonly Expr[]
  override readonly type: DataType
  override readonly nullable: boolean

  constructor(fn: ScalarFunction, args: readonly Expr[], type: DataType, nullable: boolean) {
    super()
    this.fn = fn
    this.children = args
    this.type = type
    this.nullable = nullable
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new ScalarFunctionExpr(this.fn, children, this.type, this.nullable)
  }

  override toString(): string {
    return `${this.fn.name}(${this.children.join(', ')})`
  }

  override attributes(): string {
    return `${this.fn.name}:${typeKey(this.type)}`
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const args = this.children.map((child) => child.evaluate(batch, selection, region))
    return this.fn.evaluate({ args, type: this.type, length: batch.length, selection, region })
  }
}
