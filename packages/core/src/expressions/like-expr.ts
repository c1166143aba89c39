import type { DataType } from 'apache-arrow'
import { type Region, selectContaining } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { bitsOfRows, boolVector, commonValidity } from '../vectors/bitmap.ts'
import { Operand } from '../vectors/operand.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows, withoutRows } from '../vectors/selection.ts'
import { DictionaryMemo, selectBytesTest } from './bytes-select.ts'
import { selectPresent } from './compare-select.ts'
import { LikePattern } from './like-pattern.ts'
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
  #compiled: LikePattern | null = null
  #source = ''
  #memo = new DictionaryMemo()

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

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const child = this.child.evaluate(batch, selection, region)
    const pattern = this.pattern.evaluate(batch, selection, region)
    const bits = bitsOfRows(this.#select(child, pattern, selection, region), batch.length, region)
    return boolVector(batch.length, commonValidity([child, pattern], batch.length, region), bits, region)
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    const child = this.child.evaluate(batch, selection, region)
    return this.#select(child, this.pattern.evaluate(batch, selection, region), selection, region)
  }

  override negation(): Expr {
    return new LikeExpr(this.child, this.pattern, { ...this.options, negated: !this.options.negated })
  }

  #select(child: Vector, pattern: Vector, selection: Selection | null, region: Region): Selection {
    const rows = selection ?? allRows(child.length)
    const text = new Operand(child)
    const patterns = new Operand(pattern)
    if (text.isAlwaysNull || patterns.isAlwaysNull) return rows.subarray(0, 0)
    const present = selectPresent(text, patterns, rows, region)
    const out = present === rows ? region.u32(rows.length) : present
    const flip = +this.options.negated
    if (patterns.isConstant) {
      const compiled = this.#compile(scalarAt(pattern, 0) as string)
      const contained = text.isConstant ? null : compiled.contained
      const needle = contained === null ? null : region.u8(contained.length)
      needle?.set(contained!)
      if (needle !== null && text.codes === null) {
        const { bytes, offsets } = text.bytes
        // The kernel takes rows of the arena; those of a whole batch are shared ones elsewhere.
        if (out !== present) out.set(present)
        return out.subarray(0, selectContaining(bytes, offsets, out, out.length, needle, flip, out))
      }
      const required = text.isConstant || text.codes !== null ? null : compiled.required
      if (required !== null) return this.#selectNear(text, compiled, required, present, region)
      const search = needle === null ? null : { needle, region }
      return out.subarray(0, selectBytesTest(text, compiled, this.#memo, present, flip, out, search))
    }
    let n = 0
    for (let k = 0; k < present.length; k++) {
      const row = present[k]!
      const at = text.at(row)
      const { offsets, bytes } = text.bytes
      out[n] = row
      n += +this.#compile(scalarAt(pattern, row) as string).test(bytes, offsets[at]!, offsets[at + 1]!) ^ flip
    }
    return out.subarray(0, n)
  }

  /** Of rows that are not NULL: those that contain bytes which a match must have are tested, the others are known not to match. */
  #selectNear(text: Operand, compiled: LikePattern, required: Uint8Array, rows: Selection, region: Region): Selection {
    const { bytes, offsets } = text.bytes
    const needle = region.u8(required.length)
    needle.set(required)
    const near = region.u32(rows.length)
    near.set(rows)
    const count = selectContaining(bytes, offsets, near, near.length, needle, 0, near)
    const held = near.subarray(0, count)
    const matched = held.subarray(0, selectBytesTest(text, compiled, this.#memo, held, 0, held))
    return this.options.negated ? withoutRows(rows, matched, region) : matched
  }

  /** The compiled pattern, kept until another one comes. */
  #compile(pattern: string): LikePattern {
    if (this.#compiled === null || this.#source !== pattern) {
      this.#compiled = new LikePattern(pattern, this.options)
      this.#source = pattern
      this.#memo = new DictionaryMemo()
    }
    return this.#compiled
  }
}
