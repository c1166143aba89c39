import type { Schema } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import { formatSortKeys } from '../plan/format-sort-keys.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { limitStatistics } from './limit-stream.ts'

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

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('this merge')
  }
}
