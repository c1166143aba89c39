import { ColumnExpr } from '../expressions/column-expr.ts'
import { filterNumbers, type OrderOperator } from '../expressions/compare-select.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { RowComparator } from '../vectors/compare.ts'
import { kernelRows, selectBits } from '../vectors/selection.ts'
import { BytesVector, DictionaryVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import type { KeyTest, ProbeFilter } from './probe-filters.ts'

/** Tells rows that can be among the first of an order from those that come behind the last of as many as are wanted. */
export class TopThreshold implements KeyTest {
  readonly #key: SortKey
  readonly #tiesPass: boolean
  /** The key of the last row, in the last row of a vector; null while there are fewer rows than are wanted. */
  #last: Vector | null = null
  /** Of a dictionary's entries: twice the number of the threshold that they were compared with, and 1 where they pass. */
  #dictionary: BytesVector | null = null
  #answers = new Uint32Array(0)
  #number = 0

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
    this.#number++
  }

  select(key: Vector, rows: Uint32Array, out: Uint32Array): number {
    const count = this.#selectNumbers(key, rows, out) ?? this.#selectEntries(key, rows, out)
    if (count !== null) return count
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

  /** Numbers by the kernels that compare a column with a constant; null for other keys. */
  #selectNumbers(key: Vector, rows: Uint32Array, out: Uint32Array): number | null {
    const last = this.#last!
    const row = last.length - 1
    if (!(key instanceof PrimitiveVector && last instanceof PrimitiveVector && last.isValid(row))) return null
    const { descending, nullsFirst } = this.#key
    if (key.validity !== null && nullsFirst) return null
    const op = `${descending ? '>' : '<'}${this.#tiesPass ? '=' : ''}` as OrderOperator
    const constant = last.values[row]!
    const n =
      filterNumbers(key, op, constant, kernelRows(rows), rows.length, out) ??
      (isNarrow(key) ? selectNarrow(key.values as Int16Array, op, constant as number, rows, out) : null)
    if (n === null) return null
    return key.validity === null ? n : selectBits(key.validity, out, n, false, out)
  }

  /** Texts by code: each entry of a dictionary is compared once with a threshold; null for other keys. */
  #selectEntries(key: Vector, rows: Uint32Array, out: Uint32Array): number | null {
    if (!(key instanceof DictionaryVector)) return null
    const { codes, dictionary, validity } = key
    if (this.#dictionary !== dictionary) {
      this.#dictionary = dictionary
      this.#number++
      if (this.#answers.length < dictionary.length) this.#answers = new Uint32Array(dictionary.length)
    }
    const last = this.#last!
    const row = last.length - 1
    const entries = new RowComparator([dictionary], [last], [this.#key])
    const nulls = validity === null ? null : new RowComparator([key], [last], [this.#key])
    const most = +this.#tiesPass
    const answers = this.#answers
    const fresh = 2 * this.#number
    let n = 0
    for (let k = 0; k < rows.length; k++) {
      const candidate = rows[k]!
      out[n] = candidate
      if (validity !== null && ((validity[candidate >>> 3]! >>> (candidate & 7)) & 1) === 0) {
        n += +(nulls!.compare(candidate, row) < most)
        continue
      }
      const code = codes[candidate]!
      if (answers[code]! < fresh) answers[code] = fresh + +(entries.compare(code, row) < most)
      n += answers[code]! & 1
    }
    return n
  }
}

/** Whether a column has integers of fewer than 32 bits. */
function isNarrow({ values }: PrimitiveVector): boolean {
  return values.BYTES_PER_ELEMENT < 4 && !(values instanceof Float32Array)
}

function selectNarrow(
  values: Int16Array,
  op: OrderOperator,
  constant: number,
  rows: Uint32Array,
  out: Uint32Array,
): number {
  // The greatest that passes going down, or the least going up.
  const isDown = op === '<' || op === '<='
  const bound = op === '<' ? constant - 1 : op === '>' ? constant + 1 : constant
  let n = 0
  if (isDown) {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      out[n] = row
      n += +(values[row]! <= bound)
    }
    return n
  }
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    out[n] = row
    n += +(values[row]! >= bound)
  }
  return n
}
