import type { Schema } from 'apache-arrow'
import { SpilledRows, type RowStream } from '../memory/spilled-rows.ts'
import { ExecutionPlan, type Distribution } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch, concatSteps } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { sliceBatch } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { evaluateWindows, windowKey } from '../windows/evaluate-windows.ts'
import { streamedCall, type StreamedCall } from '../windows/streamed-call.ts'
import { StreamedWindow } from '../windows/streamed-window.ts'
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

  override get spillingPartitions(): number {
    // Rows that are collected; or sorted rows, what goes along with them, and the sort of the next window.
    return this.partitioning.count * Math.min(3, 1 + new Set(this.calls.map(windowKey)).size)
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
    const memory = context.reserve(this, true)
    const workBytes = (bytes: number, rows: number): number => 3 * bytes + rows * (40 + 24 * this.calls.length)
    const keys = this.calls[0]?.partitionBy ?? []
    const windows = this.streamedWindows()
    const options = { node: this, input, keys, workBytes, streams: windows !== null }
    const spilled = new SpilledRows(options, memory, context)
    const dictionaries = new Set<Vector>()
    const batches: RecordBatch[] = []
    let bytes = 0
    let rows = 0
    try {
      const write = async (): Promise<void> => {
        if (batches.length === 0 || (keys.length === 0 && windows === null)) return
        await spilled.write(batches)
        bytes = 0
        rows = 0
        dictionaries.clear()
      }
      for (;;) {
        const batch = await memory.lending(input.next(), write)
        if (batch === null && !spilled.begun) break
        if (batch === null || spilled.begun) {
          if (batch !== null) batches.push(compactBatch(batch, context))
          yield* this.written(spilled, batches, memory.bytes, windows, context)
          return
        }
        if (batch.numRows === 0) continue
        const dense = compactBatch(batch, context)
        batches.push(dense)
        bytes += batchBytes(dense, dictionaries)
        rows += dense.length
        const wanted = workBytes(bytes, rows)
        if (memory.tryResize(wanted)) continue
        yield* this.written(spilled, batches, wanted, windows, context)
        return
      }
      await input.close()
      if (rows === 0) return
      const whole =
        batches.length === 1
          ? batches.pop()!
          : await runSteps(concatSteps(this.input.schema, batches, context), context)
      for (const batch of batches.splice(0)) batch.release()
      yield* this.results(whole, context)
    } finally {
      for (const batch of batches) batch.release()
      memory.free()
      await spilled.delete()
    }
  }

  /** Rows that did not fit, with their results. */
  private async *written(
    spilled: SpilledRows,
    held: RecordBatch[],
    wanted: number,
    windows: readonly (readonly StreamedCall[])[] | null,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    for await (const part of spilled.wholes(held, wanted)) {
      if (part instanceof RecordBatch) yield* this.results(part, context)
      else yield* this.streamed(part, windows!, context)
    }
  }

  /** The calls, by the order of rows that they want; null where one needs all rows of a partition at once. */
  private streamedWindows(): readonly (readonly StreamedCall[])[] | null {
    const calls = this.calls.map(streamedCall)
    if (calls.includes(null)) return null
    return [...Map.groupBy(calls as StreamedCall[], ({ call }) => windowKey(call)).values()]
  }

  /** The rows of window partitions that do not fit, with their results: sorted for one window after the other. */
  private async *streamed(
    rows: RowStream,
    windows: readonly (readonly StreamedCall[])[],
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    let { schema } = this.input
    let stream = rows
    for (const calls of windows) {
      const window = new StreamedWindow(this, schema, calls, context)
      stream = window.results(stream)
      schema = window.schema
    }
    const evaluated = windows.flatMap((calls) => calls.map(({ call }) => call))
    const width = this.input.schema.fields.length
    const places = this.calls.map((call) => width + evaluated.indexOf(call))
    for await (const { columns, length, region } of stream) {
      const results = places.map((place) => columns[place]!)
      yield new RecordBatch(this.schema, [...columns.slice(0, width), ...results], length, null, region)
    }
  }

  /** The rows of whole window partitions with their results. Releases the batch. */
  private async *results(whole: RecordBatch, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    let result: RecordBatch | null = null
    try {
      result = await runSteps(evaluateWindows(whole, this.calls, context), context)
      const { columns, length, region } = result
      yield* sliceBatch(new RecordBatch(this.schema, columns, length, null, region), context)
    } finally {
      whole.release()
      result?.release()
    }
  }
}
