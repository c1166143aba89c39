import type { Schema } from 'apache-arrow'
import { evaluatePredicate } from '../expressions/evaluate-predicate.ts'
import type { Expr } from '../expressions/expr.ts'
import { conjunction } from '../expressions/logical-expr.ts'
import { cheapestFirst } from '../expressions/predicate-order.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { columnsOfExprs, demandColumns, demandedColumns } from '../runtime/column-demand.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { callsFunction, Pace } from '../runtime/pace.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { handConditions } from './row-conditions.ts'
import { offerProbeFilters, probeFiltersOf } from './probe-filters.ts'

const SELECTIVITY = 0.3

/** Rows where the predicate is TRUE, as a selection over the input's columns. */
export class FilterExec extends ExecutionPlan {
  override readonly kind = 'FilterExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly predicate: Expr

  constructor(input: ExecutionPlan, predicate: Expr) {
    super()
    this.input = input
    this.predicate = predicate
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return this.input.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.input.ordering
  }

  override get statistics(): Statistics {
    const { rows, bytes } = this.input.statistics
    return {
      rows: rows && { value: rows.value * SELECTIVITY, exact: false },
      bytes: bytes && { value: bytes.value * SELECTIVITY, exact: false },
    }
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new FilterExec(children[0]!, this.predicate)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['predicate', String(this.predicate)]]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const { handed, rest } = this.#conditions()
    const demanded = demandedColumns(context, this)
    if (demanded !== null) {
      demandColumns(context, this.input, new Set([...demanded, ...columnsOfExprs(rest === null ? [] : [rest])]))
    }
    if (handed.length > 0) handConditions(context, this.input, handed)
    offerProbeFilters(context, this.input, probeFiltersOf(context, this))
    const input = this.input.execute(partition, context)
    if (rest === null) return input
    return operatorStream(this.schema, [input], this.filter(input, rest, context))
  }

  /** What the input tests itself, the first conditions up to one that may take long; and the rest. */
  #conditions(): { handed: readonly Expr[]; rest: Expr | null } {
    const all = cheapestFirst(this.predicate)
    if (!this.input.takesConditions) return { handed: [], rest: conjunction(all) }
    const long = this.input.takesLongConditions ? -1 : all.findIndex(callsFunction)
    const handed = long < 0 ? all : all.slice(0, long)
    return { handed, rest: conjunction(all.slice(handed.length)) }
  }

  private async *filter(
    input: BatchStream,
    predicate: Expr,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const pace = new Pace([predicate])
    for (let next = await input.next(); next !== null; next = await input.next()) {
      const batch = next.retain()
      try {
        for (let start = 0; start < batch.numRows;) {
          if (start > 0) await context.giveWay()
          const piece = pace.piece(batch, start)
          start += piece.numRows
          const passed = this.passing(piece, predicate, pace, context)
          if (passed !== null) yield passed
        }
      } finally {
        batch.release()
      }
    }
  }

  private passing(batch: RecordBatch, predicate: Expr, pace: Pace, context: TaskContext): RecordBatch | null {
    const region = context.region()
    let passed: RecordBatch | null = null
    try {
      const began = performance.now()
      const selection = evaluatePredicate(predicate, batch, region)
      pace.took(batch.numRows, performance.now() - began)
      if (selection.length === 0) return null
      region.dependOn(batch.region)
      passed = new RecordBatch(this.schema, batch.columns, batch.length, selection, region)
      return passed
    } finally {
      if (passed === null) region.release()
    }
  }
}
