import { DocIdJoinExec, ScalarFunctionExpr, visitExpr, type ExecutionPlan, type ScalarFunction } from '@volley/core'
import { isDistributable, type LogicalPlan, type SettingDefinition, type Settings } from '@volley/planner'

/** Where the tasks of a plan run in this process, and why. */
export interface ThreadChoice {
  /** 1 is the thread of the coordinator. */
  readonly threads: number
  readonly reason: string
}

/** Bytes of a row that nobody has counted, in a file. */
const ROW_BYTES = 64
/** Each task of a query is in one thread; more are not of use. */
const MOST = 256

/** The settings that `chooseThreads` goes by. */
export function threadSettings(cores: number): readonly SettingDefinition[] {
  const integer = (name: string, description: string, min: number, max: number, value: number): SettingDefinition => ({
    name,
    description,
    defaultValue: String(value),
    expects: `an integer from ${min} to ${max}`,
    parse(text) {
      const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : -1
      return number >= min && number <= max ? String(number) : null
    },
  })
  return [
    integer('threads', 'threads of a query in this process', 1, MOST, Math.min(MOST, cores)),
    integer(
      'min_rows_per_thread',
      'a query that reads fewer rows for each thread uses fewer of them, or none but its own',
      0,
      1_000_000_000_000,
      200_000,
    ),
  ]
}

/** As many threads as the rows that a plan reads are worth: starting tasks in them costs more than a small query. */
export function chooseThreads(plan: ExecutionPlan, settings: Settings): ThreadChoice {
  const most = Number(settings.get('threads') ?? 1)
  if (most === 1) return { threads: 1, reason: 'threads is set to 1' }
  const rows = Math.round(rowsRead(plan))
  const each = Number(settings.get('min_rows_per_thread') ?? 0)
  const worth = each === 0 ? most : Math.floor(rows / each)
  const threads = hasTable(plan) ? Math.max(1, Math.min(most, worth)) : 1
  const about = `reads about ${rows.toLocaleString('en-US')} rows`
  return { threads, reason: threads > 1 ? about : `${about}, too few for more` }
}

/** Rows that the leaves of a plan look at. */
function rowsRead(plan: ExecutionPlan): number {
  if (plan instanceof DocIdJoinExec) return Math.min(...plan.children.map(rowsRead))
  if (plan.children.length > 0) return plan.children.reduce((sum, child) => sum + rowsRead(child), 0)
  const { rows, bytes } = plan.statistics
  if ('splitWeights' in plan && 'rowsRead' in plan) return plan.rowsRead as number
  return rows?.value ?? (bytes?.value ?? 0) / ROW_BYTES
}

function hasTable(plan: ExecutionPlan): boolean {
  return isDistributable(plan) || plan.children.some(hasTable) || plan.children.length === 0
}

/** The first function of a plan that only its session has; null where there is none. */
export function ownFunction(plan: LogicalPlan, own: ReadonlySet<ScalarFunction>): ScalarFunction | null {
  let found: ScalarFunction | null = null
  for (const expr of plan.expressions) {
    visitExpr(expr, (node) => {
      if (node instanceof ScalarFunctionExpr && own.has(node.fn)) found ??= node.fn
    })
  }
  for (const child of plan.children) found ??= ownFunction(child, own)
  return found
}
