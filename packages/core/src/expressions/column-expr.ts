import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr } from './expr.ts'

/** A column of the batch, by position; the name is for people. */
export class ColumnExpr extends Expr {
  override readonly kind = 'Column'
  override readonly children: readonly Expr[] = []
  readonly index: number
  readonly name: string
  override readonly type: DataType
  override readonly nullable: boolean

  constructor(index: number, name: string, type: DataType, nullable: boolean) {
    super()
    this.index = index
    this.name = name
    this.type = type
    this.nullable = nullable
  }

  override withChildren(_children: readonly Expr[]): Expr {
    return this
  }

  override toString(): string {
    return this.name
  }

  override attributes(): string {
    return String(this.index)
  }

  override evaluate(batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    const column = batch.columns[this.index]
    if (column === undefined) throw internalError(`column ${this.name} (${this.index}) of ${batch.columns.length}`)
    return column
  }
}
