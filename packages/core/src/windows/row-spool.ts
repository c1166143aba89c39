import type { Region } from '@volley/kernels'
import type { Expr } from '../expressions/expr.ts'
import type { Spill, SpilledBatch } from '../memory/spill.ts'
import { concatSteps, sharesMemory } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { vectorOf } from '../vectors/build.ts'
import { concatVectors } from '../vectors/concat.ts'
import { sliceVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'

/** Batches that are kept in memory when they were read. */
const KEPT_BATCHES = 2

/** Rows on disk, by number. Those that are near one another are read together. */
export class RowSpool {
  /** Number of the first row of each batch, and of the row behind the last. */
  readonly starts: Uint32Array
  readonly #batches: readonly SpilledBatch[]
  readonly #spill: Spill
  readonly #context: TaskContext
  /** The batch read last is the last. */
  readonly #kept: { readonly index: number; readonly batch: RecordBatch }[] = []

  constructor(batches: readonly SpilledBatch[], spill: Spill, context: TaskContext) {
    this.#batches = batches
    this.#spill = spill
    this.#context = context
    this.starts = new Uint32Array(batches.length + 1)
    for (const [i, { rows }] of batches.entries()) this.starts[i + 1] = this.starts[i]! + rows
  }

  /** What the batches take at most that are kept. */
  get bytes(): number {
    return KEPT_BATCHES * this.#batches.reduce((most, { bytes }) => Math.max(most, bytes), 0)
  }

  get rows(): number {
    return this.starts.at(-1)!
  }

  /** About what rows take. */
  get rowBytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, this.rows)
  }

  /** Number of the batch that has a row. */
  indexOf(row: number): number {
    let [low, high] = [0, this.#batches.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.starts[middle]! <= row) low = middle
      else high = middle - 1
    }
    return low
  }

  /** A batch by its number. It is kept until others were read. */
  async batch(index: number): Promise<RecordBatch> {
    const at = this.#kept.findIndex((each) => each.index === index)
    const found =
      at < 0 ? { index, batch: await this.#spill.read(this.#batches[index]!) } : this.#kept.splice(at, 1)[0]!
    this.#kept.push(found)
    if (this.#kept.length > KEPT_BATCHES) this.#kept.shift()!.batch.release()
    return found.batch
  }

  /** An expression's value at each of some rows, in the region's memory; NULL where the number is `NO_ROW`. */
  async gather(expr: Expr, rows: Uint32Array, region: Region): Promise<Vector> {
    const parts: Vector[] = []
    const places = new Uint32Array(rows.length).fill(NO_ROW)
    const byBatch = new Map<number, number[]>()
    let near = 0
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      if (row === NO_ROW) continue
      if (row < this.starts[near]! || row >= this.starts[near + 1]!) near = this.indexOf(row)
      const asked = byBatch.get(near)
      if (asked === undefined) byBatch.set(near, [k])
      else asked.push(k)
    }
    let end = 0
    for (const [index, asked] of byBatch) {
      const batch = await this.batch(index)
      const local = Uint32Array.from(asked, (k) => rows[k]! - this.starts[index]!)
      for (const k of asked) places[k] = end++
      parts.push(this.#taken(expr, batch, local, region))
    }
    if (parts.length === 0) return takeVector(vectorOf(expr.type, [null], region), places, rows.length, region)
    const whole = parts.length === 1 ? parts[0]! : concatVectors(parts, region)
    return takeVector(whole, places, rows.length, region)
  }

  #taken(expr: Expr, batch: RecordBatch, rows: Uint32Array, region: Region): Vector {
    const scratch = this.#context.region()
    try {
      const taken = takeVector(expr.evaluate(batch, null, scratch), rows, rows.length, region)
      if (sharesMemory(taken)) {
        region.dependOn(scratch)
        region.dependOn(batch.region)
      }
      return taken
    } finally {
      scratch.release()
    }
  }

  /** The rows of ranges of numbers, ascending, in one batch with one reference, the caller's. */
  async read(ranges: readonly (readonly [start: number, end: number])[]): Promise<RecordBatch> {
    const pieces: RecordBatch[] = []
    const { schema } = this.#batches[0]!
    try {
      for (const [start, end] of ranges) {
        for (let row = start; row < end;) {
          const index = this.indexOf(row)
          const [first, last] = [this.starts[index]!, this.starts[index + 1]!]
          const batch = await this.batch(index)
          const to = Math.min(end, last)
          pieces.push(sliceOf(batch, row - first, to - first, this.#context))
          row = to
        }
      }
      return await runSteps(concatSteps(schema, pieces, this.#context), this.#context)
    } finally {
      for (const piece of pieces) piece.release()
    }
  }

  release(): void {
    for (const { batch } of this.#kept.splice(0)) batch.release()
  }
}

function sliceOf(batch: RecordBatch, start: number, end: number, context: TaskContext): RecordBatch {
  if (start === 0 && end === batch.length) return batch.retain()
  const region = context.region()
  region.dependOn(batch.region)
  const columns = batch.columns.map((column) => sliceVector(column, start, end, region))
  return new RecordBatch(batch.schema, columns, end - start, null, region)
}
