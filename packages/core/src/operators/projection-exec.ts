import type { Schema } from 'apache-arrow'
import { ColumnExpr } from '../expressions/column-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import { projectExprs } from '../plan/project-exprs.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'

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
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.project(input, context))
  }

  private async *project(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      const region = context.region()
      let columns
      try {
        columns = this.exprs.map((expr) => expr.evaluate(batch!, batch!.selection, region))
      } catch (error) {
        region.release()
        throw error
      }
      region.dependOn(batch.region)
      yield new RecordBatch(this.schema, columns, batch.length, batch.selection, region)
    }
  }
}
