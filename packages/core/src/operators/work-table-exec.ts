import type { Schema } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'

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

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('WITH RECURSIVE')
  }
}
