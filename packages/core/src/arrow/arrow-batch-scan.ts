import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import type { Expr } from '../expressions/expr.ts'
import { isCheap } from '../expressions/predicate-order.ts'
import { ProbeFilters, probeFiltersOf } from '../operators/probe-filters.ts'
import { conditionsOf } from '../operators/row-conditions.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { columnsOfExprs, demandedColumns } from '../runtime/column-demand.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { ScanRows } from './scan-rows.ts'

/** Where fewer of the rows than this are kept, more of them are read at once. */
const FEW = 1 / 8
const MORE = 4

/** A condition, the columns that it reads, and those that are read after it. */
interface Condition {
  readonly expr: Expr
  readonly columns: readonly number[]
  readonly later: ReadonlySet<number>
}

/**
 * Copies rows of Arrow batches into a task's memory for one partition of a plan: the columns that are read, and of rows
 * that joins above would drop or conditions leave out, only what tells so. What a condition reads is copied of the rows that
 * those before it left.
 */
export class ArrowBatchScan {
  readonly #schema: Schema
  readonly #context: TaskContext
  readonly #columns: readonly number[]
  /** Columns that are read after joins were asked. */
  readonly #later: ReadonlySet<number>
  /** Conditions that are asked before joins are, and after. */
  readonly #before: readonly Condition[]
  readonly #after: readonly Condition[]
  readonly #filters: ProbeFilters
  #seen = 0
  #kept = 0

  constructor(plan: ExecutionPlan, context: TaskContext) {
    const demanded = demandedColumns(context, plan)
    const filters = probeFiltersOf(context, plan)
    const columns = plan.schema.fields.map((_, i) => i).filter((i) => demanded === null || demanded.has(i))
    const exprs = conditionsOf(context, plan)
    const conditions = exprs.map((expr, i) => ({
      expr,
      columns: [...columnsOfExprs([expr])],
      later: new Set([...columns, ...columnsOfExprs(exprs.slice(i + 1)), ...filters.map(({ column }) => column)]),
    }))
    const firstDear = conditions.findIndex(({ expr }) => !isCheap(expr))
    const cheap = firstDear < 0 ? conditions.length : firstDear
    this.#schema = plan.schema
    this.#context = context
    this.#columns = columns
    this.#later = new Set([...columns, ...columnsOfExprs(exprs.slice(cheap))])
    this.#before = conditions.slice(0, cheap)
    this.#after = conditions.slice(cheap)
    this.#filters = new ProbeFilters(filters)
  }

  /** How many rows to read next. */
  get step(): number {
    const { batchSize } = this.#context
    return this.#seen > batchSize && this.#kept < this.#seen * FEW ? batchSize * MORE : batchSize
  }

  /** Rows `start` to `end` (exclusive) of a batch that has the plan's columns; null where no row is left. */
  read(batch: ArrowRecordBatch, start: number, end: number): RecordBatch | null {
    const region = this.#context.region()
    try {
      const rows = new ScanRows(batch, this.#schema, start, end - start, region)
      for (const condition of this.#before) apply(condition, rows)
      if (rows.count > 0)
        rows.keep(
          this.#filters.select(rows.rows, (i) => rows.column(i), region),
          this.#later,
        )
      for (const condition of this.#after) apply(condition, rows)
      this.#seen += end - start
      this.#kept += rows.count
      if (rows.count === 0 && end > start) {
        region.release()
        return null
      }
      for (const i of this.#columns) rows.column(i)
      return rows.toBatch()
    } catch (error) {
      region.release()
      throw error
    }
  }
}

function apply({ expr, columns, later }: Condition, rows: ScanRows): void {
  if (rows.count === 0) return
  for (const i of columns) rows.column(i)
  const batch = rows.toBatch()
  rows.keep(expr.select(batch, batch.selection, batch.region), later)
}
