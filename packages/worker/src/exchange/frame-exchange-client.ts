import type { BatchStream, TaskContext } from '@volley/core'
import type { ExchangeClient, ExchangeSource } from '@volley/planner'
import type { Schema } from 'apache-arrow'
import { openOrFail } from '../frames/open-or-fail.ts'
import { FrameReader } from '../frames/frame-reader.ts'
import type { PartitionKey } from '../frames/frame.ts'
import type { FrameSource } from '../tasks/task-executor.ts'

/** Reads partitions of other tasks, wherever they run; what the exchange nodes of a plan ask their context for. */
export class FrameExchangeClient implements ExchangeClient {
  readonly #source: FrameSource

  constructor(source: FrameSource) {
    this.#source = source
  }

  open(source: ExchangeSource, schema: Schema, context: TaskContext): BatchStream {
    const { stageId, task, attempt, partition, worker } = source
    const key: PartitionKey = { query: context.queryId, stage: stageId, task, attempt, partition }
    const batches = this.#source.openBatches?.(worker, key) ?? null
    if (batches !== null) return batches
    return new FrameReader(
      key,
      worker,
      openOrFail(() => this.#source.openPartition(worker, key), key),
      schema,
      context,
    )
  }
}
