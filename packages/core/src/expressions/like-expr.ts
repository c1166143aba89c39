import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr, operand } from './expr.ts'

export interface LikeOptions {
  readonly negated: boolean
  readonly caseInsensitive: boolean
  /** One character, the empty string for none, null for the default backslash. */
  readonly escape: string | null
}

/** [NOT] LIKE and ILIKE: `%` is any text, `_` one code point. */
export class LikeExpr extends Expr {
  override readonly kind = 'Like'
  override readonly type: DataType = BOOL
  readonly child: Expr
  readonly pattern: Expr
  readonly options: LikeOptions

  constructor(child: Expr, pattern: Expr, options: LikeOptions) {
    super()
    this.child = child
    this.pattern = pattern
    this.options = options
  }

  override get children(): readonly Expr[] {
    return [this.child, this.pattern]
  }

  override get nullable(): boolean {
    return this.child.nullable || this.pattern.nullable
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new LikeExpr(children[0]!, children[1]!, this.options)
  }

  override toString(): string {
    const { negated, caseInsensitive, escape } = this.options
    const op = `${negated ? 'NOT ' : ''}${caseInsensitive ? 'ILIKE' : 'LIKE'}`
    return `${operand(this.child)} ${op} ${operand(this.pattern)}${escape === null ? '' : ` ESCAPE '${escape}'`}`
  }

  override attributes(): string {
    const { negated, caseInsensitive, escape } = this.options
    return JSON.stringify([negated, caseInsensitive, escape])
  }

  override evaluate(_batch: RecordBatch, _selection: Selection | null, _region: Region): Vector {
    throw notSupported('this expression')
  }
}
