import {
  AggregateState,
  ColumnExpr,
  NO_ROW,
  RecordBatch,
  segmentPartitioning,
  runSteps,
  sliceBatch,
  takeVector,
  transformExpr,
  typeName,
  UINT32,
  vectorOf,
  visitExpr,
  type AggregateCall,
  type BatchStream,
  type Expr,
  type Partitioning,
  type PrimitiveVector,
  type SortKey,
  type Statistics,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import { addressFields } from './address.ts'
import type { FastFieldExec } from './fast-field-exec.ts'
import type { OrdinalColumn } from './fast-column.ts'
import type { InvertedIndexExec } from './inverted-index-exec.ts'
import { unitsOf, type DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import type { SegmentColumns } from './segment-columns.ts'
import { isStatistic, segmentStatistic } from './segment-statistics.ts'
import { SplitSource } from './split-source.ts'
import { streamOf } from './unit-stream.ts'

/** Dictionaries of more terms are not read to group by them: ordinals are, and only the groups' texts. */
const LARGE_DICTIONARY = 4096

/**
 * A partial aggregate over fields of the documents of a layout, filtered by the inverted index and by fields: the states
 * that an AggregateExec in partial mode gives of the same rows. Text is grouped by term ordinal, each group's text being
 * resolved once a segment, and counts and bounds of all documents are taken from the segments' statistics.
 */
export class TantivyAggregateExec extends SplitSource {
  override readonly kind = 'TantivyAggregateExec'
  override readonly schema: Schema
  readonly fields: FastFieldExec
  readonly inverted: InvertedIndexExec | null
  /** Over the schema of `fields`, and so are the calls' expressions. */
  readonly groups: readonly Expr[]
  readonly groupingSets: readonly (readonly number[])[] | null
  readonly calls: readonly AggregateCall[]

  constructor(
    fields: FastFieldExec,
    inverted: InvertedIndexExec | null,
    groups: readonly Expr[],
    groupingSets: readonly (readonly number[])[] | null,
    calls: readonly AggregateCall[],
    schema: Schema,
  ) {
    super(fields.table)
    this.fields = fields
    this.inverted = inverted
    this.groups = groups
    this.groupingSets = groupingSets
    this.calls = calls
    this.schema = schema
  }

  protected override withTable(table: ScanTable): TantivyAggregateExec {
    const inverted = this.inverted === null ? null : (this.inverted.withSplits(table) as InvertedIndexExec)
    const fields = this.fields.withSplits(table) as FastFieldExec
    return new TantivyAggregateExec(fields, inverted, this.groups, this.groupingSets, this.calls, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    const { filters } = this.fields.options
    return [
      ...this.tableDetails(),
      ...(this.inverted === null ? [] : [['query', `[${this.inverted.options.filters.join(', ')}]`] as const]),
      ...(filters.length === 0 ? [] : [['filters', `[${filters.join(', ')}]`] as const]),
      ...(this.groups.length === 0 ? [] : [['groups', `[${this.groups.join(', ')}]`] as const]),
      ...(this.groupingSets === null ? [] : [['sets', JSON.stringify(this.groupingSets)] as const]),
      ['aggregates', `[${this.calls.join(', ')}]`],
      ...(this.fromStatistics ? [['by', 'statistics'] as const] : []),
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
    return this.groups.length === 0
      ? this.rowStatistics(0, 64, this.table.layout.partitions)
      : this.rowStatistics(0.1, 64, null)
  }

  override get rowsRead(): number {
    return this.fromStatistics ? 0 : (this.inverted?.rowsRead ?? this.documents)
  }

  /** Whether segments may answer by what they say of their columns. */
  private get fromStatistics(): boolean {
    const everything = this.inverted === null && this.fields.options.filters.length === 0
    return everything && this.groups.length === 0 && this.groupingSets === null && this.calls.every(isStatistic)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return streamOf(this, context, this.aggregate(partition, context))
  }

  private async *aggregate(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { groups, groupingSets, calls } = this
    const keyTypes = [...groups.map((group) => group.type), ...(groupingSets === null ? [] : [UINT32])]
    const state = new AggregateState(groups, keyTypes, calls, context.arena)
    const output = context.region()
    const metrics = context.metricsOf(this)
    try {
      for (const [id, set] of (groupingSets ?? []).entries()) {
        if (set.length === 0) state.addEmptySet(groups.length, id, output)
      }
      for await (const unit of unitsOf(this.table.layout, partition, context)) {
        context.throwIfCancelled()
        await this.addUnit(unit, state, context)
        metrics.max('peak_state_bytes', state.bytes)
      }
      const columns = [...state.keys(output), ...(await runSteps(state.states(output), context))]
      const whole = new RecordBatch(this.schema, columns, state.groupCount, null, output)
      state.release()
      yield* sliceBatch(whole, context)
    } finally {
      state.release()
      output.release()
    }
  }

  private async addUnit(unit: DocUnit, state: AggregateState, context: TaskContext): Promise<void> {
    const docs = this.inverted === null ? null : await this.inverted.docsOf(unit, context)
    if (docs?.length === 0) return
    const segment = await this.fields.openColumns(unit, context)
    try {
      if (this.fromStatistics && (await this.addStatistics(unit, segment, state, context))) return
      const ordinals = this.ordinalGroups(segment)
      if (ordinals.size === 0) await this.addRows(unit, segment, docs, state, context)
      else await this.addByOrdinals(unit, segment, docs, ordinals, state, context)
    } finally {
      segment.release()
    }
  }

  private async addRows(
    unit: DocUnit,
    segment: SegmentColumns,
    docs: Uint32Array | null,
    state: AggregateState,
    context: TaskContext,
  ): Promise<void> {
    const metrics = context.metricsOf(this)
    for await (const batch of this.fields.scanUnit(unit, segment, context, docs, null)) {
      const scratch = context.region()
      try {
        state.update(batch, this.groupingSets, scratch)
        metrics.add('docs_aggregated', batch.numRows)
      } finally {
        scratch.release()
        batch.release()
      }
    }
  }

  /** The states of a whole segment from its statistics, by the unit that begins it; false when they do not say. */
  private async addStatistics(
    unit: DocUnit,
    segment: SegmentColumns,
    state: AggregateState,
    context: TaskContext,
  ): Promise<boolean> {
    const region = context.region()
    try {
      const found = await Promise.all(this.calls.map((call) => segmentStatistic(call, unit, segment, region)))
      if (found.includes(null)) return false
      if (unit.start > 0) return true
      const columns = found.map((answer, i) => vectorOf(this.calls[i]!.stateTypes[0]!, [answer!.state], region))
      state.merge(new RecordBatch(this.schema, columns, 1, null, region), [], 0)
      context.metricsOf(this).add('segments_by_statistics', 1)
      return true
    } finally {
      region.release()
    }
  }

  /** Groups that are text columns with many terms here, which nothing but the grouping reads. */
  private ordinalGroups(segment: SegmentColumns): Map<number, OrdinalColumn> {
    const found = new Map<number, OrdinalColumn>()
    if (this.groupingSets !== null) return found
    for (const [g, group] of this.groups.entries()) {
      if (!(group instanceof ColumnExpr) || typeName(group.type) !== 'Utf8') continue
      const others = [
        ...this.fields.options.filters,
        ...this.groups.filter((_, other) => other !== g),
        ...this.calls.flatMap((call) => call.exprs),
      ]
      if (others.some((expr) => reads(expr, group.index))) continue
      const i = group.index - addressFields.length
      const column = segment.ordinals(i)
      if (column === null || column.numTerms <= LARGE_DICTIONARY) continue
      segment.useOrdinals(i)
      found.set(g, column)
    }
    return found
  }

  /** Groups the unit by ordinals, and adds the groups with their texts. */
  private async addByOrdinals(
    unit: DocUnit,
    segment: SegmentColumns,
    docs: Uint32Array | null,
    ordinals: ReadonlyMap<number, OrdinalColumn>,
    state: AggregateState,
    context: TaskContext,
  ): Promise<void> {
    const groups = this.groups.map((group, g) =>
      ordinals.has(g)
        ? transformExpr(group, (node) =>
            node instanceof ColumnExpr ? new ColumnExpr(node.index, node.name, UINT32, true) : node,
          )
        : group,
    )
    const keyTypes = groups.map((group) => group.type)
    const own = new AggregateState(groups, keyTypes, this.calls, context.arena)
    const region = context.region()
    try {
      await this.addRows(unit, segment, docs, own, context)
      context.metricsOf(this).max('peak_state_bytes', state.bytes + own.bytes)
      if (own.groupCount === 0) return
      const keys = own.keys(region)
      for (const [g, column] of ordinals) {
        keys[g] = await textsOfOrdinals(keys[g] as PrimitiveVector, column, this.groups[g]!, context, region)
      }
      const whole = new RecordBatch(
        this.schema,
        [...keys, ...(await runSteps(own.states(region), context))],
        own.groupCount,
        null,
        region,
      )
      state.merge(whole, keys, keys.length)
      context.metricsOf(this).add('groups_by_ordinal', whole.length)
    } finally {
      own.release()
      region.release()
    }
  }
}

function reads(expr: Expr, index: number): boolean {
  let found = false
  visitExpr(expr, (node) => {
    if (node instanceof ColumnExpr && node.index === index) found = true
  })
  return found
}

/** Ordinals, some NULL, as texts. */
async function textsOfOrdinals(
  keys: PrimitiveVector,
  column: OrdinalColumn,
  group: Expr,
  context: TaskContext,
  region: Region,
): Promise<Vector> {
  const values = keys.values as Uint32Array
  // One place a term: where its text is among those that are read.
  const place = new Uint32Array(column.numTerms)
  for (let i = 0; i < keys.length; i++) if (keys.isValid(i)) place[values[i]!] = 1
  const distinct = new Uint32Array(Math.min(keys.length, place.length))
  let count = 0
  for (let ordinal = 0; ordinal < place.length; ordinal++) {
    if (place[ordinal] === 0) continue
    place[ordinal] = count
    distinct[count++] = ordinal
  }
  if (count === 0)
    return vectorOf(
      group.type,
      Array.from({ length: keys.length }, () => null),
      region,
    )
  context.throwIfCancelled()
  const texts = await column.textsOf(distinct.subarray(0, count), region)
  const rows = new Uint32Array(keys.length)
  for (let i = 0; i < keys.length; i++) rows[i] = keys.isValid(i) ? place[values[i]!]! : NO_ROW
  return takeVector(texts, rows, rows.length, region)
}
