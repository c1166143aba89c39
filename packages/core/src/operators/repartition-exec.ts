import type { Schema } from 'apache-arrow'
import { internalError } from '../errors.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { formatPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { mergeStreams } from '../runtime/merge-streams.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { Dealer } from './dealer.ts'

/** Deals rows anew: by the hash of keys, or (kind `unknown`) batch by batch in turn. */
export class RepartitionExec extends ExecutionPlan {
  override readonly kind = 'RepartitionExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  override readonly partitioning: Partitioning
  readonly #dealers = new WeakMap<TaskContext, Dealer>()

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

  override get spillingPartitions(): number {
    return 1
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

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    let dealer = this.#dealers.get(context)
    if (dealer === undefined) {
      const { count } = this.input.partitioning
      const inputs = Array.from({ length: count }, (_, i) => this.input.execute(i, context))
      dealer = new Dealer(this, mergeStreams(this.schema, inputs), this.partitioning, context)
      this.#dealers.set(context, dealer)
    }
    const shared = dealer
    return operatorStream(this.schema, [shared.handle(partition)], this.receive(shared, partition))
  }

  private async *receive(dealer: Dealer, partition: number): AsyncGenerator<RecordBatch, void, void> {
    for (let batch = await dealer.next(partition); batch !== null; batch = await dealer.next(partition)) yield batch
  }
}
