import type { Schema } from 'apache-arrow'
import { createGroupTable, type GroupTable } from '../aggregates/group-table.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { executeAll } from './coalesce-partitions-exec.ts'
import { WORK_TABLES, workTables } from './work-table-exec.ts'

/**
 * WITH RECURSIVE: the rows of `initial`, then those of `recursive` over the rows of the round before (which its
 * `WorkTableExec` of the same name reads), until a round gives none. `distinct` (UNION) drops rows that were there before.
 */
export class RecursiveQueryExec extends ExecutionPlan {
  override readonly kind = 'RecursiveQueryExec'
  override readonly schema: Schema
  readonly name: string
  readonly initial: ExecutionPlan
  readonly recursive: ExecutionPlan
  readonly distinct: boolean

  constructor(name: string, initial: ExecutionPlan, recursive: ExecutionPlan, distinct: boolean, schema: Schema) {
    super()
    this.name = name
    this.initial = initial
    this.recursive = recursive
    this.distinct = distinct
    this.schema = schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.initial, this.recursive]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(1)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new RecursiveQueryExec(this.name, children[0]!, children[1]!, this.distinct, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['name', this.name], ...(this.distinct ? [['distinct', 'true'] as const] : [])]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    const initial = executeAll(this.initial, context)
    return operatorStream(this.schema, [initial], this.rounds(initial, context))
  }

  private async *rounds(initial: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const types = this.schema.fields.map((field) => field.type)
    const seen = this.distinct ? createGroupTable(types, context.arena) : null
    let round: RecordBatch[] = []
    try {
      round = await this.collect(initial, seen, context)
      while (round.length > 0) {
        for (const batch of round) yield batch.retain()
        const next = await this.runOnce(round, seen, context)
        for (const batch of round) batch.release()
        round = next
      }
    } finally {
      for (const batch of round) batch.release()
      seen?.release()
    }
  }

  /** Runs the recursive side over the rows of one round. */
  private async runOnce(
    round: readonly RecordBatch[],
    seen: GroupTable | null,
    context: TaskContext,
  ): Promise<RecordBatch[]> {
    const derived = context.derive()
    derived.provide(WORK_TABLES, new Map([...workTables(context), [this.name, round]]))
    const stream = executeAll(this.recursive, derived)
    try {
      return await this.collect(stream, seen, context)
    } finally {
      await stream.close()
      await derived.close()
    }
  }

  private async collect(stream: BatchStream, seen: GroupTable | null, context: TaskContext): Promise<RecordBatch[]> {
    const batches: RecordBatch[] = []
    try {
      for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
        const selection = seen === null ? batch.selection : newRows(batch, seen)
        const rows = new RecordBatch(this.schema, batch.columns, batch.length, selection, batch.region)
        if (rows.numRows > 0) batches.push(compactBatch(rows, context))
      }
      return batches
    } catch (error) {
      for (const batch of batches) batch.release()
      throw error
    }
  }
}

/** The rows that are not in the table yet; they are put there. */
function newRows(batch: RecordBatch, seen: GroupTable): Uint32Array {
  const rows = batch.selection ?? allRows(batch.length)
  let known = seen.count
  const ids = new Uint32Array(rows.length)
  seen.assign(batch.columns, rows, rows.length, ids)
  const out = new Uint32Array(rows.length)
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    if (ids[k] !== known) continue
    known++
    out[n++] = rows[k]!
  }
  return out.subarray(0, n)
}
