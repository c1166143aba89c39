import type { NodeCodec } from '@volley/codec'
import {
  ExecutionPlan,
  fromArrowRecordBatch,
  operatorStream,
  SqlState,
  unknownPartitioning,
  VolleyError,
  type BatchStream,
  type Partitioning,
  type RecordBatch,
  type TaskContext,
} from '@volley/core'
import type { Schema } from 'apache-arrow'
import { arrowBatch, schema } from './plans.ts'

type Fault = 'endless' | 'stall' | 'fail' | 'spin' | 'die'

/**
 * A leaf that never ends by itself. `endless` gives batches for ever, `stall` gives one and then waits for cancellation, `fail` gives one and then
 * throws, `spin` never gives its event loop a turn and never gives a batch, `die` gives one and ends its thread.
 */
export class FaultExec extends ExecutionPlan {
  override readonly kind = 'FaultExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema = schema
  override readonly partitioning: Partitioning
  readonly fault: Fault

  constructor(fault: Fault, partitions = 1) {
    super()
    this.fault = fault
    this.partitioning = unknownPartitioning(partitions)
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['fault', this.fault]]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(context))
  }

  async *#batches(context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const batch = (): RecordBatch =>
      fromArrowRecordBatch(arrowBatch(Array.from({ length: 1000 }, (_, i) => i)), schema, context.region())
    if (this.fault === 'spin') {
      for (;;) {
        await Promise.resolve()
        context.throwIfCancelled()
      }
    }
    yield batch()
    if (this.fault === 'fail')
      throw new VolleyError('the split 01J is damaged', { code: SqlState.dataCorrupted, split: '01J' })
    // In a thread, this ends the thread.
    if (this.fault === 'die') process.exit(1)
    if (this.fault === 'stall') {
      await new Promise<void>((resolve) => context.signal!.addEventListener('abort', () => resolve()))
      context.throwIfCancelled()
    }
    for (;;) {
      context.throwIfCancelled()
      yield batch()
    }
  }
}

export const faultCodec: NodeCodec = {
  kind: 'FaultExec',
  encode: (node) => Buffer.from(`${(node as FaultExec).fault} ${node.partitioning.count}`),
  decode: (payload) => {
    const [fault, count] = Buffer.from(payload).toString().split(' ')
    return new FaultExec(fault as Fault, Number(count))
  },
}
