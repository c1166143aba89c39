import { Table, type RecordBatch as ArrowRecordBatch } from 'apache-arrow'
import { toArrowRecordBatch, toArrowSchema } from '../arrow/arrow-edge.ts'
import { executeAll } from '../operators/coalesce-partitions-exec.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { BatchStream } from './batch-stream.ts'
import type { TaskContext } from './task-context.ts'

/** Runs a plan and copies all its rows into an Arrow table. A plan with several partitions gives them in no order. */
export async function collectTable(plan: ExecutionPlan, context: TaskContext): Promise<Table> {
  try {
    return await collectStream(executeAll(plan, context))
  } finally {
    await context.close()
  }
}

/** Copies all rows of a stream into an Arrow table, and closes the stream. */
export async function collectStream(stream: BatchStream): Promise<Table> {
  const batches: ArrowRecordBatch[] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      if (batch.numRows > 0) batches.push(toArrowRecordBatch(batch))
    }
  } finally {
    await stream.close()
  }
  const schema = toArrowSchema(stream.schema)
  return batches.length === 0 ? new Table(schema) : new Table(schema, batches)
}

/** Retains all batches of a stream, which the caller releases; the stream is left open. */
export async function collectBatches(stream: BatchStream): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      if (batch.numRows > 0) batches.push(batch.retain())
    }
    return batches
  } catch (error) {
    for (const batch of batches) batch.release()
    throw error
  }
}
