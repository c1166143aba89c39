import { Schema } from 'apache-arrow'
import { ColumnExpr } from '../expressions/column-expr.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch, takeColumns } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { NO_ROW } from '../vectors/take.ts'
import { hasLookup, type LookupStream } from './address-lookup.ts'
import { HashJoinExec } from './hash-join-exec.ts'
import { joinSchema } from './join-type.ts'

/** Positions of one address column in the two inputs. */
export interface AddressKey {
  readonly left: number
  readonly right: number
}

/**
 * Joins sources of one layout by document address, partition by partition. A right side that has `openLookup` is asked for
 * the left side's addresses; else both are read. The right side has an address once at most, and rows come in the left
 * side's order.
 */
export class DocIdJoinExec extends ExecutionPlan {
  override readonly kind = 'DocIdJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly joinType: 'inner' | 'left'
  readonly on: readonly AddressKey[]

  constructor(left: ExecutionPlan, right: ExecutionPlan, joinType: 'inner' | 'left', on: readonly AddressKey[]) {
    super()
    this.left = left
    this.right = right
    this.joinType = joinType
    this.on = on
    this.schema = joinSchema(left.schema, right.schema, joinType)
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.left, this.right]
  }

  override get partitioning(): Partitioning {
    return this.left.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.left.ordering
  }

  override get statistics(): Statistics {
    const { rows } = this.left.statistics
    return { rows: rows && { value: rows.value, exact: rows.exact && this.joinType === 'left' }, bytes: null }
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new DocIdJoinExec(children[0]!, children[1]!, this.joinType, this.on)
  }

  override details(): readonly (readonly [string, string])[] {
    const names = this.on.map((key) => this.left.schema.fields[key.left]!.name)
    return [
      ['type', this.joinType],
      ['on', `[${names.join(', ')}]`],
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const { right } = this
    if (!hasLookup(right)) return this.hashed(partition, context)
    const left = this.left.execute(partition, context)
    const lookup = right.openLookup(partition, context)
    return operatorStream(this.schema, [left], this.lookUp(left, lookup, context), () => lookup.close())
  }

  private async *lookUp(
    left: BatchStream,
    lookup: LookupStream,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const addressSchema = new Schema(this.on.map((key) => this.left.schema.fields[key.left]!))
    for (let next = await left.next(); next !== null; next = await left.next()) {
      if (next.numRows === 0) continue
      // Retained, because the left side may be closed while the look-up is under way.
      const batch = compactBatch(next, context)
      try {
        const addresses = this.on.map((key) => batch.columns[key.left]!)
        const answer = await lookup.lookup(new RecordBatch(addressSchema, addresses, batch.length, null, batch.region))
        context.metricsOf(this).add('rows_looked_up', batch.length)
        const joined = this.combine(batch, answer, context)
        answer.release()
        if (joined !== null) yield joined
      } finally {
        batch.release()
      }
    }
  }

  private combine(batch: RecordBatch, answer: RecordBatch, context: TaskContext): RecordBatch | null {
    const { selection } = answer
    if (selection !== null && selection.length === 0 && this.joinType === 'inner') return null
    const region = context.region()
    region.dependOn(batch.region)
    region.dependOn(answer.region)
    if (selection === null || this.joinType === 'inner') {
      return new RecordBatch(this.schema, [...batch.columns, ...answer.columns], batch.length, selection, region)
    }
    const rows = new Uint32Array(batch.length).fill(NO_ROW)
    for (let i = 0; i < selection.length; i++) rows[selection[i]!] = selection[i]!
    const columns = takeColumns(answer.columns, rows, answer, region)
    return new RecordBatch(this.schema, [...batch.columns, ...columns], batch.length, null, region)
  }

  /** Without a look-up: the right side goes into a hash table, past which the left side streams in its order. */
  private hashed(partition: number, context: TaskContext): BatchStream {
    const { left, right } = this
    const column = (plan: ExecutionPlan, i: number): ColumnExpr => {
      const field = plan.schema.fields[i]!
      return new ColumnExpr(i, field.name, field.type, field.nullable)
    }
    const on = this.on.map((key) => ({ left: column(right, key.right), right: column(left, key.left) }))
    const joinType = this.joinType === 'inner' ? 'inner' : 'right'
    const options = { nullEqualsNull: false, nullAware: false }
    const join = new HashJoinExec(right, left, on, joinType, null, 'partitioned', options)
    const input = join.execute(partition, context)
    return operatorStream(this.schema, [input], this.swap(input))
  }

  private async *swap(input: BatchStream): AsyncGenerator<RecordBatch, void, void> {
    const width = this.right.schema.fields.length
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      batch.retain()
      const columns = [...batch.columns.slice(width), ...batch.columns.slice(0, width)]
      yield new RecordBatch(this.schema, columns, batch.length, batch.selection, batch.region)
    }
  }
}
