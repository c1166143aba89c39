import type { Expr } from '../expressions/expr.ts'
import { hashKeys } from '../operators/join-hash-table.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { concatSteps } from '../runtime/collect-batch.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { fittingPieces } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { bufferBytesFor, FAN_OUT, partOf, PartitionedSpill, type SpilledPart } from './partitioned-spill.ts'
import { chunkBytesFor, Spill, type SpilledBatch } from './spill.ts'

/** Levels of dealing, after which a hash of 32 bits has no more to tell. */
const MAX_LEVEL = 7

export interface SpilledRowsOptions {
  readonly node: ExecutionPlan
  readonly input: BatchStream
  /** Rows that are equal in them must stay together. */
  readonly keys: readonly Expr[]
  /** What it takes to work on so many rows at once. */
  readonly workBytes: (bytes: number, rows: number) => number
  /** Whether rows that do not fit may come one batch after the other instead. */
  readonly streams: boolean
}

/** Rows batch by batch, each with one reference, the receiver's. */
export type RowStream = AsyncGenerator<RecordBatch, void, void>

function rowsOf({ parts }: PartitionedSpill): number {
  return parts.reduce((sum, part) => sum + part.rows, 0)
}

/** Rows on disk, dealt to parts by the hash of keys, in their order inside each part. */
export class SpilledRows {
  readonly #options: SpilledRowsOptions
  readonly #memory: MemoryReservation
  readonly #context: TaskContext
  readonly #spill: Spill
  /** Rows that had to go before the others had come. */
  readonly #early: SpilledBatch[] = []

  constructor(options: SpilledRowsOptions, memory: MemoryReservation, context: TaskContext) {
    this.#options = options
    this.#memory = memory
    this.#context = context
    this.#spill = new Spill(options.node, memory, context)
  }

  /** Whether rows were written. */
  get begun(): boolean {
    return this.#early.length > 0
  }

  /** Writes rows as they are, and releases them; `wholes` has them before those that it is given. */
  async write(held: RecordBatch[]): Promise<void> {
    this.#spill.begin(this.#memory.bytes)
    const { part } = this.#memory
    for (let batch = held.shift(); batch !== undefined; batch = held.shift()) {
      try {
        for (const piece of fittingPieces(batch, batchBytes(batch), chunkBytesFor(part), this.#context)) {
          try {
            this.#early.push(await this.#spill.write(piece))
          } finally {
            piece.release()
          }
        }
      } finally {
        batch.release()
      }
    }
    this.#memory.tryResize(0)
  }

  async *#all(held: RecordBatch[]): RowStream {
    const { input } = this.#options
    for (const written of this.#early) yield await this.#spill.read(written)
    for (let batch = held.shift(); batch !== undefined; batch = held.shift()) yield batch
    for (let batch = await input.next(); batch !== null; batch = await input.next()) yield batch.retain()
    await input.close()
  }

  /**
   * Writes the rows of `held`, which are released, and of the input, and gives them back part by part: in one batch each, or
   * batch by batch where a part does not fit; each batch has one reference, the receiver's. `wanted` is what was refused.
   *
   * @throws VolleyError 53200 when rows that must stay together do not fit, unless they stream.
   */
  async *wholes(held: RecordBatch[], wanted: number): AsyncGenerator<RecordBatch | RowStream, void, void> {
    const { keys, streams } = this.#options
    if (keys.length === 0 && !streams) throw this.#memory.refused(wanted, 'rows without PARTITION BY must fit')
    this.#spill.begin(wanted)
    if (keys.length === 0) {
      this.#memory.free()
      yield this.#all(held)
      return
    }
    const parts = this.#newParts()
    try {
      for await (const batch of this.#all(held)) {
        await this.#deal(batch, parts, 0)
        if (held.length === 0) this.#memory.tryResize(bufferBytesFor(this.#memory.part))
      }
      await parts.flush()
    } finally {
      parts.release()
    }
    const rows = rowsOf(parts)
    for (const part of parts.parts) yield* this.#wholesOf(part, 0, rows)
  }

  /** `dealt` is how many rows were dealt with those of the part. */
  async *#wholesOf(
    part: SpilledPart,
    level: number,
    dealt: number,
  ): AsyncGenerator<RecordBatch | RowStream, void, void> {
    if (part.rows === 0) return
    const wanted = this.#options.workBytes(part.bytes, part.rows)
    if (this.#memory.tryResize(wanted)) {
      yield await this.#load(part)
      return
    }
    // To deal rows again does not help where many have one key.
    if (this.#options.streams && (level === MAX_LEVEL || part.rows * 2 > dealt)) {
      this.#memory.tryResize(0)
      yield this.#stream(part)
      return
    }
    if (level === MAX_LEVEL) throw this.#memory.refused(wanted, 'the rows of one PARTITION BY key must fit')
    this.#spill.begin(wanted)
    const parts = this.#newParts()
    try {
      for (const written of part.batches) await this.#deal(await this.#spill.read(written), parts, level + 1)
      await parts.flush()
    } finally {
      parts.release()
    }
    for (const sub of parts.parts) yield* this.#wholesOf(sub, level + 1, part.rows)
  }

  async *#stream(part: SpilledPart): RowStream {
    for (const written of part.batches) yield await this.#spill.read(written)
  }

  #newParts(): PartitionedSpill {
    const { schema } = this.#options.input
    return new PartitionedSpill(schema, FAN_OUT, this.#spill, this.#memory.part, this.#context)
  }

  /** Deals rows, and releases the batch. */
  async #deal(batch: RecordBatch, parts: PartitionedSpill, level: number): Promise<void> {
    const scratch = this.#context.region()
    try {
      const rows = batch.selection ?? allRows(batch.length)
      const keys = this.#options.keys.map((key) => key.evaluate(batch, batch.selection, scratch))
      const numbers = hashKeys(keys, rows)
      for (let k = 0; k < numbers.length; k++) numbers[k] = partOf(numbers[k]!, level)
      await parts.add(batch, rows, numbers)
    } finally {
      scratch.release()
      batch.release()
    }
  }

  async #load(part: SpilledPart): Promise<RecordBatch> {
    const read: RecordBatch[] = []
    try {
      for (const written of part.batches) read.push(await this.#spill.read(written))
      if (read.length === 1) return read[0]!.retain()
      return await runSteps(concatSteps(this.#options.input.schema, read, this.#context), this.#context)
    } finally {
      for (const batch of read) batch.release()
    }
  }

  async delete(): Promise<void> {
    await this.#spill.delete()
  }
}
