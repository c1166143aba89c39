import {
  RecordBatch,
  type AggregateCall,
  type BatchStream,
  type ColumnExpr,
  type ExecutionPlan,
  type GroupsAccumulator,
  type Partitioning,
  type SortKey,
  type Statistics,
  type TaskContext,
  type Vector,
  segmentPartitioning,
} from '@volley/core'
import type { Schema } from 'apache-arrow'
import { joinByAddress } from './join-by-address.ts'
import type { FastFieldExec } from './fast-field-exec.ts'
import { GroupKeys } from './group-keys.ts'
import type { InvertedIndexExec } from './inverted-index-exec.ts'
import type { ScanTable } from './scan-table.ts'
import { SplitSource } from './split-source.ts'
import { streamOf } from './unit-stream.ts'

/**
 * A partial aggregate over fast fields of the documents of a layout, filtered by the inverted index and by fast fields:
 * one state per group and partition. A text key is grouped by term ordinal; its string is resolved once per segment and
 * group.
 */
export class TantivyAggregateExec extends SplitSource {
  override readonly kind = 'TantivyAggregateExec'
  override readonly schema: Schema
  readonly fields: FastFieldExec
  readonly inverted: InvertedIndexExec | null
  /** Over the schema of `fields`. */
  readonly group: ColumnExpr | null
  /** Arguments are columns of the schema of `fields`. */
  readonly calls: readonly AggregateCall[]

  constructor(
    fields: FastFieldExec,
    inverted: InvertedIndexExec | null,
    group: ColumnExpr | null,
    calls: readonly AggregateCall[],
    schema: Schema,
  ) {
    super(fields.table)
    this.fields = fields
    this.inverted = inverted
    this.group = group
    this.calls = calls
    this.schema = schema
  }

  protected override withTable(table: ScanTable): TantivyAggregateExec {
    const ids = new Set(table.layout.splits.map((split) => split.splitId))
    const inverted = this.inverted === null ? null : (this.inverted.forTask(ids) as InvertedIndexExec)
    return new TantivyAggregateExec(
      this.fields.forTask(ids) as FastFieldExec,
      inverted,
      this.group,
      this.calls,
      this.schema,
    )
  }

  override withSplits(table: ScanTable): TantivyAggregateExec {
    const inverted = this.inverted === null ? null : (this.inverted.withSplits(table) as InvertedIndexExec)
    const fields = this.fields.withSplits(table) as FastFieldExec
    return new TantivyAggregateExec(fields, inverted, this.group, this.calls, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    const { filters } = this.fields.options
    return [
      ...this.tableDetails(),
      ...(this.inverted === null ? [] : [['query', `[${this.inverted.options.filters.join(', ')}]`] as const]),
      ...(filters.length === 0 ? [] : [['filters', `[${filters.join(', ')}]`] as const]),
      ...(this.group === null ? [] : [['group', this.group.toString()] as const]),
      ['aggregates', `[${this.calls.join(', ')}]`],
    ]
  }

  /** Rows are groups, in no order. */
  override get ordering(): readonly SortKey[] {
    return []
  }

  override get partitioning(): Partitioning {
    return segmentPartitioning(`aggregate of ${this.table.layout.layoutId}`, this.table.layout.partitions)
  }

  override get statistics(): Statistics {
    return this.group === null
      ? this.rowStatistics(0, 64, this.table.layout.partitions)
      : this.rowStatistics(0.1, 64, null)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return streamOf(this.schema, this.groups(partition, context))
  }

  private async *groups(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const source: ExecutionPlan = this.inverted === null ? this.fields : joinByAddress(this.inverted, this.fields)
    const offset = this.inverted === null ? 0 : this.inverted.schema.fields.length
    const input = source.execute(partition, context)
    const accumulators = this.calls.map((call) => call.fn.createAccumulator(call.argTypes, call.type))
    const keys = this.group === null ? null : new GroupKeys(this.group.type)
    try {
      for (let batch = await input.next(); batch !== null; batch = await input.next()) {
        this.add(batch, offset, keys, accumulators)
        context.metricsOf(this).add('docs_aggregated', batch.numRows)
      }
      const count = keys === null ? 1 : keys.count
      if (count === 0) return
      const region = context.region()
      const columns: Vector[] = keys === null ? [] : [keys.vector(region)]
      for (const accumulator of accumulators) columns.push(...accumulator.state(count, region))
      yield new RecordBatch(this.schema, columns, count, null, region)
    } finally {
      await input.close()
      for (const accumulator of accumulators) accumulator.release()
    }
  }

  private add(
    batch: RecordBatch,
    offset: number,
    keys: GroupKeys | null,
    accumulators: readonly GroupsAccumulator[],
  ): void {
    const rows = batch.numRows
    const column = (expr: ColumnExpr): Vector => batch.columns[offset + expr.index]!
    const groups = keys === null ? new Uint32Array(rows) : keys.groupsOf(column(this.group!), batch.selection, rows)
    const groupCount = keys === null ? 1 : keys.count
    for (const [i, accumulator] of accumulators.entries()) {
      const args = this.calls[i]!.args.map((arg) => column(arg as ColumnExpr))
      accumulator.update(groupCount, groups, args, batch.selection, rows)
    }
  }
}
