import type { ExecutionPlan } from '@volley/core'
import type { JoinDecision } from '@volley/planner'
import type { ExecutionMetrics, NodeMetrics } from '@volley/worker'
import type { ThreadChoice } from './choose-threads.ts'
import type { Explained } from './session.ts'

interface PlanJson {
  readonly name: string
  readonly details: Readonly<Record<string, string>>
  readonly rows_out?: number
  readonly elapsed_ms?: number
  readonly counters?: Readonly<Record<string, number>>
  readonly children: readonly PlanJson[]
}

interface StageJson {
  readonly id: number
  readonly exchange?: string
  readonly tasks: readonly {
    readonly worker: string
    readonly splits: readonly string[]
    readonly rows_out?: number
    readonly bytes_out?: number
  }[]
  readonly plan: PlanJson
}

interface ExplainJson {
  readonly stages: readonly StageJson[]
  readonly threads?: ThreadChoice
  /** Bytes that stay in memory, by executor, and by what is kept there. */
  readonly caches?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** How joins were decided while the query ran. */
  readonly joins?: readonly JoinDecision[]
}

/** `{"stages": [...]}`, stage 0 being the coordinator's; with what was measured where the plan has run. */
export function explainJson({ plan, metrics, threads }: Explained): ExplainJson {
  const root: StageJson = {
    id: 0,
    tasks: [
      {
        worker: 'coordinator',
        splits: [],
        ...(metrics === null ? {} : { rows_out: metrics.root.rowsOut, bytes_out: 0 }),
      },
    ],
    plan: metrics === null ? planned(plan.root) : measured(metrics.root),
  }
  const stages = plan.stages.map((stage, i): StageJson => {
    const report = metrics?.stages[i]
    return {
      id: stage.id,
      exchange: stage.exchange,
      tasks: stage.tasks.map((task, t) => ({
        worker: task.worker,
        splits: task.splits,
        ...(report === undefined ? {} : { rows_out: report.tasks[t]!.rowsOut, bytes_out: report.tasks[t]!.bytesOut }),
      })),
      plan: report?.plan == null ? planned(stage.plan) : measured(report.plan),
    }
  })
  return {
    stages: [root, ...stages],
    ...(threads === null ? {} : { threads }),
    ...(metrics === null ? {} : { caches: cachesOf(metrics) }),
    ...(plan.decisions === undefined ? {} : { joins: plan.decisions }),
  }
}

function cachesOf({ caches }: ExecutionMetrics): ExplainJson['caches'] & {} {
  return Object.fromEntries([...caches].map(([executor, sizes]) => [executor, Object.fromEntries(sizes)]))
}

function planned(node: ExecutionPlan): PlanJson {
  return { name: node.kind, details: Object.fromEntries(node.details()), children: node.children.map(planned) }
}

function measured(node: NodeMetrics): PlanJson {
  return {
    name: node.name,
    details: Object.fromEntries(node.details),
    rows_out: node.rowsOut,
    elapsed_ms: Math.round(node.elapsedMs * 1000) / 1000,
    ...(node.counters.size === 0 ? {} : { counters: Object.fromEntries(node.counters) }),
    children: node.children.map(measured),
  }
}
