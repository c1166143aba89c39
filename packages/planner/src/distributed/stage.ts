import type { ExecutionPlan } from '@volley/core'
import type { JoinDecision, MeasuredStage, StageCheck } from './adaptive-joins.ts'
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
  /** How often each output partition of each task is read: once by a shuffle, else by each of the stages or tasks that read it. */
  readonly consumers: number
}

export interface DistributedPlan {
  /** Runs on the coordinator; reads stages through exchange nodes. */
  readonly root: ExecutionPlan
  /** Stages that the root reads. */
  readonly inputs: readonly Stage[]
  /** Every stage, producers before consumers; ids ascend in this order, from 1 on. */
  readonly stages: readonly Stage[]
  /** What is still to be decided when the first stages have run; absent where nothing is. */
  readonly adaptive?: AdaptivePlan
  /** What was decided so far. */
  readonly decisions?: readonly JoinDecision[]
}

/** How a plan goes on from some of its stages. */
export interface AdaptivePlan {
  /** Stages that are to run first, with what they read. */
  readonly checks: readonly StageCheck[]
  /**
   * The plan for what was measured, in the order of the checks: the stages that ran are in it, with their tasks as they were;
   * others may be new, and have new ids.
   */
  adapt(measured: readonly MeasuredStage[]): DistributedPlan
}
