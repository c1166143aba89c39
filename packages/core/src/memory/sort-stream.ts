import type { Schema } from 'apache-arrow'
import { sortBatch } from '../operators/sort-rows.ts'
import type { ExecutionPlan, SortKey } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import { compactBatch, concatSteps } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { fittingPieces, sliceRows } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { rowsAtOnce, SortedRuns } from './sorted-runs.ts'

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
  const write = async (): Promise<void> => {
    if (kept.length === 0) return
    await runs.add(await sortKept(), bytes)
    bytes = 0
    memory.tryResize(0)
  }
  const source = rows[Symbol.asyncIterator]()
  const next = (): Promise<IteratorResult<RecordBatch>> => memory.lending(source.next(), write)
  let bytes = 0
  try {
    for (let read = await next(); read.done !== true; read = await next()) {
      const dense = compactBatch(read.value, context)
      read.value.release()
      try {
        const added = sortingBytes(dense)
        if (memory.tryResize(bytes + added)) {
          bytes += added
          kept.push(dense.retain())
          continue
        }
        await write()
        for (const piece of fittingPieces(dense, added, memory.capacity, context)) {
          try {
            await write()
            bytes = sortingBytes(piece)
            await memory.require(bytes)
            kept.push(piece.retain())
          } finally {
            piece.release()
          }
        }
      } finally {
        dense.release()
      }
    }
    if (runs.count > 0) {
      if (kept.length > 0) await runs.add(await sortKept(), bytes)
      yield* runs.merged()
    } else if (kept.length > 0) {
      kept.push(await sortKept())
      const [whole] = kept as [RecordBatch]
      yield* sliceRows(whole, rowsAtOnce(batchBytes(whole), whole.length, memory, context), context)
    }
  } finally {
    await source.return?.()
    for (const batch of kept) batch.release()
    memory.free()
    await runs.delete()
  }
}

function sortingBytes(batch: RecordBatch): number {
  return 3 * batchBytes(batch) + batch.length * 16
}
