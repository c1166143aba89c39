import { unknownPartitioning, type ExecutionPlan, type Partitioning } from '@volley/core'
import { NetworkCoalesceExec } from './network-coalesce-exec.ts'

/**
 * The output of a stage, read by as many tasks as it has, each on the worker of its producer and that one's rows only. Stands
 * in plans that are not dealt yet: a task's share of it is a NetworkCoalesceExec.
 */
export class NetworkForwardExec extends NetworkCoalesceExec {
  override get partitioning(): Partitioning {
    return unknownPartitioning(this.partitionsPerTask)
  }

  /** What task number `task` reads. */
  of(task: number): ExecutionPlan {
    return new NetworkCoalesceExec(this.stageId, [this.producers[task]!], this.schema, this.partitionsPerTask)
  }
}
