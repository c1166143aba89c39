import { scalarAt, type RecordBatch, type ScalarValue } from '@volley/core'

/** The rows of a batch as JavaScript values. */
export function batchRows(batch: RecordBatch): ScalarValue[][] {
  const rows: ScalarValue[][] = []
  for (let k = 0; k < batch.numRows; k++) {
    const row = batch.selection === null ? k : batch.selection[k]!
    rows.push(batch.columns.map((column) => scalarAt(column, row)))
  }
  return rows
}
