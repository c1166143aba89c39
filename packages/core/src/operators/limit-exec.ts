import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { executeAll } from './coalesce-partitions-exec.ts'
import { limitStatistics, limitStream } from './limit-stream.ts'

/** Skips `skip` rows of its one input partition, then gives at most `fetch` and stops its input. */
export class LimitExec extends ExecutionPlan {
  override readonly kind = 'LimitExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly skip: number
  readonly fetch: number | null

  constructor(input: ExecutionPlan, skip: number, fetch: number | null) {
    super()
    this.input = input
    this.skip = skip
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
    return this.input.ordering
  }

  override get requiredDistribution(): readonly Distribution[] {
    return [{ kind: 'single' }]
  }

  override get statistics(): Statistics {
    return limitStatistics(this.input.statistics, this.skip, this.fetch)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new LimitExec(children[0]!, this.skip, this.fetch)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ...(this.skip > 0 ? [['skip', String(this.skip)] as const] : []),
      ...(this.fetch === null ? [] : [['fetch', String(this.fetch)] as const]),
    ]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return limitStream(executeAll(this.input, context), this.skip, this.fetch, context)
  }
}
