import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

/** [NOT] IN over a list of values of the child's type; NULL where nothing matches and a side is NULL. */
export class InListExpr extends Expr {
  override readonly kind = 'InList'
  override readonly type: DataType = BOOL
  readonly child: Expr
  readonly list: readonly Expr[]
  readonly negated: boolean

  constructor(child: Expr, list: readonly Expr[], negated: boolean) {
    super()
    this.child = child
    this.list = list
    this.negated = negated
  }

  override get children(): readonly Expr[] {
    return [this.child, ...this.list]
  }

  override get nullable(): boolean {
    return this.children.some((child) => child.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new InListExpr(children[0]!, children.slice(1), this.negated)
  }

  override toString(): string {
    return `${operand(this.child)} ${this.negated ? 'NOT IN' : 'IN'} (${this.list.join(', ')})`
  }

  override attributes(): string {
    return this.negated ? 'not' : ''
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
