import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import { keyWordCount } from '../aggregates/key-words.ts'
import { evaluatePredicate } from '../expressions/evaluate-predicate.ts'
import type { Expr } from '../expressions/expr.ts'
import { conditionsOf } from '../operators/row-conditions.ts'
import { ProbeFilters, probeFiltersOf } from '../operators/probe-filters.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { columnsOfExprs, demandedColumns } from '../runtime/column-demand.ts'
import type { Region } from '@volley/kernels'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { NullVector, type Vector } from '../vectors/vector.ts'
import { takeVector } from '../vectors/take.ts'
import { fromArrowData } from './from-arrow-data.ts'
import { fromArrowRows } from './from-arrow-rows.ts'

/** Nanoseconds to copy a row in a run of rows, and by itself: of a column of fixed width, and of others. */
const RUN = { fixed: 1, other: 20 }
const SINGLE = { fixed: 3, other: 60 }

/**
 * Copies rows of Arrow batches into a task's memory for one partition of a plan: the columns that are read, and of rows
 * that joins above would drop or conditions leave out, only what tells so.
 */
export class ArrowBatchScan {
  readonly #schema: Schema
  readonly #context: TaskContext
  readonly #columns: readonly number[]
  readonly #filters: ProbeFilters
  readonly #conditions: readonly { readonly condition: Expr; readonly columns: readonly number[] }[]

  constructor(plan: ExecutionPlan, context: TaskContext) {
    const demanded = demandedColumns(context, plan)
    this.#schema = plan.schema
    this.#context = context
    this.#columns = plan.schema.fields.map((_, i) => i).filter((i) => demanded === null || demanded.has(i))
    this.#filters = new ProbeFilters(probeFiltersOf(context, plan))
    this.#conditions = conditionsOf(context, plan).map((condition) => ({
      condition,
      columns: [...columnsOfExprs([condition])],
    }))
  }

  /** Rows `start` to `end` (exclusive) of a batch that has the plan's columns; null where no row is left. */
  read(batch: ArrowRecordBatch, start: number, end: number): RecordBatch | null {
    const region = this.#context.region()
    try {
      const length = end - start
      const columns: Vector[] = this.#schema.fields.map(({ type }) => new NullVector(type, length, null))
      const read = new Set<number>()
      const column = (i: number): Vector => {
        if (read.has(i)) return columns[i]!
        read.add(i)
        const data = batch.data.children[i]!
        const part = start === 0 && end === data.length ? data : data.slice(start, length)
        return (columns[i] = fromArrowData(part, this.#schema.fields[i]!.type, region))
      }
      const rows = allRows(length)
      let kept = this.#filters.select(rows, column, region)
      for (const { condition, columns: needed } of this.#conditions) {
        if (kept.length === 0) break
        for (const i of needed) column(i)
        const selection = kept.length === length ? null : kept
        kept = evaluatePredicate(condition, new RecordBatch(this.#schema, columns, length, selection, region), region)
      }
      if (kept.length === 0 && length > 0) {
        region.release()
        return null
      }
      if (this.#arePicked(kept.length, length, read)) return this.#sparse(batch, start, kept, read, columns, region)
      for (const i of this.#columns) column(i)
      return new RecordBatch(this.#schema, columns, length, kept.length === length ? null : kept, region)
    } catch (error) {
      region.release()
      throw error
    }
  }

  /** Whether the rows that are left are copied one by one into a batch of their own: else they become a selection. */
  #arePicked(count: number, length: number, read: ReadonlySet<number>): boolean {
    let [runs, singles] = [0, 0]
    for (const i of this.#columns) {
      const kind = keyWordCount(this.#schema.fields[i]!.type) > 0 ? 'fixed' : 'other'
      singles += count * SINGLE[kind]
      if (!read.has(i)) runs += length * RUN[kind]
    }
    return singles < runs
  }

  /** A batch of a few rows: those of columns that are read already are taken, others are copied one by one. */
  #sparse(
    batch: ArrowRecordBatch,
    start: number,
    kept: Uint32Array,
    read: ReadonlySet<number>,
    columns: readonly Vector[],
    region: Region,
  ): RecordBatch {
    const count = kept.length
    const chosen: Vector[] = this.#schema.fields.map(({ type }) => new NullVector(type, count, null))
    for (const i of this.#columns) {
      chosen[i] = read.has(i)
        ? takeVector(columns[i]!, kept, count, region)
        : fromArrowRows(batch.data.children[i]!, this.#schema.fields[i]!.type, start, kept, count, region)
    }
    return new RecordBatch(this.#schema, chosen, count, null, region)
  }
}
