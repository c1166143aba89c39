import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch, concatSteps } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { SpilledBuild, type SpilledJoinSpec } from './spilled-build.ts'

/** Left rows in memory, with what they have reserved, which is freed with them. */
export interface CollectedBuild {
  readonly batch: RecordBatch
  readonly memory: MemoryReservation
}

/** All left rows of a join in one batch, or on disk where they do not fit. Closes the input. */
export async function collectBuild(
  spec: SpilledJoinSpec,
  input: BatchStream,
  context: TaskContext,
): Promise<CollectedBuild | SpilledBuild> {
  const memory = context.reserve(spec.node, true)
  const dictionaries = new Set<Vector>()
  const batches: RecordBatch[] = []
  let bytes = 0
  let rows = 0
  let spilled: SpilledBuild | null = null
  const write = async (): Promise<void> => {
    if (batches.length > 0) spilled = await SpilledBuild.begin(spec, memory, batches, memory.bytes, context)
  }
  try {
    for (;;) {
      const batch = await memory.lending(input.next(), write)
      if (spilled !== null) return await (spilled as SpilledBuild).finish(batch, input)
      if (batch === null) break
      if (batch.numRows === 0) continue
      const dense = compactBatch(batch, context)
      batches.push(dense)
      bytes += batchBytes(dense, dictionaries)
      rows += dense.length
      // The parts and the whole are there for a moment.
      const wanted = spec.blockBytes(bytes, rows) + bytes
      if (memory.tryResize(wanted)) continue
      const build = await SpilledBuild.begin(spec, memory, batches, wanted, context)
      return await build.finish(null, input)
    }
    await input.close()
    const batch =
      batches.length === 1
        ? batches[0]!.retain()
        : await runSteps(concatSteps(spec.leftSchema, batches, context), context)
    memory.tryResize(spec.blockBytes(batchBytes(batch), rows))
    return { batch, memory }
  } catch (error) {
    await (spilled as SpilledBuild | null)?.release()
    memory.free()
    throw error
  } finally {
    for (const batch of batches) batch.release()
  }
}
