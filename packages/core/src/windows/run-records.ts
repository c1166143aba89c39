import { Field, Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import type { Spill, SpilledBatch } from '../memory/spill.ts'
import { sharesMemory, takeColumns } from '../runtime/collect-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { FLOAT64 } from '../types/type-factory.ts'
import { concatVectors } from '../vectors/concat.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { takeVector } from '../vectors/take.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { RunAggregates, type AggregateInput } from './run-aggregates.ts'

/** One record for each run of sorted rows: the number of the row behind it, and the results of aggregates up to there. */
export interface RunRecords {
  readonly batches: readonly SpilledBatch[]
}

/** Writes the records of the runs of rows that come batch by batch. */
export class RunRecordWriter {
  readonly #schema: Schema
  readonly #spill: Spill
  readonly #context: TaskContext
  readonly #aggregates: RunAggregates
  readonly #batches: SpilledBatch[] = []
  /** Results of the run that is open, as far as it has come. */
  #tail: RecordBatch | null = null

  constructor(calls: readonly AggregateCall[], spill: Spill, context: TaskContext) {
    const fields = calls.map((call, i) => new Field(String(i), call.type, true))
    this.#schema = new Schema([new Field('end', FLOAT64, false), ...fields])
    this.#spill = spill
    this.#context = context
    this.#aggregates = new RunAggregates(calls, context.arena)
  }

  get bytes(): number {
    return this.#aggregates.bytes
  }

  /**
   * Adds `starts.length` rows, of which the first is row `base` of all. Runs begin where `starts` is 1; those where
   * `continues` is 1 take on the results of the run before.
   */
  async add(
    starts: Uint8Array,
    continues: Uint8Array,
    base: number,
    inputs: readonly AggregateInput[],
    scratch: Region,
  ): Promise<void> {
    const runs = new Uint32Array(starts.length)
    const takesOn = new Uint8Array(starts.length + 1)
    const ends = new Float64Array(starts.length)
    let last = 0
    for (let i = 0; i < starts.length; i++) {
      if (starts[i] === 1) {
        ends[last++] = base + i
        takesOn[last] = continues[i]!
      }
      runs[i] = last
    }
    const results = this.#aggregates.add(runs, last, takesOn, inputs, scratch)
    // Before the first row, no run is open.
    const first = base === 0 ? 1 : 0
    if (last > first) {
      const batch = this.#records(ends.subarray(first, last), results, first, scratch)
      try {
        this.#batches.push(await this.#spill.write(batch))
      } finally {
        batch.release()
      }
    }
    this.#tail?.release()
    this.#tail = this.#records(Float64Array.of(0), results, last, scratch)
  }

  /** The records of all runs, the last of which ends before row `total`. */
  async finish(total: number): Promise<RunRecords> {
    if (this.#tail !== null) {
      ;(this.#tail.columns[0] as PrimitiveVector).values[0] = total
      this.#batches.push(await this.#spill.write(this.#tail))
    }
    this.release()
    return { batches: this.#batches }
  }

  /** Records of as many runs as there are ends, with the results from number `first` on. */
  #records(ends: Float64Array, results: readonly Vector[], first: number, from: Region): RecordBatch {
    const region = this.#context.region()
    const rows = Uint32Array.from(ends, (_, k) => first + k)
    const values = region.f64(ends.length)
    values.set(ends)
    const columns = results.map((result) => takeVector(result, rows, rows.length, region))
    if (columns.some(sharesMemory)) region.dependOn(from)
    const end = new PrimitiveVector(FLOAT64, ends.length, null, values)
    return new RecordBatch(this.#schema, [end, ...columns], ends.length, null, region)
  }

  release(): void {
    this.#tail?.release()
    this.#tail = null
    this.#aggregates.release()
  }
}

/** What the records say of each of some rows. */
export interface RecordedRows {
  /** Number of the row behind the row's run. */
  readonly ends: Float64Array
  readonly values: readonly Vector[]
}

/** Reads records in step with the rows that they are of. */
export class RunRecordReader {
  readonly #records: RunRecords
  readonly #spill: Spill
  #next = 0
  #batch: RecordBatch | null = null
  #at = 0

  constructor(records: RunRecords, spill: Spill) {
    this.#records = records
    this.#spill = spill
  }

  /** The next `count` rows, of which the first is row `base` of all; values are in the region's memory. */
  async take(base: number, count: number, region: Region): Promise<RecordedRows> {
    const ends = new Float64Array(count)
    const parts: Vector[][] = []
    for (let k = 0; k < count;) {
      const batch = await this.#current()
      const recorded = (batch.columns[0] as PrimitiveVector).values as Float64Array
      const rows = new Uint32Array(count - k)
      const from = k
      while (k < count && this.#at < batch.length) {
        const end = recorded[this.#at]!
        for (; k < count && base + k < end; k++) {
          rows[k - from] = this.#at
          ends[k] = end
        }
        if (base + k === end) this.#at++
      }
      const taken = takeColumns(batch.columns.slice(1), rows.subarray(0, k - from), batch, region)
      for (const [i, vector] of taken.entries()) (parts[i] ??= []).push(vector)
    }
    const values = parts.map((vectors) => (vectors.length === 1 ? vectors[0]! : concatVectors(vectors, region)))
    return { ends, values }
  }

  async #current(): Promise<RecordBatch> {
    if (this.#batch !== null && this.#at < this.#batch.length) return this.#batch
    this.release()
    this.#at = 0
    this.#batch = await this.#spill.read(this.#records.batches[this.#next++]!)
    return this.#batch
  }

  release(): void {
    this.#batch?.release()
    this.#batch = null
  }
}
