import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import { ArrowChunk } from '../arrow/arrow-chunk.ts'
import { ChunkScan } from '../arrow/chunk-scan.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'

/** Arrow batches in ordinary memory, copied into the arena as they are read. */
export class MemoryExec extends ExecutionPlan {
  override readonly kind = 'MemoryExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly partitions: readonly (readonly ArrowRecordBatch[])[]

  constructor(schema: Schema, partitions: readonly (readonly ArrowRecordBatch[])[]) {
    super()
    this.schema = schema
    this.partitions = partitions
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.partitions.length)
  }

  override get statistics(): Statistics {
    const batches = this.partitions.flat()
    const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0)
    const bytes = batches.reduce((sum, batch) => sum + batch.data.byteLength, 0)
    return { rows: { value: rows, exact: true }, bytes: { value: bytes, exact: false } }
  }

  override get takesConditions(): boolean {
    return true
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['partitions', String(this.partitions.length)],
      ['rows', String(this.statistics.rows!.value)],
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.batches(partition, context))
  }

  private async *batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const chunk = new ArrowChunk(this.partitions[partition]!)
    const columns = this.schema.fields.map((_, i) => i)
    try {
      for (const batch of new ChunkScan(this, columns, context).read(chunk, 0, chunk.rows)) {
        if (batch === null) await context.giveWay()
        else yield batch
      }
    } finally {
      // The next execution has a chunk of its own.
      chunk.drop()
    }
  }
}
