import { unknownPartitioning, type BatchStream, type Partitioning, type SortKey, type TaskContext } from '@volley/core'
import type { Schema } from 'apache-arrow'
import { NetworkExec, type Producer } from './network-exec.ts'

/**
 * The whole output of a stage, read by each task of the stage that this node is in; produced once. Partition p is partition
 * `p % n` of producer `p / n`, n being `partitionsPerTask`.
 */
export class NetworkBroadcastExec extends NetworkExec {
  override readonly kind = 'NetworkBroadcastExec'
  override readonly mode = 'broadcast'
  readonly partitionsPerTask: number
  readonly #ordering: readonly SortKey[]

  constructor(
    stageId: number,
    producers: readonly Producer[],
    schema: Schema,
    partitionsPerTask: number,
    ordering: readonly SortKey[] = [],
  ) {
    super(stageId, producers, schema)
    this.partitionsPerTask = partitionsPerTask
    this.#ordering = ordering
  }

  override get ordering(): readonly SortKey[] {
    return this.#ordering
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.producers.length * this.partitionsPerTask)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const producer = this.producers[Math.floor(partition / this.partitionsPerTask)]!
    return this.open(producer, partition % this.partitionsPerTask, context)
  }
}
