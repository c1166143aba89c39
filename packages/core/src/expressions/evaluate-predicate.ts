import type { Region } from '@volley/kernels'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { Expr } from './expr.ts'

/**
 * Rows of the batch, within its selection, where a boolean expression is TRUE; ascending, in the region's memory (or the
 * batch's own selection, where all rows pass).
 */
export function evaluatePredicate(expr: Expr, batch: RecordBatch, region: Region): Selection {
  return expr.select(batch, batch.selection, region)
}
