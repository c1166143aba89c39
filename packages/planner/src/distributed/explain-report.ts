import type { ExecutionPlan } from '@volley/core'
import { formatPlan } from '@volley/core'
import type { DistributedPlan } from './stage.ts'

/** Counters of one plan node in one task. */
export interface NodeReport {
  readonly name: string
  readonly details: readonly (readonly [key: string, value: string])[]
  readonly rowsOut: number
  readonly elapsedMs: number
  readonly counters: ReadonlyMap<string, number>
  readonly children: readonly NodeReport[]
}

/** Counters of one task; the coordinator's is task 0 of stage 0. */
export interface TaskReport {
  readonly stage: number
  readonly task: number
  readonly worker: string
  readonly rowsOut: number
  readonly bytesOut: number
  readonly plan: NodeReport
}

export interface ExplainNode {
  readonly name: string
  readonly details: Readonly<Record<string, string>>
  readonly rows_out: number | null
  readonly elapsed_ms: number | null
  readonly counters?: Readonly<Record<string, number>>
  readonly children: readonly ExplainNode[]
}

export interface ExplainStage {
  readonly id: number
  /** How the stage's output is read; null for the coordinator's part. */
  readonly exchange: string | null
  readonly inputs: readonly number[]
  readonly tasks: readonly {
    readonly worker: string
    readonly splits: readonly string[]
    readonly rows_out: number | null
    readonly bytes_out: number | null
  }[]
  readonly plan: ExplainNode
}

export interface ExplainReport {
  readonly stages: readonly ExplainStage[]
}

/** Name of the worker that stage 0 runs on. */
export const COORDINATOR = 'coordinator'

/** What EXPLAIN shows of a plan that is not distributed: one stage, the coordinator's. */
export function undistributed(plan: ExecutionPlan): DistributedPlan {
  return { root: plan, inputs: [], stages: [] }
}

/**
 * The staged plan as text: `Stage 1: tasks=2, exchange=shuffle, workers=[a, b]` and the stage's plan below, consumers before
 * producers; stage 0 is the coordinator's.
 */
export function formatDistributedPlan(plan: DistributedPlan, reports: readonly TaskReport[] = []): string {
  const lines: string[] = []
  const stages = [
    { id: 0, head: COORDINATOR, plan: plan.root },
    ...[...plan.stages].reverse().map((stage) => {
      const workers = stage.tasks.map((task) => task.worker).join(', ')
      const splits = stage.tasks.reduce((sum, task) => sum + task.splits.length, 0)
      const head = `tasks=${stage.tasks.length}, exchange=${stage.exchange}${splits > 0 ? `, splits=${splits}` : ''}, workers=[${workers}]`
      return { id: stage.id, head, plan: stage.plan }
    }),
  ]
  for (const stage of stages) {
    lines.push(`Stage ${stage.id}: ${stage.head}`)
    const merged = mergeReports(reports.filter((report) => report.stage === stage.id).map((report) => report.plan))
    lines.push(merged === null ? formatPlan(stage.plan, undefined, 1) : formatNode(merged, 1))
  }
  return lines.join('\n')
}

function formatNode(node: NodeReport, level: number): string {
  const details = node.details.map(([key, value]) => `${key}=${value}`)
  const counters = [...node.counters].map(([key, value]) => `${key}=${value}`)
  const measured = [`rows_out=${node.rowsOut}`, `elapsed_ms=${round(node.elapsedMs)}`, ...counters].join(', ')
  const line = `${'  '.repeat(level)}${node.name}${details.length > 0 ? `: ${details.join(', ')}` : ''} [${measured}]`
  return [line, ...node.children.map((child) => formatNode(child, level + 1))].join('\n')
}

/** The JSON form of EXPLAIN, with what was counted where there are reports. */
export function explainReport(plan: DistributedPlan, reports: readonly TaskReport[] = []): ExplainReport {
  const stageOf = (
    id: number,
    exchange: string | null,
    inputs: readonly number[],
    tasks: readonly { worker: string; splits: readonly string[] }[],
    node: ExecutionPlan,
  ): ExplainStage => {
    const own = reports.filter((report) => report.stage === id)
    const merged = mergeReports(own.map((report) => report.plan))
    return {
      id,
      exchange,
      inputs,
      tasks: tasks.map(({ worker, splits }, task) => {
        const report = own.find((each) => each.task === task)
        return { worker, splits, rows_out: report?.rowsOut ?? null, bytes_out: report?.bytesOut ?? null }
      }),
      plan: merged === null ? plannedNode(node) : measuredNode(merged),
    }
  }
  const root = stageOf(
    0,
    null,
    plan.inputs.map((stage) => stage.id),
    [{ worker: COORDINATOR, splits: [] }],
    plan.root,
  )
  const stages = plan.stages.map((stage) =>
    stageOf(
      stage.id,
      stage.exchange,
      stage.inputs.map((input) => input.id),
      stage.tasks,
      stage.plan,
    ),
  )
  return { stages: [root, ...stages] }
}

function plannedNode(plan: ExecutionPlan): ExplainNode {
  const details = Object.fromEntries(plan.details())
  return { name: plan.kind, details, rows_out: null, elapsed_ms: null, children: plan.children.map(plannedNode) }
}

function measuredNode(node: NodeReport): ExplainNode {
  return {
    name: node.name,
    details: Object.fromEntries(node.details),
    rows_out: node.rowsOut,
    elapsed_ms: round(node.elapsedMs),
    ...(node.counters.size > 0 ? { counters: Object.fromEntries(node.counters) } : {}),
    children: node.children.map(measuredNode),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

/** One tree for the tasks of a stage: rows and counters add up, the time is the slowest task's. Null for no tasks. */
export function mergeReports(reports: readonly NodeReport[]): NodeReport | null {
  const [first] = reports
  if (first === undefined) return null
  const counters = new Map<string, number>()
  for (const report of reports)
    for (const [key, value] of report.counters) counters.set(key, (counters.get(key) ?? 0) + value)
  // A task that reads nothing of its own may have an empty leaf where the others have a tree.
  const full = reports.reduce((best, report) => (report.children.length > best.children.length ? report : best), first)
  const alike = reports.filter((report) => report.children.length === full.children.length)
  return {
    name: full.name,
    details: full.details,
    rowsOut: reports.reduce((sum, report) => sum + report.rowsOut, 0),
    elapsedMs: Math.max(...reports.map((report) => report.elapsedMs)),
    counters,
    children: full.children.map((_, i) => mergeReports(alike.map((report) => report.children[i]!))!),
  }
}
