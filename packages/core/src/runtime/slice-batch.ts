import { sliceVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import type { TaskContext } from './task-context.ts'

/** A batch without selection in pieces of the context's batch size, which share its memory and keep it alive. */
export function sliceBatch(batch: RecordBatch, context: TaskContext): Generator<RecordBatch, void, void> {
  return sliceRows(batch, context.batchSize, context)
}

/** A batch without selection in as many pieces as it takes for none to need more than `least` where the whole needs `wanted`. */
export function* fittingPieces(
  batch: RecordBatch,
  wanted: number,
  least: number,
  context: TaskContext,
): Generator<RecordBatch, void, void> {
  if (wanted <= least) yield batch.retain()
  else yield* sliceRows(batch, Math.max(1, Math.floor((batch.length * least) / wanted)), context)
}

/** The same in pieces of `rows`. */
export function* sliceRows(batch: RecordBatch, rows: number, context: TaskContext): Generator<RecordBatch, void, void> {
  for (let start = 0; start < batch.length; start += rows) {
    const end = Math.min(batch.length, start + rows)
    const region = context.region()
    region.dependOn(batch.region)
    const columns = batch.columns.map((column) => sliceVector(column, start, end, region))
    yield new RecordBatch(batch.schema, columns, end - start, null, region)
  }
}
