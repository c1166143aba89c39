import {
  evaluatePredicate,
  NullVector,
  RecordBatch,
  type Selection,
  type AddressLookup,
  type BatchStream,
  type Expr,
  type LookupStream,
  type Statistics,
  type TaskContext,
  type Vector,
} from '@volley/core'
import { Field, Null, Schema } from 'apache-arrow'
import { addressFields, addressVectors } from './address.ts'
import { AddressReader } from './address-reader.ts'
import { aliveRange } from './doc-selection.ts'
import { openLayout, type DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import { SegmentColumns, type SourceColumn } from './segment-columns.ts'
import { SplitSource } from './split-source.ts'
import { topByKey, type TopKey } from './top-by-key.ts'
import { streamOf } from './unit-stream.ts'

/** Share of selected rows below which the other columns are read document by document. */
const SPARSE = 0.4

export interface ColumnSourceOptions {
  readonly columns: readonly SourceColumn[]
  /** Over this source's schema; every row satisfies all of them. */
  readonly filters: readonly Expr[]
  /** Each unit gives only its best k by one column: what a global top k needs of it. */
  readonly top: TopKey | null
  /** Any this many rows of each partition are enough. */
  readonly fetch: number | null
}

/**
 * Live documents with some of their columns: scanned in doc-id order, or looked up by address. What a column's value is
 * does not depend on how a split holds it: each opened segment chooses fast field or document store.
 */
export abstract class ColumnSource extends SplitSource implements AddressLookup {
  override readonly schema: Schema
  readonly options: ColumnSourceOptions

  constructor(table: ScanTable, options: ColumnSourceOptions) {
    super(table)
    this.options = options
    this.schema = new Schema([
      ...addressFields,
      ...options.columns.map((column) => new Field(column.name, column.type, column.nullable)),
    ])
  }

  abstract withOptions(options: ColumnSourceOptions): ColumnSource

  override details(): readonly (readonly [string, string])[] {
    const { columns, filters, top, fetch } = this.options
    const key = top === null ? null : `${columns[top.column]!.name}${top.descending ? ' DESC' : ''}`
    return [
      ...this.tableDetails(),
      ['fields', `[${columns.map((column) => column.name).join(', ')}]`],
      ...(filters.length > 0 ? [['filters', `[${filters.join(', ')}]`] as const] : []),
      ...(top === null ? [] : [['top_k', `${top.k} by ${key}`] as const]),
      ...(fetch === null ? [] : [['fetch', String(fetch)] as const]),
    ]
  }

  override get statistics(): Statistics {
    const { columns, filters, top, fetch } = this.options
    const bytesPerRow = 16 + columns.length * 16
    return this.rowStatistics(0.3 ** Math.min(filters.length, 3), bytesPerRow, top?.k ?? fetch)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return streamOf(this.schema, this.scan(partition, context))
  }

  private async *scan(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { top, fetch } = this.options
    let remaining = fetch ?? Infinity
    for (const unit of (await openLayout(this.table.layout, context))[partition]!) {
      if (remaining <= 0) return
      context.throwIfCancelled()
      const segment = await this.openColumns(unit, context)
      try {
        if (top !== null) {
          const docs = await topByKey(this.survivors(unit, segment, context, [top.column]), top)
          if (docs.length > 0) yield await this.gather(unit, segment, docs, context)
          continue
        }
        for await (const batch of this.survivors(unit, segment, context, null)) {
          remaining -= batch.numRows
          yield batch
          if (remaining <= 0) return
        }
      } finally {
        segment.release()
      }
    }
  }

  /**
   * Batches of live documents that satisfy the filters. With `only`, other columns than the filters' and those are left
   * out (as NULL columns).
   */
  private async *survivors(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    only: readonly number[] | null,
  ): AsyncGenerator<RecordBatch, void, void> {
    const { columns, filters } = this.options
    const filtered = columnsOf(filters, columns.length)
    const rest = columns.map((_, i) => i).filter((i) => !filtered.includes(i) && (only === null || only.includes(i)))
    const { alive } = unit.segment
    for (let start = unit.start; start < unit.end; start += context.batchSize) {
      context.throwIfCancelled()
      const end = Math.min(start + context.batchSize, unit.end)
      const region = context.region()
      let kept = false
      try {
        const length = end - start
        const docs = region.u32(length)
        for (let i = 0; i < length; i++) docs[i] = start + i
        const values: Vector[] = columns.map(() => new NullVector(new Null(), length, null))
        let selection: Selection | null =
          alive === null ? null : aliveRange(start, end, alive).map((doc) => doc - start)
        const assemble = () =>
          new RecordBatch(
            this.schema,
            [...addressVectors(region, unit.split.splitId, unit.segment.ord, docs), ...values],
            length,
            selection,
            region,
          )
        if (filters.length > 0) {
          for (const [i, vector] of (await segment.readRange(filtered, start, end, region)).entries()) {
            values[filtered[i]!] = vector
          }
          for (const filter of filters) selection = evaluatePredicate(filter, assemble(), region)
          if (selection!.length === 0) continue
        } else if (selection !== null && selection.length === 0) {
          continue
        }
        if (selection !== null && selection.length < length * SPARSE && only === null) {
          const survivors = Uint32Array.from(selection, (i) => start + i)
          yield await this.gather(unit, segment, survivors, context)
          continue
        }
        for (const [i, vector] of (await segment.readRange(rest, start, end, region)).entries()) {
          values[rest[i]!] = vector
        }
        kept = true
        yield assemble()
      } finally {
        if (!kept) region.release()
      }
    }
  }

  /** All columns of some documents, ascending, as one dense batch. */
  private async gather(
    unit: DocUnit,
    segment: SegmentColumns,
    docs: Uint32Array,
    context: TaskContext,
  ): Promise<RecordBatch> {
    const region = context.region()
    try {
      const ids = region.u32(docs.length)
      ids.set(docs)
      const all = this.options.columns.map((_, i) => i)
      const columns = [
        ...addressVectors(region, unit.split.splitId, unit.segment.ord, ids),
        ...(await segment.readDocs(all, ids, region)),
      ]
      return new RecordBatch(this.schema, columns, docs.length, null, region)
    } catch (error) {
      region.release()
      throw error
    }
  }

  private openColumns(unit: DocUnit, context: TaskContext): Promise<SegmentColumns> {
    return SegmentColumns.open(unit, this.table, this.options.columns, context, context.metricsOf(this))
  }

  openLookup(partition: number, context: TaskContext): LookupStream {
    return new AddressReader(this.schema, this.options, context, async () => {
      const units = (await openLayout(this.table.layout, context))[partition]!
      return { units, open: (unit: DocUnit) => this.openColumns(unit, context) }
    })
  }
}

/** Positions (among the source's own columns) that expressions over its schema read. */
function columnsOf(filters: readonly Expr[], count: number): number[] {
  const used = new Set<number>()
  const visit = (expr: Expr): void => {
    if (expr.kind === 'Column') used.add((expr as Expr & { index: number }).index - addressFields.length)
    expr.children.forEach(visit)
  }
  filters.forEach(visit)
  return Array.from({ length: count }, (_, i) => i).filter((i) => used.has(i))
}
