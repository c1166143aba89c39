import {
  ExecutionPlan,
  segmentPartitioning,
  type Estimate,
  type Partitioning,
  type SortKey,
  type Statistics,
} from '@volley/core'
import { ColumnExpr } from '@volley/core'
import type { Distributable, Slice, SplitWeight } from '@volley/planner'
import { addressFields } from './address.ts'
import type { ScanTable } from './scan-table.ts'

/**
 * A leaf that reads the documents of a layout: rows are sorted by address in each partition, the first three columns are
 * the address, and a task's share of it is the same node over a derived layout.
 */
export abstract class SplitSource extends ExecutionPlan implements Distributable {
  readonly table: ScanTable

  constructor(table: ScanTable) {
    super()
    this.table = table
  }

  protected abstract withTable(table: ScanTable): SplitSource

  /** The same source over other splits of its table (a pruned list). */
  withSplits(table: ScanTable): SplitSource {
    return this.withTable(table)
  }

  override readonly children: readonly ExecutionPlan[] = []

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override get partitioning(): Partitioning {
    return segmentPartitioning(this.table.layout.layoutId, this.table.layout.partitions)
  }

  override get ordering(): readonly SortKey[] {
    return addressFields.map((field, i) => ({
      expr: new ColumnExpr(i, field.name, field.type, false),
      descending: false,
      nullsFirst: false,
    }))
  }

  splitWeights(): readonly SplitWeight[] {
    return this.table.layout.splits.map((split) => ({ id: split.splitId, weight: split.numDocs }))
  }

  forTask(splitIds: ReadonlySet<string>): ExecutionPlan {
    return this.withTable(this.table.forTask(splitIds))
  }

  forSlice(slice: Slice): ExecutionPlan {
    return this.withTable(this.table.forSlice(slice))
  }

  /** Documents that it looks at, more or less. */
  get rowsRead(): number {
    return this.documents
  }

  /** Documents of all splits, deleted ones included: an upper bound of the rows. */
  protected get documents(): number {
    let sum = 0
    for (const split of this.table.layout.splits) sum += split.numDocs
    return sum
  }

  /** Rows that come out when the source keeps a share of its documents; exact only for all of them. */
  protected rowStatistics(share: number, bytesPerRow: number, limit: number | null): Statistics {
    const value = Math.min(Math.ceil(this.documents * share), limit ?? Infinity)
    const rows: Estimate = { value, exact: false }
    return { rows, bytes: { value: value * bytesPerRow, exact: false } }
  }

  /** The details that every source prints: table, splits and layout. */
  protected tableDetails(): (readonly [string, string])[] {
    const { name, layout, pruned } = this.table
    return [
      ['table', name],
      ['splits', String(layout.splits.length)],
      ...(pruned === 0 ? [] : [['pruned_splits', String(pruned)] as const]),
      ['layout', `${layout.layoutId.slice(0, 8)}/${layout.partitions}`],
    ]
  }
}
