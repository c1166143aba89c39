import type { Schema } from 'apache-arrow'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { BatchStream } from './batch-stream.ts'

/**
 * A stream over a generator of batches, the usual way to write an operator.
 *
 * The generator yields each batch with the one reference of its maker, which the stream drops at the next call. `close`
 * closes `inputs` first, so that a pending `next` of theirs ends, and then runs the generator's `finally` blocks, if it was
 * ever started. A generator that awaits anything but its inputs while it works on a batch of theirs retains that batch.
 * `onClose` runs once, last, started or not.
 */
export function operatorStream(
  schema: Schema,
  inputs: readonly BatchStream[],
  batches: AsyncGenerator<RecordBatch, void, void>,
  onClose?: () => void | Promise<void>,
): BatchStream {
  let current: RecordBatch | null = null
  let closing: Promise<void> | null = null
  const dropCurrent = (): void => {
    current?.release()
    current = null
  }
  const shut = async (): Promise<void> => {
    dropCurrent()
    const closed = await Promise.allSettled(inputs.map((input) => input.close()))
    try {
      await batches.return()
    } finally {
      dropCurrent()
      await onClose?.()
    }
    for (const result of closed) if (result.status === 'rejected') throw result.reason
  }
  return {
    schema,
    async next() {
      dropCurrent()
      if (closing !== null) return null
      const result = await batches.next()
      if (result.done === true) return null
      if (closing !== null) {
        result.value.release()
        return null
      }
      current = result.value
      return current
    },
    close() {
      return (closing ??= shut())
    },
  }
}
