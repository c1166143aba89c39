import type { SortKey } from '../plan/execution-plan.ts'
import { takeColumns } from '../runtime/collect-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RowComparator } from '../vectors/compare.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { radixSort, sortWords } from './sort-words.ts'

/** Rows up to which comparing them is faster than counting bytes. */
const FEW = 256

/** Row numbers in the order of the keys; equal rows stay in theirs. */
export function sortedRows(columns: readonly Vector[], keys: readonly SortKey[], length: number): Uint32Array {
  if (length < 2 || keys.length === 0) return Uint32Array.from(allRows(length))
  const comparator = new RowComparator(columns, columns, keys)
  const compare = (a: number, b: number): number => comparator.compare(a, b)
  if (length <= FEW) return Uint32Array.from(allRows(length)).sort(compare)
  const { words, exact } = sortWords(columns, keys, length)
  const rows = radixSort(words, length)
  if (!exact) sortTies(rows, words, compare)
  return rows
}

/** Sorts each run of rows with equal words. */
function sortTies(rows: Uint32Array, words: readonly Uint32Array[], compare: (a: number, b: number) => number): void {
  for (let start = 0; start < rows.length;) {
    let end = start + 1
    while (end < rows.length && equalWords(words, rows[start]!, rows[end]!)) end++
    if (end - start > 1) rows.subarray(start, end).sort(compare)
    start = end
  }
}

function equalWords(words: readonly Uint32Array[], a: number, b: number): boolean {
  for (let w = 0; w < words.length; w++) if (words[w]![a] !== words[w]![b]) return false
  return true
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
