import { verifyIpc } from '@volley/codec'
import {
  decodeIpc,
  fromArrowRecordBatch,
  packedBatches,
  SqlState,
  unpackBatch,
  VolleyError,
  type BatchStream,
  type RecordBatch,
  type TaskContext,
} from '@volley/core'
import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import { formatTask, type Frame, type FrameStream, type PartitionKey } from './frame.ts'

/**
 * Turns frames back into batches, as they arrive: a task is not tried again once its rows were handed on, so its output
 * need not be held back until the end mark. The mark is still what ends it: without one, with a gap in the sequence, or
 * with a row count other than the mark's, `next` throws.
 */
export class FrameReader implements BatchStream {
  readonly schema: Schema
  readonly #key: PartitionKey
  readonly #worker: string
  readonly #frames: FrameStream
  readonly #context: TaskContext
  #sequence = 0
  #rows = 0
  #pending: (ArrowRecordBatch | Uint8Array)[] = []
  #current: RecordBatch | null = null
  #finished = false
  /** Ends a wait for frames; `next` then throws what the query was cancelled with. */
  readonly #abort = (): void => void this.#frames.close()

  constructor(key: PartitionKey, worker: string, frames: FrameStream, schema: Schema, context: TaskContext) {
    this.schema = schema
    this.#key = key
    this.#worker = worker
    this.#frames = frames
    this.#context = context
    context.signal?.addEventListener('abort', this.#abort)
  }

  async next(): Promise<RecordBatch | null> {
    this.#releaseCurrent()
    while (this.#pending.length === 0) {
      if (this.#finished) return null
      const frame = await this.#frames.next()
      if (this.#finished) return null
      this.#context.throwIfCancelled()
      if (frame === null) throw this.#broken('ended without its end mark', SqlState.workerLost)
      this.#take(frame)
    }
    const batch = this.#pending.shift()!
    const region = this.#context.region()
    try {
      this.#current =
        batch instanceof Uint8Array
          ? unpackBatch(batch, this.schema, region)
          : fromArrowRecordBatch(batch, this.schema, region)
    } catch (error) {
      region.release()
      throw error
    }
    this.#rows += this.#current.numRows
    return this.#current
  }

  async close(): Promise<void> {
    this.#finished = true
    this.#context.signal?.removeEventListener('abort', this.#abort)
    this.#pending = []
    this.#releaseCurrent()
    await this.#frames.close()
  }

  #take(frame: Frame): void {
    const { query, stage, task, attempt, partition } = this.#key
    const same =
      frame.query === query &&
      frame.stage === stage &&
      frame.task === task &&
      frame.attempt === attempt &&
      frame.partition === partition
    if (!same) throw this.#broken('sent a frame of another partition', SqlState.protocolViolation)
    if (frame.sequence !== this.#sequence) {
      throw this.#broken(`sent frame ${frame.sequence} where ${this.#sequence} was due`, SqlState.protocolViolation)
    }
    this.#sequence++
    switch (frame.body.kind) {
      case 'data':
        if (frame.body.packed === true) {
          this.#pending = packedBatches(frame.body.bytes)
          return
        }
        verifyIpc(frame.body.bytes)
        this.#pending = decodeIpc(frame.body.bytes).batches.filter((batch) => batch.numRows > 0)
        return
      case 'error':
        this.#finished = true
        throw frame.body.error.about({ worker: this.#worker })
      case 'end':
        this.#finished = true
        if (frame.body.rows !== this.#rows) {
          throw this.#broken(`marked ${frame.body.rows} rows where ${this.#rows} arrived`, SqlState.protocolViolation)
        }
    }
  }

  #broken(what: string, code: string): VolleyError {
    const which = `partition ${this.#key.partition} of ${formatTask(this.#key)}`
    return new VolleyError(`worker ${this.#worker}: ${which} ${what}`, { code, worker: this.#worker })
  }

  #releaseCurrent(): void {
    this.#current?.release()
    this.#current = null
  }
}
