import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { typeKey } from '../types/data-types.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr } from './expr.ts'

/** The first argument that is not NULL; later ones are evaluated only at the rows that need them. */
export class CoalesceExpr extends Expr {
  override readonly kind = 'Coalesce'
  override readonly children: readonly Expr[]
  override readonly type: DataType

  constructor(args: readonly Expr[], type: DataType) {
    super()
    this.children = args
    this.type = type
  }

  override get nullable(): boolean {
    return this.children.every((child) => child.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new CoalesceExpr(children, this.type)
  }

  override toString(): string {
    return `coalesce(${this.children.join(', ')})`
  }

  override attributes(): string {
    return typeKey(this.type)
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
