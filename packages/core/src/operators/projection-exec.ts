import type { Schema } from 'apache-arrow'
import { ColumnExpr } from '../expressions/column-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import { projectExprs } from '../plan/project-exprs.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { columnsOfExprs, demandColumns, demandedColumns } from '../runtime/column-demand.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { Pace } from '../runtime/pace.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { NullVector } from '../vectors/vector.ts'
import { filtersThrough, offerProbeFilters, probeFiltersOf } from './probe-filters.ts'

/** Computes columns; the selection stays, and columns that pass through are shared. */
export class ProjectionExec extends ExecutionPlan {
  override readonly kind = 'ProjectionExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly exprs: readonly Expr[]

  constructor(input: ExecutionPlan, exprs: readonly Expr[], schema: Schema) {
    super()
    this.input = input
    this.exprs = exprs
    this.schema = schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    const { partitioning } = this.input
    if (partitioning.kind !== 'hash') return partitioning
    const exprs = partitioning.exprs.map((expr) => projectExprs(expr, this.exprs, this.schema))
    return exprs.includes(null)
      ? { kind: 'unknown', count: partitioning.count }
      : { kind: 'hash', exprs: exprs as Expr[], count: partitioning.count }
  }

  override get ordering(): readonly SortKey[] {
    const keys: SortKey[] = []
    for (const key of this.input.ordering) {
      const expr = projectExprs(key.expr, this.exprs, this.schema)
      if (expr === null) break
      keys.push({ ...key, expr })
    }
    return keys
  }

  override get statistics(): Statistics {
    const { rows, bytes } = this.input.statistics
    return { rows, bytes: bytes && { value: bytes.value, exact: false } }
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new ProjectionExec(children[0]!, this.exprs, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    const { fields } = this.schema
    const named = this.exprs.map((expr, i) => {
      const { name } = fields[i]!
      return expr instanceof ColumnExpr && expr.name === name ? name : `${expr} AS ${name}`
    })
    return [['exprs', `[${named.join(', ')}]`]]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    demandColumns(context, this.input, this.demandOfInput(context))
    offerProbeFilters(context, this.input, filtersThrough(probeFiltersOf(context, this), this.exprs))
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.project(input, context))
  }

  private demandOfInput(context: TaskContext): ReadonlySet<number> {
    const demanded = demandedColumns(context, this)
    return columnsOfExprs(this.exprs.filter((_, i) => demanded === null || demanded.has(i)))
  }

  private async *project(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const demanded = demandedColumns(context, this)
    const pace = new Pace(this.exprs)
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      const rows = batch.numRows
      if (rows === 0) yield this.projected(batch, demanded, context)
      for (let start = 0; start < rows;) {
        const began = performance.now()
        const piece = pace.piece(batch, start)
        const out = this.projected(piece, demanded, context)
        start += piece.numRows
        pace.took(piece.numRows, performance.now() - began)
        // Whoever asks for the next one gives way.
        yield out
      }
    }
  }

  private projected(batch: RecordBatch, demanded: ReadonlySet<number> | null, context: TaskContext): RecordBatch {
    const region = context.region()
    try {
      const columns = this.exprs.map((expr, i) =>
        demanded === null || demanded.has(i)
          ? expr.evaluate(batch, batch.selection, region)
          : new NullVector(expr.type, batch.length, null),
      )
      region.dependOn(batch.region)
      return new RecordBatch(this.schema, columns, batch.length, batch.selection, region)
    } catch (error) {
      region.release()
      throw error
    }
  }
}
