import type { Schema } from 'apache-arrow'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { BatchStream } from './batch-stream.ts'

type Arrival =
  | { readonly from: number; readonly batch: RecordBatch | null }
  | { readonly from: number; readonly error: unknown }

/** Batches of several streams as they come. Each stream runs one batch ahead at most. */
export function mergeStreams(schema: Schema, inputs: readonly BatchStream[]): BatchStream {
  const arrivals: Arrival[] = []
  let waiting: (() => void) | null = null
  let open = inputs.length
  let started = false
  let current = -1
  let closing: Promise<void> | null = null
  const arrive = (arrival: Arrival): void => {
    arrivals.push(arrival)
    waiting?.()
    waiting = null
  }
  const request = (from: number): void => {
    inputs[from]!.next().then(
      (batch) => arrive({ from, batch }),
      (error: unknown) => arrive({ from, error }),
    )
  }
  return {
    schema,
    async next() {
      if (!started) {
        started = true
        for (let i = 0; i < inputs.length; i++) request(i)
      } else if (current >= 0) {
        request(current)
      }
      current = -1
      while (open > 0) {
        if (closing !== null) return null
        const arrival = arrivals.shift()
        if (arrival === undefined) {
          await new Promise<void>((resolve) => (waiting = resolve))
          continue
        }
        if ('error' in arrival) throw arrival.error
        if (arrival.batch === null) {
          open--
          continue
        }
        current = arrival.from
        return arrival.batch
      }
      return null
    },
    close() {
      if (closing === null) {
        closing = Promise.all(inputs.map((input) => input.close())).then(() => {})
        waiting?.()
        waiting = null
      }
      return closing
    },
  }
}
