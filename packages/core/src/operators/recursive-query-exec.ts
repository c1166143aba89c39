import type { Schema } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'

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

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('WITH RECURSIVE')
  }
}
