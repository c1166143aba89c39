import {
  ExecutionPlan,
  ArrowBatchScan,
  operatorStream,
  unknownPartitioning,
  type BatchStream,
  type Partitioning,
  type RecordBatch,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { Distributable, Slice } from '@volley/planner'
import type { Schema } from 'apache-arrow'
import { runStart } from './even-runs.ts'
import { selectColumns } from './select-columns.ts'
import { partReader } from './shared-parts.ts'
import type { TablePart } from './table-part.ts'

/** What a scan needs to know of a part; where it was planned, this is the part itself, which lives as long as the plan. */
export type PartRef = Pick<TablePart, 'id' | 'rows'>

export interface MemoryScanOptions {
  readonly table: string
  readonly schema: Schema
  /** Positions of the columns that are read, in order. */
  readonly wanted: readonly number[]
  readonly parts: readonly PartRef[]
  /** Of the columns that are read, in all parts. */
  readonly bytes: number
  /** Rows of all parts, the first one and the one after the last; cut into as many even runs as there are partitions. */
  readonly range: readonly [start: number, end: number]
  readonly partitions: number
}

/** Reads a table in the memory of the session from any of its threads, in runs of rows. */
export class MemoryScanExec extends ExecutionPlan implements Distributable {
  override readonly kind = 'MemoryScanExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly scan: MemoryScanOptions

  constructor(scan: MemoryScanOptions) {
    super()
    this.scan = scan
    this.schema = scan.schema
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
    return new MemoryScanExec({
      ...this.scan,
      range: [runStart(range, index, count), runStart(range, index + 1, count)],
    })
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.scan.partitions)
  }

  override get statistics(): Statistics {
    const { parts, range } = this.scan
    const rows = range[1] - range[0]
    const all = parts.reduce((sum, part) => sum + part.rows, 0)
    return {
      rows: { value: rows, exact: true },
      bytes: { value: all === 0 ? 0 : Math.ceil((this.scan.bytes * rows) / all), exact: false },
    }
  }

  override get takesConditions(): boolean {
    return true
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    const { table, range, partitions } = this.scan
    return [
      ['table', table],
      ['partitions', String(partitions)],
      ['rows', String(range[1] - range[0])],
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(partition, context))
  }

  async *#batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { parts, wanted, range, partitions } = this.scan
    const [start, end] = [runStart(range, partition, partitions), runStart(range, partition + 1, partitions)]
    const scan = new ArrowBatchScan(this, context)
    let before = 0
    for (const part of parts) {
      const last = before + part.rows
      if (last > start && before < end) {
        let at = before
        for (const batch of await context.service(partReader).read(part.id)) {
          const [from, to] = [Math.max(start - at, 0), Math.min(end - at, batch.numRows)]
          at += batch.numRows
          if (from >= to) continue
          const columns = selectColumns(batch, wanted)
          for (let row = from; row < to;) {
            const next = Math.min(row + scan.step, to)
            const copy = scan.read(columns, row, next)
            row = next
            if (copy !== null) yield copy
          }
        }
      }
      before = last
    }
  }
}
