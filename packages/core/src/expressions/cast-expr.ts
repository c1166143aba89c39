import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { typeKey } from '../types/data-types.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { castVector } from './cast.ts'
import { Expr } from './expr.ts'

/** CAST, or with `safe` TRY_CAST, which gives NULL where CAST raises. */
export class CastExpr extends Expr {
  override readonly kind = 'Cast'
  readonly child: Expr
  override readonly type: DataType
  readonly safe: boolean

  constructor(child: Expr, type: DataType, safe: boolean) {
    super()
    this.child = child
    this.type = type
    this.safe = safe
  }

  override get children(): readonly Expr[] {
    return [this.child]
  }

  override get nullable(): boolean {
    return this.safe || this.child.nullable
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new CastExpr(children[0]!, this.type, this.safe)
  }

  override toString(): string {
    return `${this.safe ? 'TRY_CAST' : 'CAST'}(${this.child} AS ${typeKey(this.type)})`
  }

  override attributes(): string {
    return `${typeKey(this.type)}:${this.safe}`
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const child = this.child.evaluate(batch, selection, region)
    return castVector(child, this.type, this.safe, selection, region)
  }
}
