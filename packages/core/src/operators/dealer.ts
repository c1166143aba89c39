import type { Partitioning } from '../plan/partitioning.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { OperatorMetrics } from '../runtime/metrics.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { hashKeys } from './join-hash-table.ts'

/**
 * Deals the batches of one stream to several readers. It reads when a reader finds its queue empty, so a reader that is
 * ahead fills the queues of the others: any of them may be read alone, and what waits is counted as `peak_buffered_rows`.
 */
export class Dealer {
  readonly #input: BatchStream
  readonly #partitioning: Partitioning
  readonly #context: TaskContext
  readonly #metrics: OperatorMetrics
  readonly #queues: RecordBatch[][]
  readonly #closed: boolean[]
  #open: number
  #reading: Promise<void> | null = null
  #ended = false
  #error: unknown = null
  #turn = 0
  #buffered = 0

  constructor(input: BatchStream, partitioning: Partitioning, context: TaskContext, metrics: OperatorMetrics) {
    this.#input = input
    this.#partitioning = partitioning
    this.#context = context
    this.#metrics = metrics
    this.#queues = Array.from({ length: partitioning.count }, () => [])
    this.#closed = this.#queues.map(() => false)
    this.#open = partitioning.count
    context.onClose(async () => {
      for (let p = 0; p < partitioning.count; p++) await this.#close(p)
    })
  }

  /** The next batch of a partition, with one reference, the caller's; null at the end. */
  async next(partition: number): Promise<RecordBatch | null> {
    for (;;) {
      const batch = this.#queues[partition]!.shift()
      if (batch !== undefined) {
        this.#buffered -= batch.numRows
        return batch
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
      else this.#deal(batch)
    } catch (error) {
      this.#error = error
    } finally {
      this.#reading = null
    }
  }

  #deal(batch: RecordBatch): void {
    const partitioning = this.#partitioning
    if (partitioning.kind !== 'hash') {
      this.#enqueue(this.#turn++ % partitioning.count, batch.retain())
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
        this.#enqueue(p, new RecordBatch(batch.schema, batch.columns, batch.length, selection, region))
      }
    } finally {
      region.release()
    }
  }

  #enqueue(partition: number, batch: RecordBatch): void {
    if (this.#closed[partition]) {
      this.#metrics.add('rows_dropped', batch.numRows)
      batch.release()
      return
    }
    this.#queues[partition]!.push(batch)
    this.#buffered += batch.numRows
    this.#metrics.max('peak_buffered_rows', this.#buffered)
  }

  async #close(partition: number): Promise<void> {
    if (this.#closed[partition]) return
    this.#closed[partition] = true
    for (const batch of this.#queues[partition]!.splice(0)) {
      this.#buffered -= batch.numRows
      this.#metrics.add('rows_dropped', batch.numRows)
      batch.release()
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
