import {
  ColumnExpr,
  ExecutionPlan,
  operatorStream,
  PrimitiveVector,
  RecordBatch,
  unknownPartitioning,
  type BatchStream,
  type Partitioning,
  type SortKey,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { Distributable, Slice } from '@volley/planner'
import type { Schema } from 'apache-arrow'
import { runStart } from './even-runs.ts'

export interface SeriesScanOptions {
  /** Every column is the series. */
  readonly schema: Schema
  /** The whole series starts here. */
  readonly start: bigint
  readonly step: bigint
  /** Steps from the start: the first value and the one after the last; cut into as many even runs as there are partitions. */
  readonly range: readonly [first: number, end: number]
  readonly partitions: number
  /** Whether tasks read slices of it. */
  readonly dealt: boolean
}

/** Evenly spaced 64-bit integers, made as they are read. */
export class SeriesScanExec extends ExecutionPlan implements Distributable {
  override readonly kind = 'SeriesScanExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly dealt: boolean
  readonly scan: SeriesScanOptions

  constructor(scan: SeriesScanOptions) {
    super()
    this.scan = scan
    this.schema = scan.schema
    this.dealt = scan.dealt
  }

  splitWeights(): readonly [] {
    return []
  }

  /** It has no splits: only slices of it are dealt. */
  forTask(): ExecutionPlan {
    return this
  }

  forSlice({ index, count }: Slice): ExecutionPlan {
    const { range } = this.scan
    return new SeriesScanExec({
      ...this.scan,
      range: [runStart(range, index, count), runStart(range, index + 1, count)],
    })
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.scan.partitions)
  }

  override get ordering(): readonly SortKey[] {
    const [field] = this.schema.fields
    if (field === undefined) return []
    const expr = new ColumnExpr(0, field.name, field.type, field.nullable)
    return [{ expr, descending: this.scan.step < 0n, nullsFirst: false }]
  }

  override get statistics(): Statistics {
    const rows = this.scan.range[1] - this.scan.range[0]
    return {
      rows: { value: rows, exact: true },
      bytes: { value: rows * 8 * this.schema.fields.length, exact: true },
    }
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    const { start, step, range, partitions } = this.scan
    return [
      ['start', String(start + BigInt(range[0]) * step)],
      ['step', String(step)],
      ['rows', String(range[1] - range[0])],
      ['partitions', String(partitions)],
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(partition, context))
  }

  async *#batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { start, step, range, partitions } = this.scan
    const end = runStart(range, partition + 1, partitions)
    for (let at = runStart(range, partition, partitions); at < end; at += context.batchSize) {
      const count = Math.min(context.batchSize, end - at)
      const region = context.region()
      const columns = this.schema.fields.map(({ type }) => {
        const words = region.u32(count * 2)
        fillSeries(words, count, start + BigInt(at) * step, step)
        const values = new BigInt64Array(words.buffer, words.byteOffset, count)
        return new PrimitiveVector(type, count, null, values)
      })
      yield new RecordBatch(this.schema, columns, count, null, region)
    }
  }
}

/** Writes `count` 64-bit integers, `step` apart, as two words each, the low one first. */
function fillSeries(words: Uint32Array, count: number, first: bigint, step: bigint): void {
  let low = Number(BigInt.asUintN(32, first))
  let high = Number(BigInt.asIntN(32, first >> 32n))
  const stepLow = Number(BigInt.asUintN(32, step))
  const stepHigh = Number(BigInt.asIntN(32, step >> 32n))
  for (let i = 0; i < count; i++) {
    words[i * 2] = low
    words[i * 2 + 1] = high
    const sum = low + stepLow
    low = sum >>> 0
    high = (high + stepHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0
  }
}
