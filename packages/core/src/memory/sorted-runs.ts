import type { Schema } from 'apache-arrow'
import { SortedMerger } from '../operators/sorted-merger.ts'
import type { ExecutionPlan, SortKey } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import { sliceRows } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { MemoryReservation } from './memory-pool.ts'
import { chunkBytesFor, Spill, type SpilledBatch } from './spill.ts'

const MAX_FAN_IN = 64

/** A sorted run on disk. */
type Run = readonly SpilledBatch[]

/**
 * Sorted runs on disk, merged in as many rounds as memory asks for (Knuth, volume 3, 5.4.1). Of equal rows, those of the
 * run that was added first come first.
 */
export class SortedRuns {
  readonly #schema: Schema
  readonly #keys: readonly SortKey[]
  readonly #fetch: number
  readonly #memory: MemoryReservation
  readonly #context: TaskContext
  readonly #spill: Spill
  #runs: Run[] = []

  /** `fetch` rows are wanted at most; null is all. The rows have the node's schema unless it is said. */
  constructor(
    node: ExecutionPlan,
    keys: readonly SortKey[],
    fetch: number | null,
    memory: MemoryReservation,
    context: TaskContext,
    schema: Schema = node.schema,
  ) {
    this.#schema = schema
    this.#keys = keys
    this.#fetch = fetch ?? Infinity
    this.#memory = memory
    this.#context = context
    this.#spill = new Spill(node, memory, context)
  }

  get count(): number {
    return this.#runs.length
  }

  /** Writes a sorted batch as a run, and releases it. `wanted` is what was refused. */
  async add(sorted: RecordBatch, wanted: number): Promise<void> {
    try {
      this.#spill.begin(wanted)
      const chunkBytes = chunkBytesFor(this.#memory.part)
      const rowBytes = Math.max(1, batchBytes(sorted) / Math.max(1, sorted.length))
      const run: SpilledBatch[] = []
      for (const piece of sliceRows(sorted, Math.max(1, Math.floor(chunkBytes / rowBytes)), this.#context)) {
        try {
          run.push(await this.#spill.write(piece))
        } finally {
          piece.release()
        }
      }
      this.#runs.push(run)
    } finally {
      sorted.release()
    }
  }

  /** All rows in order, in batches with one reference, the receiver's. */
  async *merged(): AsyncGenerator<RecordBatch, void, void> {
    const chunkBytes = Math.max(1, ...this.#runs.flat().map((batch) => batch.bytes))
    // Of each run, one batch is read while rows of the one before may wait to be written.
    const fanIn = Math.max(2, Math.min(MAX_FAN_IN, Math.floor(this.#memory.capacity / (3 * chunkBytes))))
    await this.#memory.require(Math.min(fanIn, this.#runs.length) * 2 * chunkBytes)
    while (this.#runs.length > fanIn) {
      const runs: Run[] = []
      for (let start = 0; start < this.#runs.length; start += fanIn) {
        runs.push(await this.#rewritten(this.#runs.slice(start, start + fanIn), chunkBytes))
      }
      this.#runs = runs
    }
    const [bytes, rows] = this.#runs.flat().reduce(([b, r], run) => [b + run.bytes, r + run.rows], [0, 0])
    yield* this.#merge(this.#runs, rowsAtOnce(bytes, rows, this.#memory, this.#context))
  }

  async #rewritten(runs: readonly Run[], chunkBytes: number): Promise<Run> {
    if (runs.length === 1) return runs[0]!
    const [{ bytes, rows }] = runs[0] as [SpilledBatch]
    const run: SpilledBatch[] = []
    for await (const batch of this.#merge(runs, Math.max(1, Math.floor((chunkBytes * rows) / Math.max(1, bytes))))) {
      try {
        run.push(await this.#spill.write(batch))
      } finally {
        batch.release()
      }
    }
    return run
  }

  async *#merge(runs: readonly Run[], batchSize: number): AsyncGenerator<RecordBatch, void, void> {
    const merger = new SortedMerger(this.#schema, this.#keys, runs.length, this.#context)
    const positions = runs.map(() => 0)
    const load = async (input: number): Promise<void> => {
      const next = runs[input]![positions[input]!++]
      const batch = next === undefined ? null : await this.#spill.read(next)
      try {
        merger.load(input, batch)
      } finally {
        batch?.release()
      }
    }
    let remaining = this.#fetch
    try {
      for (let input = 0; input < runs.length; input++) await load(input)
      while (remaining > 0) {
        const empty = merger.advance(Math.min(batchSize, remaining))
        if (empty !== null) {
          await load(empty)
          continue
        }
        const batch = merger.flush()
        if (batch === null) return
        remaining -= batch.length
        yield batch
      }
    } finally {
      merger.release()
    }
  }

  async delete(): Promise<void> {
    await this.#spill.delete()
  }
}

/** Rows in a batch of sorted rows, of which `rows` take `bytes`: few enough that who reads them can hold some. */
export function rowsAtOnce(bytes: number, rows: number, memory: MemoryReservation, context: TaskContext): number {
  return Math.max(1, Math.min(context.batchSize, Math.floor((memory.floor / 8) * (rows / Math.max(1, bytes)))))
}
