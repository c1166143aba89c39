import { Field, Schema } from 'apache-arrow'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import { addEstimates, type Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'

/** All partitions of all inputs, whose columns have the same types in the same places; names are the first one's. */
export class UnionExec extends ExecutionPlan {
  override readonly kind = 'UnionExec'
  override readonly schema: Schema
  override readonly children: readonly ExecutionPlan[]

  constructor(inputs: readonly ExecutionPlan[]) {
    super()
    this.children = inputs
    this.schema = unionSchema(inputs.map((input) => input.schema))
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.children.reduce((sum, child) => sum + child.partitioning.count, 0))
  }

  override get statistics(): Statistics {
    return addEstimates(this.children.map((child) => child.statistics))
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new UnionExec(children)
  }

  override details(): readonly (readonly [string, string])[] {
    return []
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    let at = partition
    for (const child of this.children) {
      const { count } = child.partitioning
      if (at < count) {
        const input = child.execute(at, context)
        return operatorStream(this.schema, [input], this.rename(input))
      }
      at -= count
    }
    throw new RangeError(`partition ${partition} of a union of fewer`)
  }

  private async *rename(input: BatchStream): AsyncGenerator<RecordBatch, void, void> {
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      const { columns, length, selection, region } = batch.retain()
      yield new RecordBatch(this.schema, columns, length, selection, region)
    }
  }
}

/** The first schema, with a column nullable where it is in any of them. */
export function unionSchema(schemas: readonly Schema[]): Schema {
  const [first] = schemas
  return new Schema(
    first!.fields.map((field, i) => {
      const nullable = schemas.some((schema) => schema.fields[i]!.nullable)
      return nullable === field.nullable ? field : new Field(field.name, field.type, nullable, field.metadata)
    }),
    first!.metadata,
  )
}
