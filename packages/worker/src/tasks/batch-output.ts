import type { BatchStream, RecordBatch, VolleyError } from '@volley/core'
import type { Schema } from 'apache-arrow'
import { giveWay } from '../frames/give-way.ts'

/** A partition whose one consumer is in the same thread and memory: its batches are handed over as they are. */
export class BatchOutput implements BatchStream {
  readonly schema: Schema
  readonly #stream: BatchStream
  readonly #finished: () => void
  #reason: VolleyError | null = null
  /** Rows so far. */
  rows = 0
  /** Nothing is encoded. */
  readonly bytes = 0

  /** `finished` is called, maybe more than once, when nothing more will come. */
  constructor(stream: BatchStream, finished: () => void) {
    this.schema = stream.schema
    this.#stream = stream
    this.#finished = finished
  }

  async next(): Promise<RecordBatch | null> {
    if (this.#reason !== null) throw this.#reason
    await giveWay()
    const batch = await this.#stream.next()
    if (this.#reason !== null) throw this.#reason
    if (batch === null) this.#finished()
    else this.rows += batch.numRows
    return batch
  }

  async close(): Promise<void> {
    await this.#stream.close()
    this.#finished()
  }

  /** Stops; the consumer's `next` throws the reason. */
  async abort(reason: VolleyError): Promise<void> {
    this.#reason = reason
    await this.close()
  }
}
