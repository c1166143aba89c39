import type { Schema } from 'apache-arrow'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { vectorOf } from '../vectors/build.ts'
import { RecordBatch } from '../vectors/record-batch.ts'

/** Literal rows. No columns and one row is `SELECT` without FROM. */
export class ValuesExec extends ExecutionPlan {
  override readonly kind = 'ValuesExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly rows: readonly (readonly ScalarValue[])[]

  constructor(schema: Schema, rows: readonly (readonly ScalarValue[])[]) {
    super()
    this.schema = schema
    this.rows = rows
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(1)
  }

  override get statistics(): Statistics {
    return { rows: { value: this.rows.length, exact: true }, bytes: null }
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['rows', String(this.rows.length)]]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.batches(context))
  }

  private async *batches(context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    for (let start = 0; start < this.rows.length; start += context.batchSize) {
      const rows = this.rows.slice(start, start + context.batchSize)
      const region = context.region()
      const columns = this.schema.fields.map((field, i) =>
        vectorOf(
          field.type,
          rows.map((row) => row[i]!),
          region,
        ),
      )
      yield new RecordBatch(this.schema, columns, rows.length, null, region)
    }
  }
}
