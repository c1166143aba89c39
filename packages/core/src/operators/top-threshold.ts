import { ColumnExpr } from '../expressions/column-expr.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { RowComparator } from '../vectors/compare.ts'
import type { Vector } from '../vectors/vector.ts'
import type { KeyTest, ProbeFilter } from './probe-filters.ts'

/** Tells rows that can be among the first of an order from those that come behind the last of as many as are wanted. */
export class TopThreshold implements KeyTest {
  readonly #key: SortKey
  readonly #tiesPass: boolean
  /** The key of the last row, in the last row of a vector; null while there are fewer rows than are wanted. */
  #last: Vector | null = null

  constructor(keys: readonly SortKey[]) {
    this.#key = keys[0]!
    this.#tiesPass = keys.length > 1
  }

  /** What a plan below may be told; null where the first key is no column. */
  filter(): ProbeFilter | null {
    const { expr } = this.#key
    if (!(expr instanceof ColumnExpr)) return null
    return { column: expr.index, isMonotone: true, test: () => (this.#last === null ? null : this) }
  }

  /** The column lives until the next call. */
  set(last: Vector | null): void {
    this.#last = last
  }

  select(key: Vector, rows: Uint32Array, out: Uint32Array): number {
    const last = this.#last!
    const comparator = new RowComparator([key], [last], [this.#key])
    const row = last.length - 1
    const most = +this.#tiesPass
    let n = 0
    for (let k = 0; k < rows.length; k++) {
      const candidate = rows[k]!
      out[n] = candidate
      n += +(comparator.compare(candidate, row) < most)
    }
    return n
  }
}
