import type { RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import { ProbeFilters, probeFiltersOf } from '../operators/probe-filters.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { demandedColumns } from '../runtime/column-demand.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { NullVector, type Vector } from '../vectors/vector.ts'
import { fromArrowData } from './from-arrow-data.ts'

/**
 * Copies rows of Arrow batches into a task's memory for one partition of a plan: the columns that are read, and of rows
 * that joins above would drop, only their keys.
 */
export class ArrowBatchScan {
  readonly #schema: Schema
  readonly #context: TaskContext
  readonly #columns: readonly number[]
  readonly #filters: ProbeFilters

  constructor(plan: ExecutionPlan, context: TaskContext) {
    const demanded = demandedColumns(context, plan)
    this.#schema = plan.schema
    this.#context = context
    this.#columns = plan.schema.fields.map((_, i) => i).filter((i) => demanded === null || demanded.has(i))
    this.#filters = new ProbeFilters(probeFiltersOf(context, plan))
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
      const kept = this.#filters.select(rows, column, region)
      if (kept.length === 0 && length > 0) {
        region.release()
        return null
      }
      for (const i of this.#columns) column(i)
      return new RecordBatch(this.#schema, columns, length, kept.length === length ? null : kept, region)
    } catch (error) {
      region.release()
      throw error
    }
  }
}
