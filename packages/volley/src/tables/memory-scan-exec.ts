import {
  ExecutionPlan,
  ChunkScan,
  operatorStream,
  unknownPartitioning,
  type BatchStream,
  type Partitioning,
  type RecordBatch,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { Distributable, Slice } from '@volley/planner'
import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import { runStart } from './even-runs.ts'
import { selectColumns } from './select-columns.ts'
import { partReader } from './shared-parts.ts'
import { TablePart } from './table-part.ts'

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
  /** Whether tasks of this process read a slice each. */
  readonly dealt: boolean
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

  get dealt(): boolean {
    return this.scan.dealt
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

  override get takesLongConditions(): boolean {
    return true
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

  /** The rows of each partition, where they are, in the coordinator's thread. */
  batches(): ArrowRecordBatch[][] {
    const { parts, wanted, range, partitions } = this.scan
    const all = parts.flatMap((part) => (part instanceof TablePart ? part.batches : []))
    return Array.from({ length: partitions }, (_, i) => {
      const [start, end] = [runStart(range, i, partitions), runStart(range, i + 1, partitions)]
      let at = 0
      return all.flatMap((batch) => {
        const [from, to] = [Math.max(start - at, 0), Math.min(end - at, batch.numRows)]
        at += batch.numRows
        if (from >= to) return []
        return [selectColumns(to - from === batch.numRows ? batch : batch.slice(from, to), wanted)]
      })
    })
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(partition, context))
  }

  async *#batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { parts, wanted, range, partitions } = this.scan
    const [start, end] = [runStart(range, partition, partitions), runStart(range, partition + 1, partitions)]
    const scan = new ChunkScan(this, wanted, context)
    let at = 0
    for (const part of parts) {
      if (at >= end) return
      if (at + part.rows <= start) {
        at += part.rows
        continue
      }
      const chunks = part instanceof TablePart ? part.chunks : await context.service(partReader).read(part.id)
      for (const chunk of chunks) {
        const [from, to] = [Math.max(start - at, 0), Math.min(end - at, chunk.rows)]
        at += chunk.rows
        if (from >= to) continue
        for (const batch of scan.read(chunk, from, to)) {
          if (batch === null) await context.giveWay()
          else yield batch
        }
      }
    }
  }
}
