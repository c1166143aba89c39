import { formatPlan, type ExecutionPlan } from '@volley/core'
import type { DistributedPlan } from '@volley/planner'
import type { VolleySession } from 'volley'
import type { RowValue } from '../oracle/rows.ts'

export type SettingValues = Readonly<Record<string, string | number>>

/** The rows of a query under these settings; others are at their defaults. */
export async function queryRows(
  session: VolleySession,
  sql: string,
  settings: SettingValues = {},
): Promise<RowValue[][]> {
  apply(session, settings)
  const result = await session.sql(sql)
  const rows: RowValue[][] = []
  for await (const chunk of result.chunks()) for (const row of chunk) rows.push([...row])
  return rows
}

export interface Ran {
  /** Every operator, a line each, of the coordinator's part and of all stages. */
  readonly plan: string
  readonly nodes: readonly ExecutionPlan[]
  /** Workers that had a task, and those of them whose tasks gave rows. */
  readonly workers: ReadonlySet<string>
  readonly workersWithRows: ReadonlySet<string>
  readonly distributed: DistributedPlan
}

/** How a query is planned under these settings; with `analyze` it runs. */
export async function explainQuery(
  session: VolleySession,
  sql: string,
  settings: SettingValues = {},
  analyze = false,
): Promise<Ran> {
  apply(session, settings)
  const { plan, metrics } = await session.explain(sql, { analyze })
  const plans = [plan.root, ...plan.stages.map((stage) => stage.plan)]
  const reports = metrics?.stages.flatMap((stage) => stage.tasks) ?? []
  return {
    plan: plans.map((each) => formatPlan(each)).join('\n'),
    nodes: plans.flatMap(withDescendants),
    workers: new Set(plan.stages.flatMap((stage) => stage.tasks.map((task) => task.worker))),
    workersWithRows: new Set(reports.filter((task) => task.rowsOut > 0).map((task) => task.worker)),
    distributed: plan,
  }
}

/** A plan and everything below it. */
export function withDescendants(plan: ExecutionPlan): ExecutionPlan[] {
  return [plan, ...plan.children.flatMap(withDescendants)]
}

function apply(session: VolleySession, settings: SettingValues): void {
  session.settings.reset('all')
  for (const [name, value] of Object.entries(settings)) session.set(name, String(value))
}
