import { defaultFunctions, executeAll, formatPlan, formatScalar, scalarAt, TaskContext } from '@volley/core'
import { Arena } from '@volley/kernels'
import { createPhysicalPlan, optimizeVerbose, SessionSettings, type PlanningContext } from '@volley/planner'
import { QuickwitCatalog, splitOpener, splitRules } from '@volley/splits'
import { bindStatement, parseStatements } from '@volley/sql'
import type { Library } from './library.ts'

export interface Rows {
  readonly columns: readonly string[]
  /** Values as text; null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[]
  readonly plan: string
}

const ROWS_SHOWN = 1000
const ARENA_BYTES = 512 * 1024 ** 2

const functions = defaultFunctions()
const settings = new SessionSettings({ physicalRules: splitRules.map((rule) => rule.name) })
let arena: Arena | null = null

/** Runs one query over the splits of a metastore, in this thread; gives its first thousand rows. */
export async function runSql(library: Library, text: string, signal?: AbortSignal): Promise<Rows> {
  const planning: PlanningContext = {
    catalog: new QuickwitCatalog(library.metastore),
    functions,
    settings,
    now: BigInt(Date.now()) * 1_000_000n,
  }
  const [ast, ...rest] = await parseStatements(text)
  if (ast === undefined || rest.length > 0) throw new Error('give one statement')
  const statement = await bindStatement(ast, planning)
  if (statement.kind !== 'query') throw new Error('this page runs queries: SELECT, WITH, VALUES')

  const { plan: logical } = optimizeVerbose(statement.plan, planning)
  const plan = createPhysicalPlan(logical, { settings, physicalRules: splitRules })
  arena ??= new Arena({ reserveBytes: ARENA_BYTES })
  const context = new TaskContext({ queryId: crypto.randomUUID(), arena, ...(signal === undefined ? {} : { signal }) })
  context.provide(splitOpener, library.opener)
  const { fields } = plan.schema
  const rows: (string | null)[][] = []
  const stream = executeAll(plan, context)
  try {
    for (let batch = await stream.next(); batch !== null && rows.length < ROWS_SHOWN; batch = await stream.next()) {
      for (let k = 0; k < batch.numRows && rows.length < ROWS_SHOWN; k++) {
        const row = batch.selection === null ? k : batch.selection[k]!
        rows.push(
          batch.columns.map((column, at) => {
            const value = scalarAt(column, row)
            return value === null ? null : formatScalar(value, fields[at]!.type)
          }),
        )
      }
    }
  } finally {
    await stream.close()
    await context.close()
  }
  return { columns: fields.map((field) => field.name), rows, plan: formatPlan(plan) }
}
