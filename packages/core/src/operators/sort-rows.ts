import type { SortKey } from '../plan/execution-plan.ts'
import { takeColumns } from '../runtime/collect-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RowComparator } from '../vectors/compare.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'

/** Row numbers in the order of the keys; equal rows stay in theirs. */
export function sortedRows(columns: readonly Vector[], keys: readonly SortKey[], length: number): Uint32Array {
  const rows = Uint32Array.from(allRows(length))
  if (length < 2 || keys.length === 0) return rows
  const comparator = new RowComparator(columns, columns, keys)
  return rows.sort((a, b) => comparator.compare(a, b))
}

/** A sorted copy of a batch without selection, of its first `fetch` rows in the order. One reference, the caller's. */
export function sortBatch(
  batch: RecordBatch,
  keys: readonly SortKey[],
  fetch: number | null,
  context: TaskContext,
): RecordBatch {
  const scratch = context.region()
  const region = context.region()
  try {
    const columns = keys.map((key) => key.expr.evaluate(batch, null, scratch))
    const rows = sortedRows(columns, keys, batch.length).subarray(0, fetch ?? batch.length)
    const sorted = takeColumns(batch.columns, rows, batch, region)
    return new RecordBatch(batch.schema, sorted, rows.length, null, region)
  } catch (error) {
    region.release()
    throw error
  } finally {
    scratch.release()
  }
}
