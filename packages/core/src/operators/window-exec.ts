import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type Distribution } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { collectBatch } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { sliceBatch } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { evaluateWindows } from '../windows/evaluate-windows.ts'
import type { WindowCall } from '../windows/window-call.ts'

/** Adds one column per call behind the input's; all calls have one PARTITION BY. */
export class WindowExec extends ExecutionPlan {
  override readonly kind = 'WindowExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly calls: readonly WindowCall[]

  constructor(input: ExecutionPlan, calls: readonly WindowCall[], schema: Schema) {
    super()
    this.input = input
    this.calls = calls
    this.schema = schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return this.input.partitioning
  }

  override get requiredDistribution(): readonly Distribution[] {
    const exprs = this.calls[0]?.partitionBy ?? []
    return [exprs.length === 0 ? { kind: 'single' } : { kind: 'hash', exprs }]
  }

  override get statistics(): Statistics {
    return { rows: this.input.statistics.rows, bytes: null }
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new WindowExec(children[0]!, this.calls, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['calls', `[${this.calls.join(', ')}]`]]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.evaluate(input, context))
  }

  private async *evaluate(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const all = await collectBatch(input, context)
    let result: RecordBatch | null = null
    try {
      await input.close()
      if (all.length === 0) return
      result = evaluateWindows(all, this.calls, context)
      context.metricsOf(this).max('peak_state_bytes', batchBytes(all) + batchBytes(result))
      const { columns, length, region } = result
      yield* sliceBatch(new RecordBatch(this.schema, columns, length, null, region), context)
    } finally {
      all.release()
      result?.release()
    }
  }
}
