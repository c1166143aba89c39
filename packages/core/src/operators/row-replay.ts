import type { MemoryReservation } from '../memory/memory-pool.ts'
import { Spill } from '../memory/spill.ts'
import { writeWaiting, type WaitingBatch } from '../memory/waiting-batch.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch } from '../runtime/collect-batch.ts'
import type { OperatorMetrics } from '../runtime/metrics.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'

/**
 * Gives every batch of one stream to each of several readers. It reads when a reader has seen all that is there, whatever
 * the others are at: one may read to the end before another begins. A batch is let go of when every reader has seen it or
 * was closed; one for which there is no memory waits on disk.
 */
export class RowReplay {
  readonly #input: BatchStream
  readonly #context: TaskContext
  readonly #metrics: OperatorMetrics
  readonly #memory: MemoryReservation
  readonly #spill: Spill
  readonly #dictionaries = new Set<Vector>()
  /** Batches that were read, less the first `#dropped`. */
  #waiting: WaitingBatch[] = []
  #dropped = 0
  /** How many batches each reader has seen; Infinity of those that are closed. */
  readonly #seen: number[]
  #reading: Promise<void> | null = null
  #ended = false
  #error: unknown = null

  constructor(node: ExecutionPlan, input: BatchStream, readers: number, context: TaskContext) {
    this.#input = input
    this.#context = context
    this.#metrics = context.metricsOf(node)
    this.#memory = context.reserve(node, true)
    this.#spill = new Spill(node, this.#memory, context)
    this.#memory.lendAlways(() => this.#writeWaiting())
    this.#seen = Array.from({ length: readers }, () => 0)
    context.onClose(async () => {
      for (let reader = 0; reader < readers; reader++) await this.#close(reader)
      this.#memory.free()
      await this.#spill.delete()
    })
  }

  /** The next batch of a reader, with one reference, the caller's; null at the end. */
  async next(reader: number): Promise<RecordBatch | null> {
    for (;;) {
      const at = this.#seen[reader]! - this.#dropped
      if (at === Infinity) return null
      const waiting = this.#waiting[at]
      if (waiting !== undefined) {
        const batch = waiting.batch?.retain() ?? (await this.#spill.read(waiting.written!))
        this.#seen[reader]! += 1
        this.#drop()
        return batch
      }
      if (this.#error !== null) throw this.#error
      if (this.#ended) return null
      await (this.#reading ??= this.#read())
    }
  }

  async #read(): Promise<void> {
    try {
      const batch = await this.#input.next()
      if (batch === null) this.#ended = true
      else if (batch.numRows > 0) await this.#keep(compactBatch(batch, this.#context))
    } catch (error) {
      this.#error = error
    } finally {
      this.#reading = null
    }
  }

  /** Holds a batch, in memory or on disk; the reference is its own then. */
  async #keep(batch: RecordBatch): Promise<void> {
    const { numRows: rows } = batch
    const bytes = batchBytes(batch, this.#dictionaries)
    if (this.#memory.tryResize(this.#memory.bytes + bytes)) {
      this.#waiting.push({ rows, bytes, batch, written: null })
    } else {
      try {
        this.#spill.begin(this.#memory.bytes + bytes)
        this.#waiting.push({ rows, bytes: 0, batch: null, written: await this.#spill.write(batch) })
      } finally {
        batch.release()
      }
    }
    this.#drop()
    this.#metrics.max(
      'peak_buffered_rows',
      this.#waiting.reduce((sum, waiting) => sum + waiting.rows, 0),
    )
  }

  /** Writes what waits in memory, the last to be read first. */
  async #writeWaiting(): Promise<void> {
    this.#spill.begin(this.#memory.bytes)
    try {
      await writeWaiting(
        this.#waiting,
        this.#spill,
        (waiting) => this.#waiting.includes(waiting),
        (bytes) => void this.#memory.tryResize(this.#memory.bytes - bytes),
      )
    } catch (error) {
      this.#error ??= error
    }
  }

  /** Lets go of what every reader has seen. */
  #drop(): void {
    let freed = 0
    const least = Math.min(...this.#seen)
    while (this.#waiting.length > 0 && this.#dropped < least) {
      const { bytes, batch } = this.#waiting.shift()!
      this.#dropped++
      freed += bytes
      batch?.release()
    }
    if (freed > 0) this.#memory.tryResize(this.#memory.bytes - freed)
  }

  async #close(reader: number): Promise<void> {
    if (this.#seen[reader] === Infinity) return
    this.#seen[reader] = Infinity
    this.#drop()
    if (this.#seen.every((seen) => seen === Infinity)) await this.#input.close()
  }

  /** An input of a reader's stream; closing it closes the reader. */
  handle(reader: number): BatchStream {
    return {
      schema: this.#input.schema,
      next: () => Promise.resolve(null),
      close: () => this.#close(reader),
    }
  }
}
