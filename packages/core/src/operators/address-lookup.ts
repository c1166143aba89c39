import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'

/** Columns that address a document: Utf8, Uint32, Uint32. */
export const ADDRESS_COLUMNS: readonly string[] = ['_split_id', '_segment_ord', '_doc_id']

/** Answers addresses with the columns of a plan node. */
export interface LookupStream {
  /**
   * One row for each selected row of `batch`, in its order; a selection on the answer leaves out addresses that the node
   * does not give. `batch` has the address columns. The answer has one reference, the caller's.
   */
  lookup(batch: RecordBatch): Promise<RecordBatch>
  close(): Promise<void>
}

/** A plan node that can be asked for rows by address instead of being executed. */
export interface AddressLookup {
  openLookup(partition: number, context: TaskContext): LookupStream
}

export function hasLookup(plan: ExecutionPlan): plan is ExecutionPlan & AddressLookup {
  return typeof (plan as Partial<AddressLookup>).openLookup === 'function'
}
