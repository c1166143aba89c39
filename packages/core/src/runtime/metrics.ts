import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { BatchStream } from './batch-stream.ts'
import type { TaskContext } from './task-context.ts'

/** Counters of one plan node in one task, over all its partitions. */
export class OperatorMetrics {
  rowsOut = 0
  batchesOut = 0
  /** Wall time inside `next`, children included, in milliseconds. */
  elapsedMs = 0
  /** Counters of the node's own, such as `docs_fetched`; summed over tasks. */
  readonly counters: Map<string, number> = new Map()

  add(counter: string, value: number): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + value)
  }
}

/** Wraps a partition's stream: counts rows and time, stops when the query is cancelled, opens lazily. */
export function instrument(
  node: ExecutionPlan,
  _partition: number,
  context: TaskContext,
  open: () => BatchStream,
): BatchStream {
  const metrics = context.metricsOf(node)
  let stream: BatchStream | null = null
  let closed = false
  return {
    schema: node.schema,
    async next() {
      context.throwIfCancelled()
      if (closed) return null
      const start = performance.now()
      try {
        stream ??= open()
        const batch = await stream.next()
        if (batch !== null) {
          metrics.rowsOut += batch.numRows
          metrics.batchesOut++
        }
        return batch
      } finally {
        metrics.elapsedMs += performance.now() - start
      }
    },
    async close() {
      closed = true
      await stream?.close()
    },
  }
}
