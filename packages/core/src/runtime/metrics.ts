import { ArenaExhaustedError } from '@volley/kernels'
import { outOfMemory } from '../memory/memory-pool.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { BatchStream } from './batch-stream.ts'
import type { TaskContext } from './task-context.ts'

/** Counters of one plan node in one task, over all its partitions. */
export class OperatorMetrics {
  rowsOut = 0
  batchesOut = 0
  /** Wall time inside `next`, children included, in milliseconds. */
  elapsedMs = 0
  /** Bytes that its partitions hold together. */
  #heldBytes = 0
  /** Counters of the node's own, such as `docs_fetched`; summed over tasks. */
  readonly counters: Map<string, number> = new Map()

  add(counter: string, value: number): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + value)
  }

  /** Adds to what the node holds, whose most is `peak_state_bytes`. */
  hold(delta: number): void {
    this.#heldBytes += delta
    this.max('peak_state_bytes', this.#heldBytes)
  }

  /** Raises a counter to `value`, for peaks. */
  max(counter: string, value: number): void {
    if (value > (this.counters.get(counter) ?? -1)) this.counters.set(counter, value)
  }
}

/** What is thrown when memory ran out in a node: an error that names the lowest one. */
function exhausted(error: unknown, node: ExecutionPlan): unknown {
  if (error instanceof ArenaExhaustedError) {
    return outOfMemory(node.kind, error.requestedBytes, error.limitBytes, 0, 'the arena is full')
  }
  return error
}

/**
 * Wraps a partition's stream: counts rows and time, stops when the query is cancelled, opens at the first `next`. A stream
 * that is closed before is opened to be closed, so that what its partitions share learns that it will not come.
 */
export function instrument(
  node: ExecutionPlan,
  _partition: number,
  context: TaskContext,
  open: () => BatchStream,
): BatchStream {
  const metrics = context.metricsOf(node)
  let stream: BatchStream | null = null
  let opened = false
  let closed = false
  const openOnce = (): void => {
    if (opened) return
    opened = true
    stream = open()
  }
  return {
    schema: node.schema,
    async next() {
      const pause = context.pause()
      if (pause !== null) await pause
      context.throwIfCancelled()
      if (closed) return null
      const start = performance.now()
      try {
        openOnce()
        const batch = stream === null ? null : await stream.next()
        if (batch !== null) {
          metrics.rowsOut += batch.numRows
          metrics.batchesOut++
        }
        return batch
      } catch (error) {
        throw exhausted(error, node)
      } finally {
        metrics.elapsedMs += performance.now() - start
      }
    },
    async close() {
      closed = true
      openOnce()
      await stream?.close()
    },
  }
}
