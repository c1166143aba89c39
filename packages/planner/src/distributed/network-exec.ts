import { ExecutionPlan, type BatchStream, type TaskContext } from '@volley/core'
import type { Schema } from 'apache-arrow'
import { exchangeClient } from './exchange-client.ts'

/** A task whose output an exchange node reads. */
export interface Producer {
  readonly task: number
  readonly worker: string
  /** Which execution of it; 0 unless it was retried. */
  readonly attempt?: number
}

/** A leaf that reads the output of another stage through the context's exchange client. */
export abstract class NetworkExec extends ExecutionPlan {
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly stageId: number
  readonly producers: readonly Producer[]
  abstract readonly mode: 'shuffle' | 'coalesce' | 'broadcast'

  constructor(stageId: number, producers: readonly Producer[], schema: Schema) {
    super()
    this.stageId = stageId
    this.producers = producers
    this.schema = schema
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['stage', String(this.stageId)],
      ['tasks', String(this.producers.length)],
      ['partitions', String(this.partitioning.count)],
    ]
  }

  /** Opens one output partition of one producer. */
  protected open(producer: Producer, partition: number, context: TaskContext): BatchStream {
    const { task, worker, attempt = 0 } = producer
    const source = { stageId: this.stageId, task, worker, partition, attempt }
    return context.service(exchangeClient).open(source, this.schema, context)
  }
}
