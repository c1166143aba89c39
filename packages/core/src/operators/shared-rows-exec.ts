import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { RowReplay } from './row-replay.ts'

/**
 * Rows of a plan that stands in several places of another. The node is in the first of them, executes its input once, and
 * gives every row to itself and to the `ReadSharedRowsExec` in the others, which run in the same task.
 *
 * With one reader it is a mark of the planner's, that plans with equal ids are equal.
 */
export class SharedRowsExec extends ExecutionPlan {
  override readonly kind = 'SharedRowsExec'
  override readonly schema: Schema
  readonly id: number
  readonly input: ExecutionPlan
  /** This node and those in the other places. */
  readonly readers: number
  readonly #replays = new WeakMap<TaskContext, RowReplay[]>()

  constructor(id: number, input: ExecutionPlan, readers = 1) {
    super()
    this.id = id
    this.input = input
    this.readers = readers
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return this.input.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.input.ordering
  }

  override get statistics(): Statistics {
    return this.input.statistics
  }

  override get spillingPartitions(): number {
    return this.partitioning.count
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new SharedRowsExec(this.id, children[0]!, this.readers)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['id', String(this.id)],
      ['readers', String(this.readers)],
    ]
  }

  /** One partition for reader number `reader`, 0 being this node. */
  read(reader: number, partition: number, context: TaskContext): BatchStream {
    let replays = this.#replays.get(context)
    if (replays === undefined) {
      replays = Array.from(
        { length: this.partitioning.count },
        (_, i) => new RowReplay(this, this.input.execute(i, context), this.readers, context),
      )
      this.#replays.set(context, replays)
    }
    const replay = replays[partition]!
    return operatorStream(this.schema, [replay.handle(reader)], batchesOf(replay, reader))
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return this.read(0, partition, context)
  }
}

/** The rows of a `SharedRowsExec` in another place of the plan. */
export class ReadSharedRowsExec extends ExecutionPlan {
  override readonly kind = 'ReadSharedRowsExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly source: SharedRowsExec
  readonly #reader: number

  /** `reader` counts from 1. */
  constructor(source: SharedRowsExec, reader: number) {
    super()
    this.source = source
    this.#reader = reader
    this.schema = source.schema
  }

  override get partitioning(): Partitioning {
    return this.source.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.source.ordering
  }

  override get statistics(): Statistics {
    return this.source.statistics
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['id', String(this.source.id)]]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return this.source.read(this.#reader, partition, context)
  }
}

async function* batchesOf(replay: RowReplay, reader: number): AsyncGenerator<RecordBatch, void, void> {
  for (let batch = await replay.next(reader); batch !== null; batch = await replay.next(reader)) yield batch
}
