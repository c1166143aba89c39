import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import { formatSortKeys } from '../plan/format-sort-keys.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { limitStatistics } from './limit-stream.ts'
import { SortedMerger } from './sorted-merger.ts'

/** Merges partitions that are sorted by `keys` into one; of equal rows, those of the lower partition come first. */
export class SortPreservingMergeExec extends ExecutionPlan {
  override readonly kind = 'SortPreservingMergeExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly keys: readonly SortKey[]
  readonly fetch: number | null

  constructor(input: ExecutionPlan, keys: readonly SortKey[], fetch: number | null) {
    super()
    this.input = input
    this.keys = keys
    this.fetch = fetch
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(1)
  }

  override get ordering(): readonly SortKey[] {
    return this.keys
  }

  override get statistics(): Statistics {
    return limitStatistics(this.input.statistics, 0, this.fetch)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new SortPreservingMergeExec(children[0]!, this.keys, this.fetch)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['keys', `[${formatSortKeys(this.keys)}]`],
      ...(this.fetch === null ? [] : [['fetch', String(this.fetch)] as const]),
    ]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    const { count } = this.input.partitioning
    const inputs = Array.from({ length: count }, (_, i) => this.input.execute(i, context))
    return operatorStream(this.schema, inputs, this.merge(inputs, context))
  }

  private async *merge(inputs: readonly BatchStream[], context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const merger = new SortedMerger(this.schema, this.keys, inputs.length, context)
    let remaining = this.fetch ?? Infinity
    try {
      const first = await Promise.all(inputs.map((input) => input.next()))
      for (const [i, batch] of first.entries()) merger.load(i, batch)
      while (remaining > 0) {
        const empty = merger.advance(Math.min(context.batchSize, remaining))
        if (empty !== null) {
          merger.load(empty, await inputs[empty]!.next())
          continue
        }
        const batch = merger.flush()
        if (batch === null) break
        remaining -= batch.length
        yield batch
      }
      await Promise.all(inputs.map((input) => input.close()))
    } finally {
      merger.release()
    }
  }
}
