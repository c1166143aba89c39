import type { MemoryReservation } from '../memory/memory-pool.ts'
import { Spill } from '../memory/spill.ts'
import { writeWaiting, type WaitingBatch } from '../memory/waiting-batch.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { OperatorMetrics } from '../runtime/metrics.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { hashKeys } from './join-hash-table.ts'

/**
 * Deals the batches of one stream to several readers. It reads when a reader finds its queue empty, so a reader that is
 * ahead fills the queues of the others: any of them may be read alone, and what waits is counted as `peak_buffered_rows`.
 * Batches for which there is no memory wait on disk.
 */
export class Dealer {
  readonly #input: BatchStream
  readonly #partitioning: Partitioning
  readonly #context: TaskContext
  readonly #metrics: OperatorMetrics
  readonly #memory: MemoryReservation
  readonly #spill: Spill
  readonly #queues: WaitingBatch[][]
  readonly #closed: boolean[]
  readonly #dictionaries = new Set<Vector>()
  #open: number
  #reading: Promise<void> | null = null
  #ended = false
  #error: unknown = null
  #turn = 0
  #buffered = 0

  constructor(node: ExecutionPlan, input: BatchStream, partitioning: Partitioning, context: TaskContext) {
    this.#input = input
    this.#partitioning = partitioning
    this.#context = context
    this.#metrics = context.metricsOf(node)
    this.#memory = context.reserve(node, true)
    this.#spill = new Spill(node, this.#memory, context)
    this.#memory.lendAlways(() => this.#writeWaiting())
    this.#queues = Array.from({ length: partitioning.count }, () => [])
    this.#closed = this.#queues.map(() => false)
    this.#open = partitioning.count
    context.onClose(async () => {
      for (let p = 0; p < partitioning.count; p++) await this.#close(p)
      this.#memory.free()
      await this.#spill.delete()
    })
  }

  /** The next batch of a partition, with one reference, the caller's; null at the end. */
  async next(partition: number): Promise<RecordBatch | null> {
    for (;;) {
      const waiting = this.#queues[partition]!.shift()
      if (waiting !== undefined) {
        this.#count(-waiting.rows, -waiting.bytes)
        return waiting.batch ?? (await this.#spill.read(waiting.written!))
      }
      if (this.#error !== null) throw this.#error
      if (this.#ended || this.#closed[partition]) return null
      await (this.#reading ??= this.#read())
    }
  }

  async #read(): Promise<void> {
    try {
      const batch = await this.#input.next()
      if (batch === null) this.#ended = true
      else await this.#deal(batch.retain())
    } catch (error) {
      this.#error = error
    } finally {
      this.#reading = null
    }
  }

  /** Gives the rows of a batch to the queues, and releases it. */
  async #deal(batch: RecordBatch): Promise<void> {
    const partitioning = this.#partitioning
    if (partitioning.kind !== 'hash') {
      await this.#enqueue(this.#turn++ % partitioning.count, batch)
      return
    }
    const rows = batch.selection ?? allRows(batch.length)
    const region = this.#context.region()
    try {
      const keys = partitioning.exprs.map((expr) => expr.evaluate(batch, batch.selection, region))
      const { order, ends } = dealRows(rows, hashKeys(keys, rows), partitioning.count, region.u32(rows.length))
      region.dependOn(batch.region)
      for (let p = 0, start = 0; p < partitioning.count; start = ends[p++]!) {
        if (ends[p] === start) continue
        region.retain()
        const selection = order.subarray(start, ends[p])
        await this.#enqueue(p, new RecordBatch(batch.schema, batch.columns, batch.length, selection, region))
      }
    } finally {
      region.release()
      batch.release()
    }
  }

  async #enqueue(partition: number, batch: RecordBatch): Promise<void> {
    const rows = batch.numRows
    if (this.#closed[partition]) {
      this.#metrics.add('rows_dropped', rows)
      batch.release()
      return
    }
    const queue = this.#queues[partition]!
    const bytes = Math.ceil((batchBytes(batch, this.#dictionaries) * rows) / Math.max(1, batch.length))
    if (this.#memory.tryResize(this.#memory.bytes + bytes)) {
      this.#buffered += rows
      queue.push({ rows, bytes, batch, written: null })
    } else {
      try {
        this.#spill.begin(this.#memory.bytes + bytes)
        const written = await this.#spill.write(batch)
        // The reader may have been closed meanwhile.
        if (this.#closed[partition]) this.#metrics.add('rows_dropped', rows)
        else {
          this.#buffered += rows
          queue.push({ rows, bytes: 0, batch: null, written })
        }
      } finally {
        batch.release()
      }
    }
    this.#metrics.max('peak_buffered_rows', this.#buffered)
  }

  /** Writes what waits in memory, the last to be read first. */
  async #writeWaiting(): Promise<void> {
    this.#spill.begin(this.#memory.bytes)
    try {
      for (const queue of this.#queues) {
        await writeWaiting(
          queue,
          this.#spill,
          (waiting) => queue.includes(waiting),
          (bytes) => this.#count(0, -bytes),
        )
      }
    } catch (error) {
      this.#error ??= error
    }
  }

  #count(rows: number, bytes: number): void {
    this.#buffered += rows
    this.#memory.tryResize(this.#memory.bytes + bytes)
  }

  async #close(partition: number): Promise<void> {
    if (this.#closed[partition]) return
    this.#closed[partition] = true
    for (const { rows, bytes, batch } of this.#queues[partition]!.splice(0)) {
      this.#count(-rows, -bytes)
      this.#metrics.add('rows_dropped', rows)
      batch?.release()
    }
    if (--this.#open === 0) await this.#input.close()
  }

  /** An input of a partition's stream; closing it drops what the partition has not read. */
  handle(partition: number): BatchStream {
    return {
      schema: this.#input.schema,
      next: () => Promise.resolve(null),
      close: () => this.#close(partition),
    }
  }
}

/** Rows by partition, in their order inside each: those of partition p end at `ends[p]`. */
function dealRows(
  rows: Uint32Array,
  hashes: Uint32Array,
  count: number,
  order: Uint32Array,
): { order: Uint32Array; ends: Uint32Array } {
  const ends = new Uint32Array(count)
  for (let k = 0; k < rows.length; k++) ends[hashes[k]! % count]!++
  let end = 0
  for (let p = 0; p < count; p++) {
    const size = ends[p]!
    ends[p] = end
    end += size
  }
  for (let k = 0; k < rows.length; k++) order[ends[hashes[k]! % count]!++] = rows[k]!
  return { order, ends }
}
