import type { ExecutionPlan, TaskContext } from '@volley/core'
import type { NodeMetrics } from './task-executor.ts'

/** What nodes say of themselves never changes, and they run many times. */
const known = new WeakMap<ExecutionPlan, NodeMetrics['details']>()

function detailsOf(plan: ExecutionPlan): NodeMetrics['details'] {
  let details = known.get(plan)
  if (details === undefined) known.set(plan, (details = plan.details()))
  return details
}

/** The counters of a plan that ran in `context`, as plain data that outlives both. */
export function snapshotMetrics(plan: ExecutionPlan, context: TaskContext): NodeMetrics {
  const metrics = context.metricsOf(plan)
  return {
    name: plan.kind,
    details: detailsOf(plan),
    rowsOut: metrics.rowsOut,
    batchesOut: metrics.batchesOut,
    elapsedMs: metrics.elapsedMs,
    counters: new Map(metrics.counters),
    children: plan.children.map((child) => snapshotMetrics(child, context)),
  }
}

/** Sums over tasks of one stage. Where a worker has rewritten its plan, nodes that do not line up are left out. */
export function sumMetrics(tasks: readonly NodeMetrics[]): NodeMetrics | null {
  const first = tasks[0]
  if (first === undefined) return null
  const alike = tasks.filter((task) => task.name === first.name && task.children.length === first.children.length)
  const counters = new Map<string, number>()
  for (const task of alike) {
    for (const [name, value] of task.counters) counters.set(name, (counters.get(name) ?? 0) + value)
  }
  return {
    name: first.name,
    details: first.details,
    rowsOut: alike.reduce((sum, task) => sum + task.rowsOut, 0),
    batchesOut: alike.reduce((sum, task) => sum + task.batchesOut, 0),
    elapsedMs: alike.reduce((sum, task) => sum + task.elapsedMs, 0),
    counters,
    children: first.children.map((_, i) => sumMetrics(alike.map((task) => task.children[i]!))!),
  }
}
