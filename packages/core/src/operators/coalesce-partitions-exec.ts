import type { Schema } from 'apache-arrow'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { mergeStreams } from '../runtime/merge-streams.ts'
import type { TaskContext } from '../runtime/task-context.ts'

/** All partitions of its input in one, run concurrently, in no order. */
export class CoalescePartitionsExec extends ExecutionPlan {
  override readonly kind = 'CoalescePartitionsExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan

  constructor(input: ExecutionPlan) {
    super()
    this.input = input
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(1)
  }

  override get ordering(): readonly SortKey[] {
    return this.input.partitioning.count === 1 ? this.input.ordering : []
  }

  override get statistics(): Statistics {
    return this.input.statistics
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new CoalescePartitionsExec(children[0]!)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['partitions', String(this.input.partitioning.count)]]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return executeAll(this.input, context)
  }
}

/** One stream of all partitions of a plan. */
export function executeAll(plan: ExecutionPlan, context: TaskContext): BatchStream {
  const { count } = plan.partitioning
  if (count === 1) return plan.execute(0, context)
  return mergeStreams(
    plan.schema,
    Array.from({ length: count }, (_, i) => plan.execute(i, context)),
  )
}
