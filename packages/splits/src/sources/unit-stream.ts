import type { BatchStream, RecordBatch } from '@volley/core'
import type { Schema } from 'apache-arrow'

/**
 * A stream over an async generator. The generator gives each batch with the one reference of its maker, which the stream
 * drops at the next call; after `close` the generator is not resumed but to run its `finally` blocks.
 */
export function streamOf(schema: Schema, batches: AsyncGenerator<RecordBatch, void, void>): BatchStream {
  let current: RecordBatch | null = null
  let closed = false
  const dropCurrent = () => {
    current?.release()
    current = null
  }
  return {
    schema,
    async next() {
      dropCurrent()
      if (closed) return null
      const result = await batches.next()
      if (result.done === true) return null
      current = result.value
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
