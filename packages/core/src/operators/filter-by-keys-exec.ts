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
import { SharedBuild, type BuildSide } from './shared-build.ts'

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
  readonly #shared = new WeakMap<TaskContext, SharedBuild<BuildSide>>()

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
    let gathered = this.#shared.get(context)
    if (gathered === undefined) {
      gathered = new SharedBuild(this.partitioning.count, executeAll(this.keys, context), context, drain)
      this.#shared.set(context, gathered)
    }
    const input = this.input.execute(partition, context)
    const rows = this.read(input, gathered)
    return operatorStream(this.schema, [input, gathered.handle()], rows, () => gathered.leave())
  }

  private async *read(input: BatchStream, gathered: SharedBuild<BuildSide>): AsyncGenerator<RecordBatch, void, void> {
    await gathered.get()
    for (let batch = await input.next(); batch !== null; batch = await input.next()) yield batch.retain()
  }
}

/** Reads the keys to their end; nothing of them is kept here. */
async function drain(keys: BatchStream): Promise<BuildSide> {
  while ((await keys.next()) !== null) continue
  await keys.close()
  return { release: () => {} }
}
