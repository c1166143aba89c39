import { ExecutionPlan, INT64, operatorStream, PrimitiveVector, RecordBatch, unknownPartitioning } from '@volley/core'
import type { BatchStream, Partitioning, TaskContext } from '@volley/core'
import { Field, Schema } from 'apache-arrow'

/** A prime that divides no sensible number of groups. */
const STEP = 1_000_000_007

/** `rows` keys (Int64) from 0 to `groups` - 1, each as often as the others, give or take one, in no order. */
export class ScrambledKeys extends ExecutionPlan {
  override readonly kind = 'ScrambledKeys'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema = new Schema([new Field('k', INT64, false)])
  override readonly partitioning: Partitioning = unknownPartitioning(1)
  readonly groups: number
  readonly rows: number
  /** Rows given so far. */
  done = 0

  constructor(groups: number, rows: number) {
    super()
    this.groups = groups
    this.rows = rows
  }

  override withChildren(): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    return [['groups', String(this.groups)]]
  }

  protected override executePartition(_partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.batches(context))
  }

  private async *batches(context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const step = STEP % this.groups
    for (let key = 0; this.done < this.rows;) {
      const count = Math.min(context.batchSize, this.rows - this.done)
      const region = context.region()
      const values = region.i64(count)
      const words = new Int32Array(values.buffer as ArrayBuffer, values.byteOffset, 2 * count)
      for (let k = 0; k < count; k++) {
        words[2 * k] = key
        words[2 * k + 1] = 0
        key += step
        if (key >= this.groups) key -= this.groups
      }
      this.done += count
      yield new RecordBatch(this.schema, [new PrimitiveVector(INT64, count, null, values)], count, null, region)
    }
  }
}
