import type { Schema } from 'apache-arrow'
import { internalError } from '../errors.ts'
import type { HeldRows } from '../memory/held-rows.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { ServiceKey, type TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'

/** The rows of the round before of the recursive query of this name, around it in the plan. */
export class WorkTableExec extends ExecutionPlan {
  override readonly kind = 'WorkTableExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly name: string

  constructor(name: string, schema: Schema) {
    super()
    this.name = name
    this.schema = schema
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(1)
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['name', this.name]]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.rows(context))
  }

  private async *rows(context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const round = workTables(context).get(this.name)
    if (round === undefined) throw internalError(`no recursive query ${this.name} is running`)
    for await (const batch of round.read()) {
      yield new RecordBatch(this.schema, batch.columns, batch.length, batch.selection, batch.region)
    }
  }
}

/** Rows of the round before, by name of the recursive query. */
export const WORK_TABLES: ServiceKey<ReadonlyMap<string, HeldRows>> = new ServiceKey('work table')

export function workTables(context: TaskContext): ReadonlyMap<string, HeldRows> {
  return context.hasService(WORK_TABLES) ? context.service(WORK_TABLES) : new Map()
}
