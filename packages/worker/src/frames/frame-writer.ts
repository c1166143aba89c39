import { encodeIpc, packBatch, toIpcRecordBatch, type BatchStream, type VolleyError } from '@volley/core'
import { toVolleyError } from '@volley/codec'
import type { RecordBatch as ArrowRecordBatch } from 'apache-arrow'
import type { Frame, FrameBody, FrameStream, PartitionKey } from './frame.ts'

/** Payload that a frame aims at: gRPC moves large messages twice as fast as 16 kB ones. */
const TARGET_BYTES = 1024 * 1024
/** A batch above this is cut, so that a frame stays well below gRPC's limit on messages. */
const CUT_BYTES = 4 * TARGET_BYTES
/** Rows are not held back longer than this for a frame to fill. */
const LINGER_MS = 50
/** The same between threads, where a message costs little and the other side has nothing else to do. */
const PACKED_TARGET_BYTES = 256 * 1024
const PACKED_LINGER_MS = 5

/** Some rows, encoded or nearly so. */
interface Piece {
  readonly rows: number
  readonly bytes: number
  readonly payload: ArrowRecordBatch | Uint8Array
}

/**
 * Turns a partition's batches into frames: data, then the end mark or the error that ended it. `packed` ones are for
 * threads of this process.
 */
export class FrameWriter implements FrameStream {
  readonly #key: PartitionKey
  readonly #stream: BatchStream
  readonly #packed: boolean
  readonly #ready: Piece[] = []
  #pending: Promise<void> | null = null
  #sequence = 0
  #finished = false
  #reason: VolleyError | null = null
  #drained = false
  /** Rows and payload bytes so far. */
  rows = 0
  bytes = 0

  constructor(key: PartitionKey, stream: BatchStream, packed = false) {
    this.#key = key
    this.#stream = stream
    this.#packed = packed
  }

  async next(): Promise<Frame | null> {
    if (this.#finished) return this.#lastWord()
    try {
      const pieces = await this.#gather()
      if (this.#finished) return this.#lastWord()
      if (pieces.length === 0) {
        await this.close()
        return this.#frame({ kind: 'end', rows: this.rows })
      }
      const bytes = this.#packed ? joined(pieces) : encoded(pieces)
      this.bytes += bytes.byteLength
      for (const piece of pieces) this.rows += piece.rows
      return this.#frame({ kind: 'data', bytes, ...(this.#packed ? { packed: true } : {}) })
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

  /** Rows for one frame; none at the end. */
  async #gather(): Promise<Piece[]> {
    const deadline = performance.now() + (this.#packed ? PACKED_LINGER_MS : LINGER_MS)
    const target = this.#packed ? PACKED_TARGET_BYTES : TARGET_BYTES
    const pieces: Piece[] = []
    let bytes = 0
    while (bytes < target && !this.#finished) {
      const ready = this.#ready.shift()
      if (ready !== undefined) {
        pieces.push(ready)
        bytes += ready.bytes
        continue
      }
      if (this.#drained) break
      if (this.#pending === null) {
        this.#pending = this.#pull()
        // A failure is thrown to who waits for it, maybe only for the next frame.
        this.#pending.catch(() => {})
      }
      if (pieces.length === 0) await this.#pending
      else if (!(await settles(this.#pending, deadline - performance.now()))) break
      this.#pending = null
    }
    return pieces
  }

  /** Takes the next batch, in copy. */
  async #pull(): Promise<void> {
    const batch = await this.#stream.next()
    if (this.#finished) return
    if (batch === null) this.#drained = true
    else if (batch.numRows === 0) return
    else if (this.#packed) {
      const payload = packBatch(batch)
      this.#ready.push({ rows: batch.numRows, bytes: payload.byteLength, payload })
    } else {
      for (const payload of cut(toIpcRecordBatch(batch)))
        this.#ready.push({ rows: payload.numRows, bytes: payload.data.byteLength, payload })
    }
  }

  #frame(body: FrameBody): Frame {
    return { ...this.#key, sequence: this.#sequence++, body }
  }
}

function encoded(pieces: readonly Piece[]): Uint8Array {
  const batches = pieces.map((piece) => piece.payload as ArrowRecordBatch)
  return encodeIpc(batches[0]!.schema, batches)
}

function joined(pieces: readonly Piece[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!.payload as Uint8Array
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.bytes, 0))
  let at = 0
  for (const { payload } of pieces) {
    bytes.set(payload as Uint8Array, at)
    at += (payload as Uint8Array).byteLength
  }
  return bytes
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
