import type { ExecutionPlan, TaskContext } from '@volley/core'
import type { DistributedPlan } from '@volley/planner'
import { LOCAL_WORKER } from './local-worker.ts'
import { snapshotMetrics, sumMetrics } from '../tasks/task-metrics.ts'
import type { NodeMetrics, TaskMetrics } from '../tasks/task-executor.ts'

export interface TaskReport {
  readonly task: number
  readonly worker: string
  readonly splits: readonly string[]
  readonly rowsOut: number
  readonly bytesOut: number
  /** Rules of the worker that changed the task's plan. */
  readonly rules: readonly string[]
}

export interface StageReport {
  readonly id: number
  readonly tasks: readonly TaskReport[]
  /** Summed over its tasks. Null when no worker has told its metrics. */
  readonly plan: NodeMetrics | null
}

/** What EXPLAIN ANALYZE shows of a query that has run. */
export interface ExecutionMetrics {
  /** The coordinator's own part. */
  readonly root: NodeMetrics
  /** In the plan's order. */
  readonly stages: readonly StageReport[]
  /** Bytes that stay in memory behind the query, by executor, and by what is kept there. */
  readonly caches: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export function reportMetrics(
  plan: DistributedPlan,
  root: ExecutionPlan,
  context: TaskContext,
  tasks: readonly TaskMetrics[],
): ExecutionMetrics {
  const caches = new Map<string, ReadonlyMap<string, number>>(tasks.map((task) => [task.worker, task.caches]))
  if (!caches.has(LOCAL_WORKER)) caches.set('coordinator', context.arena.caches.sizes())
  return {
    root: snapshotMetrics(root, context),
    caches,
    stages: plan.stages.map((stage) => {
      const ran = tasks.filter((task) => task.stage === stage.id)
      return {
        id: stage.id,
        plan: sumMetrics(ran.map((task) => task.plan)),
        tasks: stage.tasks.map(({ worker, splits }, task) => {
          const metrics = ran.find((each) => each.task === task)
          return {
            task,
            worker,
            splits,
            rowsOut: metrics?.rowsOut ?? 0,
            bytesOut: metrics?.bytesOut ?? 0,
            rules: metrics?.rules ?? [],
          }
        }),
      }
    }),
  }
}
