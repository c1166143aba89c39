import type { Schema } from 'apache-arrow'
import { batchBytes } from '../runtime/batch-bytes.ts'
import { concatBatches, copyRows } from '../runtime/collect-batch.ts'
import { sliceRows } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { Spill, SpilledBatch } from './spill.ts'

/** How many parts rows are dealt to at a time. */
export const FAN_OUT = 16
const FAN_OUT_BITS = 4

/** Rows with these bits of their hash in common, in the order in which they came. */
export interface SpilledPart {
  readonly batches: SpilledBatch[]
  rows: number
  bytes: number
}

export function emptyPart(): SpilledPart {
  return { batches: [], rows: 0, bytes: 0 }
}

/** The part, below FAN_OUT, that a hash falls into at a level of dealing; each level looks at the hash in another way. */
export function partOf(hash: number, level: number): number {
  let h = hash ^ Math.imul(level + 1, 0x9e3779b9)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> (32 - FAN_OUT_BITS)
}

/** Rows by part, in their order inside each: those of part p end at `ends[p]`. */
function dealParts(
  rows: Uint32Array,
  parts: Uint32Array,
  count: number,
): { readonly order: Uint32Array; readonly ends: Uint32Array } {
  const ends = new Uint32Array(count)
  for (let k = 0; k < rows.length; k++) ends[parts[k]!]!++
  let end = 0
  for (let p = 0; p < count; p++) {
    const size = ends[p]!
    ends[p] = end
    end += size
  }
  const order = new Uint32Array(rows.length)
  for (let k = 0; k < rows.length; k++) order[ends[parts[k]!]!++] = rows[k]!
  return { order, ends }
}

/** What rows may take that wait to be written, of an operator whose part of the memory is `part`, beyond a small constant. */
export function bufferBytesFor(part: number): number {
  return Math.min(16 << 20, Math.floor(part / 8))
}

/** Smaller writes cost more than the memory is worth. */
const LEAST_BUFFER = 64 * 1024

interface Waiting {
  pieces: RecordBatch[]
  bytes: number
}

/** Deals rows to parts on disk. Rows wait in memory until a part has enough of them for a write, or all have too many. */
export class PartitionedSpill {
  readonly parts: readonly SpilledPart[]
  readonly #schema: Schema
  readonly #spill: Spill
  readonly #context: TaskContext
  readonly #waiting: readonly Waiting[]
  readonly #bufferBytes: number
  readonly #chunkBytes: number
  #buffered = 0

  /** `part` is the operator's part of the memory. */
  constructor(schema: Schema, count: number, spill: Spill, part: number, context: TaskContext) {
    this.#schema = schema
    this.#spill = spill
    this.#context = context
    this.#bufferBytes = Math.max(LEAST_BUFFER, bufferBytesFor(part))
    this.#chunkBytes = Math.max(1024, Math.min(1 << 20, Math.floor(part / 12)))
    this.parts = Array.from({ length: count }, emptyPart)
    this.#waiting = this.parts.map(() => ({ pieces: [], bytes: 0 }))
  }

  /** Adds rows of a batch: the k-th of `rows` goes to part `parts[k]`. */
  async add(batch: RecordBatch, rows: Uint32Array, parts: Uint32Array): Promise<void> {
    const { order, ends } = dealParts(rows, parts, this.parts.length)
    for (let p = 0, start = 0; p < ends.length; start = ends[p++]!) {
      if (ends[p] === start) continue
      const piece = copyRows(batch, order.subarray(start, ends[p]), this.#context)
      const waiting = this.#waiting[p]!
      waiting.pieces.push(piece)
      waiting.bytes += batchBytes(piece)
      this.#buffered += batchBytes(piece)
    }
    if (this.#buffered <= this.#bufferBytes) return
    // The fuller half is written: what waits in the others would make small writes.
    const fair = this.#buffered / this.parts.length
    for (let p = 0; p < this.parts.length; p++) if (this.#waiting[p]!.bytes >= fair) await this.#write(p)
  }

  async #write(p: number): Promise<void> {
    const waiting = this.#waiting[p]!
    if (waiting.pieces.length === 0) return
    const whole =
      waiting.pieces.length === 1
        ? waiting.pieces[0]!.retain()
        : concatBatches(this.#schema, waiting.pieces, this.#context)
    const rows = Math.max(1, Math.floor((this.#chunkBytes * whole.length) / Math.max(1, waiting.bytes)))
    this.#drop(waiting)
    try {
      if (whole.length <= rows) {
        addBatch(this.parts[p]!, await this.#spill.write(whole))
        return
      }
      for (const piece of sliceRows(whole, rows, this.#context)) {
        try {
          addBatch(this.parts[p]!, await this.#spill.write(piece))
        } finally {
          piece.release()
        }
      }
    } finally {
      whole.release()
    }
  }

  #drop(waiting: Waiting): void {
    for (const piece of waiting.pieces) piece.release()
    this.#buffered -= waiting.bytes
    waiting.pieces = []
    waiting.bytes = 0
  }

  /** Writes what waits. */
  async flush(): Promise<void> {
    for (let p = 0; p < this.parts.length; p++) await this.#write(p)
  }

  /** Frees what waits. */
  release(): void {
    for (const waiting of this.#waiting) this.#drop(waiting)
  }
}

function addBatch(part: SpilledPart, batch: SpilledBatch): void {
  part.batches.push(batch)
  part.rows += batch.rows
  part.bytes += batch.bytes
}
