import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { ComparisonExpr } from '../expressions/comparison-expr.ts'
import { Expr } from '../expressions/expr.ts'
import { InListExpr } from '../expressions/in-list-expr.ts'
import { LiteralExpr } from '../expressions/literal-expr.ts'
import { BOOL } from '../types/type-factory.ts'
import { bitsOfRows, boolVector } from '../vectors/bitmap.ts'
import { hashVector } from '../vectors/hash.ts'
import { Operand } from '../vectors/operand.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { selectPresent } from '../expressions/compare-select.ts'
import type { BloomFilter } from './bloom-filter.ts'
import type { JoinKeySet } from './join-key-set.ts'

/** Up to this many keys, a list says as much as bounds and list do. */
const FEW = 4

/**
 * Conditions that a value of `expr` satisfies if it is one of the keys: its bounds, and a list or a Bloom filter of them.
 * They are made in a task and never leave it.
 */
export function keyFilters(keys: JoinKeySet, expr: Expr): Expr[] {
  const { type, values, bounds, bloom } = keys
  const filters: Expr[] = []
  if (bounds !== null && (values === null || values.length > FEW)) {
    filters.push(new ComparisonExpr('>=', expr, new LiteralExpr(type, bounds[0])))
    filters.push(new ComparisonExpr('<=', expr, new LiteralExpr(type, bounds[1])))
  }
  if (values !== null) {
    filters.push(
      new InListExpr(
        expr,
        values.map((value) => new LiteralExpr(type, value)),
        false,
      ),
    )
  } else if (bloom !== null) {
    filters.push(new BloomExpr(expr, bloom))
  }
  return filters
}

/** Whether a value may be in a Bloom filter; FALSE for NULL. */
class BloomExpr extends Expr {
  override readonly kind = 'Bloom'
  override readonly type: DataType = BOOL
  override readonly nullable = false
  readonly #child: Expr
  readonly #filter: BloomFilter

  constructor(child: Expr, filter: BloomFilter) {
    super()
    this.#child = child
    this.#filter = filter
  }

  override get children(): readonly Expr[] {
    return [this.#child]
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new BloomExpr(children[0]!, this.#filter)
  }

  override toString(): string {
    return `bloom(${this.#child})`
  }

  override attributes(): string {
    return `${this.#filter.bytes}`
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const rows = this.select(batch, selection, region)
    return boolVector(batch.length, null, bitsOfRows(rows, batch.length, region), region)
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    const child = this.#child.evaluate(batch, selection, region)
    const operand = new Operand(child)
    const rows = selection ?? allRows(batch.length)
    if (operand.isAlwaysNull) return rows.subarray(0, 0)
    const present = selectPresent(operand, operand, rows, region)
    const hashes = new Uint32Array(present.length)
    hashVector(child, present, hashes, false)
    const out = present === rows ? region.u32(rows.length) : present
    return out.subarray(0, this.#filter.select(hashes, present, out))
  }
}
