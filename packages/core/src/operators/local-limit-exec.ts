import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { limitStatistics, limitStream } from './limit-stream.ts'

/** At most `fetch` rows of each partition; a `LimitExec` above decides. */
export class LocalLimitExec extends ExecutionPlan {
  override readonly kind = 'LocalLimitExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly fetch: number

  constructor(input: ExecutionPlan, fetch: number) {
    super()
    this.input = input
    this.fetch = fetch
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
    return limitStatistics(this.input.statistics, 0, this.fetch * this.partitioning.count)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new LocalLimitExec(children[0]!, this.fetch)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['fetch', String(this.fetch)]]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return limitStream(this.input.execute(partition, context), 0, this.fetch, context)
  }
}
