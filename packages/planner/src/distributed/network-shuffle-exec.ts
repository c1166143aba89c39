import {
  formatPartitioning,
  hashPartitioning,
  mergeStreams,
  type BatchStream,
  type ExecutionPlan,
  type Expr,
  type Partitioning,
  type TaskContext,
} from '@volley/core'
import type { Schema } from 'apache-arrow'
import { NetworkExec, type Producer } from './network-exec.ts'

/**
 * A task's part of a hash repartitioning: of the producers' output partitions, those from `firstPartition` on, `partitions` of
 * them. Partition p holds the rows of every producer's partition `firstPartition + p`.
 */
export class NetworkShuffleExec extends NetworkExec {
  override readonly kind = 'NetworkShuffleExec'
  override readonly mode = 'shuffle'
  /** Keys of the repartitioning, over the schema. */
  readonly exprs: readonly Expr[]
  readonly partitions: number
  readonly firstPartition: number

  constructor(
    stageId: number,
    producers: readonly Producer[],
    schema: Schema,
    exprs: readonly Expr[],
    partitions: number,
    firstPartition: number,
  ) {
    super(stageId, producers, schema)
    this.exprs = exprs
    this.partitions = partitions
    this.firstPartition = firstPartition
  }

  override get partitioning(): Partitioning {
    return hashPartitioning(this.exprs, this.partitions)
  }

  /** The same for the task that reads from another partition on. */
  from(firstPartition: number): ExecutionPlan {
    return new NetworkShuffleExec(
      this.stageId,
      this.producers,
      this.schema,
      this.exprs,
      this.partitions,
      firstPartition,
    )
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['stage', String(this.stageId)],
      ['tasks', String(this.producers.length)],
      ['partitioning', formatPartitioning(this.partitioning)],
      ...(this.firstPartition > 0 ? [['from', String(this.firstPartition)] as const] : []),
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const streams = this.producers.map((producer) => this.open(producer, this.firstPartition + partition, context))
    return mergeStreams(this.schema, streams)
  }
}
