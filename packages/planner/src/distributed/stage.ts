import type { ExecutionPlan } from '@volley/core'
import type { Slice } from './distributable.ts'

/** A stage's copy on one worker. */
export interface StageTask {
  readonly worker: string
  /** This task's own plan: its share of the splits, its partitions of the exchanges. */
  readonly plan: ExecutionPlan
  /** Ids of the splits that it reads, sorted. */
  readonly splits: readonly string[]
  /** The part of each of them that it reads; null for the whole. */
  readonly slice: Slice | null
}

/** The plan between two exchanges; all its tasks have one schema and one partition count. */
export interface Stage {
  readonly id: number
  /** How its output is read: by hash partition, as a whole by one task, or as a whole by each task. */
  readonly exchange: 'shuffle' | 'coalesce' | 'broadcast'
  /** The plan before it was dealt, with every split. */
  readonly plan: ExecutionPlan
  readonly tasks: readonly StageTask[]
  readonly inputs: readonly Stage[]
  /** How often each output partition of each task is read: 1, or for a broadcast the number of its consumers. */
  readonly consumers: number
}

export interface DistributedPlan {
  /** Runs on the coordinator; reads stages through exchange nodes. */
  readonly root: ExecutionPlan
  /** Stages that the root reads. */
  readonly inputs: readonly Stage[]
  /** Every stage, producers before consumers; ids count from 1 in this order. */
  readonly stages: readonly Stage[]
}
