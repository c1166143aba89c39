import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { typeKey } from '../types/data-types.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { blendVectors, type BlendPart } from '../vectors/blend.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows, selectBits, withoutRows } from '../vectors/selection.ts'
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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    let rows = selection ?? allRows(batch.length)
    const parts: BlendPart[] = []
    for (const child of this.children) {
      if (rows.length === 0) break
      const vector = child.evaluate(batch, rows, region)
      const operand = new Operand(vector)
      if (operand.isAlwaysNull) continue
      if (operand.isConstant || operand.validity === null) {
        parts.push({ rows, vector })
        break
      }
      const out = region.u32(rows.length)
      const present = out.subarray(0, selectBits(operand.validity, rows, rows.length, false, out))
      if (present.length > 0) parts.push({ rows: present, vector })
      rows = withoutRows(rows, present, region)
    }
    return blendVectors(this.type, batch.length, parts, region)
  }
}
