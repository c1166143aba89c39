import type { Schema } from 'apache-arrow'
import type { RecordBatch } from '../vectors/record-batch.ts'

/**
 * A pull stream of batches.
 *
 * The batch that `next` returns belongs to the caller until it calls `next` or `close` again; a caller that keeps it
 * longer retains it. `close` may be called at any time, any number of times, also while `next` is pending; it frees
 * everything and makes the producer stop. After an error or the end, only `close` may be called.
 */
export interface BatchStream {
  readonly schema: Schema
  next(): Promise<RecordBatch | null>
  close(): Promise<void>
}
