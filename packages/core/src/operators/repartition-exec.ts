import type { Schema } from 'apache-arrow'
import { internalError, notSupported } from '../errors.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { formatPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'

/** Deals rows anew: by the hash of keys, or (kind `unknown`) batch by batch in turn. */
export class RepartitionExec extends ExecutionPlan {
  override readonly kind = 'RepartitionExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  override readonly partitioning: Partitioning

  constructor(input: ExecutionPlan, partitioning: Partitioning) {
    super()
    if (partitioning.kind === 'segment') throw internalError('rows cannot be dealt by segment')
    this.input = input
    this.partitioning = partitioning
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get statistics(): Statistics {
    return this.input.statistics
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new RepartitionExec(children[0]!, this.partitioning)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['partitioning', formatPartitioning(this.partitioning)],
      ['input_partitions', String(this.input.partitioning.count)],
    ]
  }

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('repartitioning')
  }
}
