import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { BoolVector, type Vector } from '../vectors/vector.ts'
import { truthBits } from '../vectors/bitmap.ts'
import { allRows, mergeRows, selectBits, withoutRows } from '../vectors/selection.ts'
import { negate } from './negate.ts'
import { Expr, operand } from './expr.ts'

/** AND or OR of two operands or more, in three-valued logic. Later operands are evaluated only where earlier ones leave it open. */
export class LogicalExpr extends Expr {
  override readonly kind = 'Logical'
  override readonly type: DataType = BOOL
  readonly op: 'AND' | 'OR'
  override readonly children: readonly Expr[]

  constructor(op: 'AND' | 'OR', operands: readonly Expr[]) {
    super()
    this.op = op
    this.children = operands
  }

  override get nullable(): boolean {
    return this.children.some((child) => child.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new LogicalExpr(this.op, children)
  }

  override toString(): string {
    return this.children.map(operand).join(` ${this.op} `)
  }

  override attributes(): string {
    return this.op
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const { length } = batch
    const bytes = (length + 7) >>> 3
    const and = this.op === 'AND'
    const truths = region.bitmap(length, and)
    const falses = region.bitmap(length, !and)
    let open = selection ?? allRows(length)
    for (const child of this.children) {
      if (open.length === 0) break
      const { t, f } = truthBits(child.evaluate(batch, open, region), length, region)
      for (let i = 0; i < bytes; i++) {
        truths[i] = and ? truths[i]! & t[i]! : truths[i]! | t[i]!
        falses[i] = and ? falses[i]! | f[i]! : falses[i]! & f[i]!
      }
      // Rows that are decided stay so whatever the rest says there.
      const next = region.u32(open.length)
      open = next.subarray(0, selectBits(and ? falses : truths, open, open.length, true, next))
    }
    const validity = region.u8(bytes)
    for (let i = 0; i < bytes; i++) validity[i] = truths[i]! | falses[i]!
    return new BoolVector(this.type, length, validity, truths)
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    let rows = selection
    if (this.op === 'AND') {
      for (const child of this.children) {
        if (rows !== null && rows.length === 0) break
        rows = child.select(batch, rows, region)
      }
      return rows ?? allRows(batch.length)
    }
    let passed = allRows(0)
    for (const child of this.children) {
      if (rows !== null && rows.length === 0) break
      const more = child.select(batch, rows, region)
      passed = mergeRows(passed, more, region)
      rows = withoutRows(rows ?? allRows(batch.length), more, region)
    }
    return passed
  }

  /** De Morgan's law holds in three-valued logic. */
  override negation(): Expr {
    return new LogicalExpr(this.op === 'AND' ? 'OR' : 'AND', this.children.map(negate))
  }
}

/** The operands of nested ANDs, in order; the expression itself when it is no AND. */
export function conjuncts(expr: Expr): Expr[] {
  return expr instanceof LogicalExpr && expr.op === 'AND' ? expr.children.flatMap(conjuncts) : [expr]
}

/** The AND of all, flat; null for none. */
export function conjunction(exprs: readonly Expr[]): Expr | null {
  const flat = exprs.flatMap(conjuncts)
  return flat.length === 0 ? null : flat.length === 1 ? flat[0]! : new LogicalExpr('AND', flat)
}
