import { formatPlan } from '@volley/core'
import type { DistributedPlan, StageTask } from '@volley/planner'
import type { ExecutionMetrics, NodeMetrics } from '@volley/worker'

/** The stages of a plan as a tree: the coordinator's part, then each stage above those that it reads. */
export function formatStages(plan: DistributedPlan): string {
  const lines = ['Coordinator', formatPlan(plan.root, undefined, 1)]
  for (const stage of [...plan.stages].reverse()) {
    lines.push(`Stage ${stage.id}: exchange=${stage.exchange}, tasks=${stage.tasks.length}`)
    stage.tasks.forEach((task, i) => lines.push(`  task ${i} on ${task.worker}: ${shareOf(task)}`))
    lines.push(formatPlan(stage.plan, undefined, 1))
  }
  return lines.join('\n')
}

/** The stages of a plan that has run, as a tree: rows and time of each node, rows and bytes of each task. */
export function formatAnalyzed(plan: DistributedPlan, metrics: ExecutionMetrics): string {
  const lines = ['Coordinator', ...nodeLines(metrics.root, 1)]
  // Consumers above producers, as in the tree.
  for (const report of [...metrics.stages].reverse()) {
    const stage = plan.stages.find((candidate) => candidate.id === report.id)!
    lines.push(`Stage ${report.id}: exchange=${stage.exchange}, tasks=${report.tasks.length}`)
    for (const task of report.tasks) {
      lines.push(
        `  task ${task.task} on ${task.worker}: ${shareOf(stage.tasks[task.task]!)}, rows=${count(task.rowsOut)}, bytes=${count(task.bytesOut)}`,
      )
    }
    if (report.plan !== null) lines.push(...nodeLines(report.plan, 1))
  }
  for (const [executor, sizes] of metrics.caches) {
    const kept = [...sizes].map(([name, bytes]) => `${name}=${count(bytes)}`)
    if (kept.length > 0) lines.push(`-- bytes kept in memory by ${executor}: ${kept.join(', ')}`)
  }
  return lines.join('\n')
}

function shareOf({ splits, slice }: StageTask): string {
  return `splits=${splits.length}${slice === null ? '' : `, part ${slice.index + 1} of ${slice.count}`}`
}

function nodeLines(node: NodeMetrics, level: number): string[] {
  const details = node.details.map(([key, value]) => `${key}=${value}`).join(', ')
  const counters = [...node.counters].map(([name, value]) => `${name}=${count(value)}`)
  const measured = [`rows=${count(node.rowsOut)}`, `time=${node.elapsedMs.toFixed(1)} ms`, ...counters].join(', ')
  const line = `${'  '.repeat(level)}${node.name}${details === '' ? '' : `: ${details}`}  [${measured}]`
  return [line, ...node.children.flatMap((child) => nodeLines(child, level + 1))]
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
