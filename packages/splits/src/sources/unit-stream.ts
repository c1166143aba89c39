import type { BatchStream, ExecutionPlan, RecordBatch, TaskContext } from '@volley/core'
import { checkReadBudget, metered } from './read-meter.ts'

/**
 * A stream over an async generator. The generator gives each batch with the one reference of its maker, which the stream
 * drops at the next call; after `close` the generator is not resumed but to run its `finally` blocks. What it reads counts
 * as the node's.
 */
export function streamOf(
  node: ExecutionPlan,
  context: TaskContext,
  batches: AsyncGenerator<RecordBatch, void, void>,
): BatchStream {
  let current: RecordBatch | null = null
  let closed = false
  const dropCurrent = () => {
    current?.release()
    current = null
  }
  return {
    schema: node.schema,
    async next() {
      dropCurrent()
      if (closed) return null
      const result = await metered(node, context, () => batches.next())
      if (result.done === true) return null
      current = result.value
      checkReadBudget(context)
      if (closed) {
        dropCurrent()
        return null
      }
      return current
    },
    async close() {
      closed = true
      dropCurrent()
      await batches.return()
    },
  }
}
