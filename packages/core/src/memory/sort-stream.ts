import type { Schema } from 'apache-arrow'
import { sortBatch } from '../operators/sort-rows.ts'
import type { ExecutionPlan, SortKey } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import { compactBatch, concatSteps } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { sliceBatch } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { SortedRuns } from './sorted-runs.ts'

/**
 * Rows (each batch with one reference, the receiver's) in the order of keys. Spills. They have the schema of the node, which
 * is about to give them, unless it is said.
 */
export async function* sortStream(
  node: ExecutionPlan,
  rows: AsyncIterable<RecordBatch>,
  keys: readonly SortKey[],
  context: TaskContext,
  schema: Schema = node.schema,
): AsyncGenerator<RecordBatch, void, void> {
  const memory = context.reserve(node, true)
  const runs = new SortedRuns(node, keys, null, memory, context, schema)
  const kept: RecordBatch[] = []
  const sortKept = async (): Promise<RecordBatch> => {
    const whole = await runSteps(concatSteps(schema, kept, context), context)
    for (const batch of kept.splice(0)) batch.release()
    try {
      return await sortBatch(whole, keys, null, context)
    } finally {
      whole.release()
    }
  }
  let bytes = 0
  try {
    for await (const batch of rows) {
      const dense = compactBatch(batch, context)
      batch.release()
      const added = 3 * batchBytes(dense) + dense.length * 16
      kept.push(dense)
      if (memory.tryResize(bytes + added)) {
        bytes += added
        continue
      }
      await runs.add(await sortKept(), bytes + added)
      bytes = 0
      memory.resize(0)
    }
    if (runs.count > 0) {
      if (kept.length > 0) await runs.add(await sortKept(), bytes)
      yield* runs.merged()
    } else if (kept.length > 0) {
      kept.push(await sortKept())
      yield* sliceBatch(kept[0]!, context)
    }
  } finally {
    for (const batch of kept) batch.release()
    memory.free()
    await runs.delete()
  }
}
