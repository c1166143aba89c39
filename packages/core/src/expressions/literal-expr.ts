import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { isText } from '../types/coercion.ts'
import { typeKey, typeName } from '../types/data-types.ts'
import { formatScalar } from '../types/format-scalar.ts'
import { scalarKey, type ScalarValue } from '../types/scalar-value.ts'
import { BOOL, FLOAT64, INT32, INT64, NULL, UTF8 } from '../types/type-factory.ts'
import { constantVector } from '../vectors/build.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { Expr } from './expr.ts'

/** A value that is the same in every row. */
export class LiteralExpr extends Expr {
  override readonly kind = 'Literal'
  override readonly children: readonly Expr[] = []
  override readonly type: DataType
  readonly value: ScalarValue

  constructor(type: DataType, value: ScalarValue) {
    super()
    this.type = type
    this.value = value
  }

  override get nullable(): boolean {
    return this.value === null
  }

  override withChildren(_children: readonly Expr[]): Expr {
    return this
  }

  override toString(): string {
    if (this.value === null) return 'NULL'
    const name = typeName(this.type)
    if (name === 'Bool') return this.value === true ? 'TRUE' : 'FALSE'
    const text = formatScalar(this.value, this.type)
    const quoted = `'${text.replaceAll("'", "''")}'`
    if (isText(this.type)) return quoted
    return name === 'Timestamp' || name === 'Date' || name === 'Time' || name === 'Interval'
      ? `${name.toUpperCase()} ${quoted}`
      : text
  }

  override attributes(): string {
    return `${typeKey(this.type)}:${scalarKey(this.value)}`
  }

  override evaluate(batch: RecordBatch, _selection: Selection | null, region: Region): Vector {
    return constantVector(this.type, this.value, batch.length, region)
  }
}

/** A literal whose type, where none is given, follows the value: Int32 or Int64 by range, Float64, Bool, Utf8. */
export function literal(value: ScalarValue, type?: DataType): LiteralExpr {
  if (type !== undefined) return new LiteralExpr(type, value)
  if (value === null) return new LiteralExpr(NULL, null)
  if (typeof value === 'boolean') return new LiteralExpr(BOOL, value)
  if (typeof value === 'string') return new LiteralExpr(UTF8, value)
  if (typeof value === 'bigint') return new LiteralExpr(INT64, value)
  if (typeof value === 'number') return new LiteralExpr(Object.is(value | 0, value) ? INT32 : FLOAT64, value)
  throw new TypeError('literal: this value needs a type')
}
