import type { Schema } from 'apache-arrow'
import { createGroupTable, type GroupTable } from '../aggregates/group-table.ts'
import { HeldRows } from '../memory/held-rows.ts'
import type { MemoryReservation } from '../memory/memory-pool.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { copyRows } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { runSteps } from '../runtime/run-steps.ts'
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

  override get spillingPartitions(): number {
    return 1
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
    const known = { seen, memory: context.reserve(this, false) }
    const memory = context.reserve(this, true)
    let round = new HeldRows(this, memory, context)
    let next: HeldRows | null = null
    try {
      await this.collect(initial, round, known, context)
      while (!round.isEmpty) {
        yield* round.read()
        next = new HeldRows(this, memory, context)
        await this.runOnce(round, next, known, context)
        await round.release()
        round = next
        next = null
      }
    } finally {
      await round.release()
      await next?.release()
      seen?.release()
      known.memory.free()
      memory.free()
    }
  }

  /** Runs the recursive side over the rows of one round. */
  private async runOnce(round: HeldRows, next: HeldRows, known: KnownRows, context: TaskContext): Promise<void> {
    const derived = context.derive()
    derived.provide(WORK_TABLES, new Map([...workTables(context), [this.name, round]]))
    const stream = executeAll(this.recursive, derived)
    try {
      await this.collect(stream, next, known, context)
    } finally {
      await stream.close()
      await derived.close()
    }
  }

  /** The rows of a round that are new. */
  private async collect(
    stream: BatchStream,
    round: HeldRows,
    { seen, memory }: KnownRows,
    context: TaskContext,
  ): Promise<void> {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      const room = seen?.makeRoom?.(batch.numRows) ?? null
      if (room !== null) await runSteps(room, context)
      const selection = seen === null ? batch.selection : newRows(batch, seen)
      if (seen !== null) await memory.require(seen.bytes, 'the rows of UNION in a recursive query must fit')
      const rows = new RecordBatch(this.schema, batch.columns, batch.length, selection, batch.region)
      // A copy: memory that is shared would keep the rounds before.
      if (rows.numRows > 0) await round.add(copyRows(rows, selection ?? allRows(batch.length), context))
    }
  }
}

/** For UNION, the rows that there were. */
interface KnownRows {
  readonly seen: GroupTable | null
  readonly memory: MemoryReservation
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
