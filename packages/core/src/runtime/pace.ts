import type { Expr } from '../expressions/expr.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'

/** Rows that are evaluated first, to see how long they take. */
const FIRST = 256
/** Milliseconds that a piece may take, and those below which the next one is larger. */
const LONG = 16
const SHORT = 4

/**
 * How many rows of a batch are evaluated without giving way. Functions may take long over long texts, so the batches of an
 * operator that calls some are cut into pieces, as large as their pace allows; others stay whole.
 */
export class Pace {
  #rows: number

  constructor(exprs: readonly Expr[]) {
    this.#rows = exprs.some(callsFunction) ? FIRST : Infinity
  }

  /** Rows that a piece may have; Infinity where they need not be cut. */
  get rows(): number {
    return this.#rows
  }

  /** Rows of a batch from the `start`-th selected one on, as many as the pace allows and `most`, in the batch's memory. */
  piece(batch: RecordBatch, start: number, most: number = Infinity): RecordBatch {
    const count = batch.numRows
    const size = Math.min(this.#rows, most)
    if (start === 0 && count <= size) return batch
    const rows = (batch.selection ?? allRows(batch.length)).subarray(start, start + size)
    return new RecordBatch(batch.schema, batch.columns, batch.length, rows, batch.region)
  }

  /** Says how long a piece took. */
  took(rows: number, ms: number): void {
    if (this.#rows === Infinity) return
    if (ms > LONG) this.#rows = Math.max(1, Math.min(rows, this.#rows) >>> 1)
    else if (ms < SHORT && rows >= this.#rows) this.#rows = Math.min(2 ** 30, this.#rows * 2)
  }
}

/** Whether an expression calls a function, which may take long over long texts. */
export function callsFunction(expr: Expr): boolean {
  return expr.kind === 'ScalarFunction' || expr.kind === 'Like' || expr.children.some(callsFunction)
}
