import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { executeAll } from './coalesce-partitions-exec.ts'
import type { JoinKeysExec } from './join-keys-exec.ts'

/**
 * Runs its input once the keys of a join have been gathered in this task, so that the scans below know them: for a join
 * whose sides are dealt by hash, and meet in other tasks. Rows are the input's, less what scans left out.
 */
export class FilterByKeysExec extends ExecutionPlan {
  override readonly kind = 'FilterByKeysExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  /** Every task needs its rows whole; they are read for their keys only. */
  readonly keys: JoinKeysExec
  readonly #shared = new WeakMap<TaskContext, SharedDrain>()

  constructor(input: ExecutionPlan, keys: JoinKeysExec) {
    super()
    this.input = input
    this.keys = keys
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input, this.keys]
  }

  override get partitioning(): Partitioning {
    return this.input.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.input.ordering
  }

  override get requiredDistribution(): readonly Distribution[] {
    return [{ kind: 'any' }, { kind: 'single' }]
  }

  override get statistics(): Statistics {
    return this.input.statistics
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new FilterByKeysExec(children[0]!, children[1] as JoinKeysExec)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['keys', `[${this.keys.keys.map(({ id }) => `#${id}`).join(', ')}]`]]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    let drain = this.#shared.get(context)
    if (drain === undefined) {
      drain = new SharedDrain(this.partitioning.count, executeAll(this.keys, context))
      this.#shared.set(context, drain)
    }
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input, drain.handle()], this.read(input, drain))
  }

  private async *read(input: BatchStream, drain: SharedDrain): AsyncGenerator<RecordBatch, void, void> {
    await drain.run()
    for (let batch = await input.next(); batch !== null; batch = await input.next()) yield batch.retain()
  }
}

/** A stream that is read to its end once for several partitions; it is closed when each of them is. */
class SharedDrain {
  readonly #partitions: number
  readonly #stream: BatchStream
  #running: Promise<void> | null = null
  #closed = 0

  constructor(partitions: number, stream: BatchStream) {
    this.#partitions = partitions
    this.#stream = stream
  }

  run(): Promise<void> {
    return (this.#running ??= this.#drain())
  }

  async #drain(): Promise<void> {
    while ((await this.#stream.next()) !== null) continue
    await this.#stream.close()
  }

  /** An input of a partition's stream, whose closing counts. */
  handle(): BatchStream {
    let closing: Promise<void> | null = null
    return {
      schema: this.#stream.schema,
      next: () => Promise.resolve(null),
      close: () => (closing ??= ++this.#closed === this.#partitions ? this.#stream.close() : Promise.resolve()),
    }
  }
}
