import { encodeIpc, toArrowRecordBatch, type BatchStream, type VolleyError } from '@volley/core'
import { toVolleyError } from '@volley/codec'
import type { RecordBatch as ArrowRecordBatch } from 'apache-arrow'
import type { Frame, FrameBody, FrameStream, PartitionKey } from './frame.ts'

/** Payload that a frame aims at: gRPC moves large messages twice as fast as 16 kB ones. */
const TARGET_BYTES = 1024 * 1024
/** A batch above this is cut, so that a frame stays well below gRPC's limit on messages. */
const CUT_BYTES = 4 * TARGET_BYTES
/** Rows are not held back longer than this for a frame to fill. */
const LINGER_MS = 50

/** Turns a partition's batches into frames: data, then the end mark or the error that ended it. */
export class FrameWriter implements FrameStream {
  readonly #key: PartitionKey
  readonly #stream: BatchStream
  readonly #ready: ArrowRecordBatch[] = []
  #pending: Promise<void> | null = null
  #sequence = 0
  #finished = false
  #reason: VolleyError | null = null
  #drained = false
  /** Rows and payload bytes so far. */
  rows = 0
  bytes = 0

  constructor(key: PartitionKey, stream: BatchStream) {
    this.#key = key
    this.#stream = stream
  }

  async next(): Promise<Frame | null> {
    if (this.#finished) return this.#lastWord()
    try {
      const batches = await this.#gather()
      if (this.#finished) return this.#lastWord()
      if (batches.length === 0) {
        await this.close()
        return this.#frame({ kind: 'end', rows: this.rows })
      }
      const bytes = encodeIpc(batches[0]!.schema, batches)
      this.bytes += bytes.byteLength
      for (const batch of batches) this.rows += batch.numRows
      return this.#frame({ kind: 'data', bytes })
    } catch (error) {
      if (this.#finished) return this.#lastWord()
      await this.close()
      return this.#frame({ kind: 'error', error: toVolleyError(error) })
    }
  }

  async close(): Promise<void> {
    this.#finished = true
    this.#ready.length = 0
    await this.#stream.close()
  }

  /** Stops; the consumer, if there is one, gets an error frame. */
  async abort(reason: VolleyError): Promise<void> {
    if (!this.#finished) this.#reason = reason
    await this.close()
  }

  #lastWord(): Frame | null {
    const error = this.#reason
    this.#reason = null
    return error === null ? null : this.#frame({ kind: 'error', error })
  }

  /** Batches for one frame; none at the end. */
  async #gather(): Promise<ArrowRecordBatch[]> {
    const deadline = performance.now() + LINGER_MS
    const batches: ArrowRecordBatch[] = []
    let bytes = 0
    while (bytes < TARGET_BYTES && !this.#finished) {
      const ready = this.#ready.shift()
      if (ready !== undefined) {
        batches.push(ready)
        bytes += ready.data.byteLength
        continue
      }
      if (this.#drained) break
      if (this.#pending === null) {
        this.#pending = this.#pull()
        // A failure is thrown to who waits for it, maybe only for the next frame.
        this.#pending.catch(() => {})
      }
      if (batches.length === 0) await this.#pending
      else if (!(await settles(this.#pending, deadline - performance.now()))) break
      this.#pending = null
    }
    return batches
  }

  /** Takes the next batch, in copy. */
  async #pull(): Promise<void> {
    const batch = await this.#stream.next()
    if (this.#finished) return
    if (batch === null) this.#drained = true
    else if (batch.numRows > 0) this.#ready.push(...cut(toArrowRecordBatch(batch)))
  }

  #frame(body: FrameBody): Frame {
    return { ...this.#key, sequence: this.#sequence++, body }
  }
}

/** Whether the work is done within `ms`; throws what it throws within that time. */
async function settles(work: Promise<void>, ms: number): Promise<boolean> {
  if (ms <= 0) return false
  let timer: NodeJS.Timeout
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false)
  })
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer))
}

function cut(batch: ArrowRecordBatch): ArrowRecordBatch[] {
  if (batch.data.byteLength <= CUT_BYTES || batch.numRows <= 1) return [batch]
  const pieces = Math.min(batch.numRows, Math.ceil(batch.data.byteLength / TARGET_BYTES))
  const bound = (k: number): number => Math.floor((k * batch.numRows) / pieces)
  return Array.from({ length: pieces }, (_, k) => batch.slice(bound(k), bound(k + 1)))
}
