import { decodeIpc, encodeIpc } from '@volley/core'
import type { RecordBatch } from 'apache-arrow'

/** Rows that go into one piece of shared memory. */
const PIECE_ROWS = 1_048_576

let ids = 0

/** Some rows of a table in memory. They move to shared memory when threads first read them, and stay there. */
export class TablePart {
  readonly id: number = ++ids
  readonly rows: number
  readonly bytes: number
  #batches: readonly RecordBatch[]
  #pieces: readonly SharedArrayBuffer[] | null = null

  constructor(batches: readonly RecordBatch[]) {
    this.#batches = batches
    this.rows = batches.reduce((sum, batch) => sum + batch.numRows, 0)
    this.bytes = batches.reduce((sum, batch) => sum + batch.data.byteLength, 0)
  }

  /** Bytes of some columns. */
  bytesOf(columns: readonly number[]): number {
    let sum = 0
    for (const batch of this.#batches) for (const i of columns) sum += batch.data.children[i]!.byteLength
    return sum
  }

  get batches(): readonly RecordBatch[] {
    return this.#batches
  }

  get isShared(): boolean {
    return this.#pieces !== null
  }

  /** The rows as Arrow IPC streams in shared memory, which the batches are views of from now on. */
  share(): readonly SharedArrayBuffer[] {
    if (this.#pieces !== null) return this.#pieces
    const pieces: SharedArrayBuffer[] = []
    const views: RecordBatch[] = []
    for (let from = 0; from < this.#batches.length;) {
      let to = from
      for (let rows = 0; to < this.#batches.length && rows < PIECE_ROWS; to++) rows += this.#batches[to]!.numRows
      const group = this.#batches.slice(from, to)
      const bytes = encodeIpc(group[0]!.schema, group)
      const piece = new SharedArrayBuffer(bytes.byteLength)
      new Uint8Array(piece).set(bytes)
      pieces.push(piece)
      views.push(...readShared(piece))
      from = to
    }
    this.#batches = views
    this.#pieces = pieces
    return pieces
  }
}

/** The batches in a piece of shared memory, as views of it. */
export function readShared(piece: SharedArrayBuffer): readonly RecordBatch[] {
  return decodeIpc(new Uint8Array(piece)).batches
}
