import { ArrowChunk, decodeIpc, encodeIpc } from '@volley/core'
import type { RecordBatch } from 'apache-arrow'

/** Rows of a chunk, and of a piece of shared memory. */
const CHUNK_ROWS = 1_048_576

let ids = 0

/** Some rows of a table in memory. They move to shared memory when threads first read them, and stay there. */
export class TablePart {
  readonly id: number = ++ids
  readonly rows: number
  readonly bytes: number
  readonly chunks: readonly ArrowChunk[]
  #pieces: readonly SharedArrayBuffer[] | null = null

  constructor(chunks: readonly ArrowChunk[]) {
    this.chunks = chunks
    this.rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
    this.bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
  }

  /** Bytes of some columns. */
  bytesOf(columns: readonly number[]): number {
    let sum = 0
    for (const chunk of this.chunks) for (const i of columns) sum += chunk.bytesOf(i)
    return sum
  }

  get batches(): readonly RecordBatch[] {
    return this.chunks.flatMap((chunk) => chunk.batches)
  }

  get isShared(): boolean {
    return this.#pieces !== null
  }

  /** The rows as Arrow IPC streams in shared memory, one for each chunk, which the batches are views of from now on. */
  share(): readonly SharedArrayBuffer[] {
    if (this.#pieces !== null) return this.#pieces
    const pieces: SharedArrayBuffer[] = []
    for (const chunk of this.chunks) {
      const bytes = encodeIpc(chunk.batches[0]!.schema, chunk.batches)
      const piece = new SharedArrayBuffer(bytes.byteLength)
      new Uint8Array(piece).set(bytes)
      pieces.push(piece)
      chunk.move(readShared(piece))
    }
    this.#pieces = pieces
    return pieces
  }
}

/**
 * Chunks with more rows behind them. Those of few rows are brought together, a row again and again only as its chunk
 * doubles: what is kept of the others elsewhere stays.
 */
export function withBatches(chunks: readonly ArrowChunk[], batches: readonly RecordBatch[]): ArrowChunk[] {
  const all = [...chunks]
  for (let from = 0; from < batches.length;) {
    let to = from
    for (let rows = 0; to < batches.length && rows < CHUNK_ROWS; to++) rows += batches[to]!.numRows
    all.push(new ArrowChunk(batches.slice(from, to)))
    from = to
  }
  while (all.length > 1) {
    const [before, last] = [all.at(-2)!, all.at(-1)!]
    if (before.rows > 2 * last.rows || before.rows + last.rows > CHUNK_ROWS) break
    all.splice(-2, 2, new ArrowChunk([...before.batches, ...last.batches]))
  }
  return all
}

/** The batches in a piece of shared memory, as views of it. */
export function readShared(piece: SharedArrayBuffer): readonly RecordBatch[] {
  return decodeIpc(new Uint8Array(piece)).batches
}
