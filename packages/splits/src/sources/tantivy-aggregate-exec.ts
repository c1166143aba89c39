import {
  AggregateState,
  RecordBatch,
  segmentPartitioning,
  runSteps,
  sliceBatch,
  SpilledGroups,
  takeVector,
  UINT32,
  vectorOf,
  type AggregateCall,
  type AggregateExec,
  type BatchStream,
  type Expr,
  type MemoryReservation,
  type Partitioning,
  type PrimitiveVector,
  type SortKey,
  type Statistics,
  type Steps,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { PartialSource } from '@volley/planner'
import type { DataType, Schema } from 'apache-arrow'
import { filteredColumns } from '../filters/segment-filter.ts'
import { addressFields } from './address.ts'
import {
  asOrdinals,
  byOrdinals,
  extremeOfOrdinals,
  orderOfOrdinals,
  reads,
  textsOfOrdinals,
  type ByOrdinals,
} from './by-ordinals.ts'
import type { Candidates } from './column-source.ts'
import type { FastFieldExec } from './fast-field-exec.ts'
import type { OrdinalColumn } from './fast-column.ts'
import type { InvertedIndexExec } from './inverted-index-exec.ts'
import { isNarrow } from './narrowed-text.ts'
import { eachUnit, type DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import type { SegmentColumns } from './segment-columns.ts'
import { isColumnSum, isStatistic, unitStates } from './segment-statistics.ts'
import { SplitSource } from './split-source.ts'
import { streamOf } from './unit-stream.ts'

const NO_ORDINALS: ByOrdinals = { groups: new Map(), calls: new Map(), columns: [] }

/**
 * A partial aggregate over fields of the documents of a layout, filtered by the inverted index and by fields: the states
 * that an AggregateExec in partial mode gives of the same rows. Text is grouped by term ordinal, each group's text being
 * resolved once a segment, where few documents count, and counts and bounds of all documents are taken from the segments'
 * statistics. Where one partition of one task has all the rows, it gives the results instead of states.
 */
export class TantivyAggregateExec extends SplitSource implements PartialSource {
  override readonly kind = 'TantivyAggregateExec'
  override readonly schema: Schema
  readonly fields: FastFieldExec
  readonly inverted: InvertedIndexExec | null
  /** Over the schema of `fields`, and so are the calls' expressions. */
  readonly groups: readonly Expr[]
  readonly groupingSets: readonly (readonly number[])[] | null
  readonly calls: readonly AggregateCall[]
  readonly gives: 'states' | 'results'
  #counted: Counted | null = null

  constructor(
    fields: FastFieldExec,
    inverted: InvertedIndexExec | null,
    groups: readonly Expr[],
    groupingSets: readonly (readonly number[])[] | null,
    calls: readonly AggregateCall[],
    schema: Schema,
    gives: 'states' | 'results' = 'states',
  ) {
    super(fields.table)
    this.gives = gives
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
    const { groups, groupingSets, calls, schema, gives } = this
    return new TantivyAggregateExec(fields, inverted, groups, groupingSets, calls, schema, gives)
  }

  withResults({ schema }: AggregateExec): TantivyAggregateExec {
    const { fields, inverted, groups, groupingSets, calls } = this
    return new TantivyAggregateExec(fields, inverted, groups, groupingSets, calls, schema, 'results')
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
      ...(this.gives === 'results' ? [['gives', 'results'] as const] : []),
      ...(this.fromMetadata ? [['by', 'metadata'] as const] : []),
      ...(this.fromStatistics && !this.fromMetadata ? [['by', 'statistics'] as const] : []),
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

  override get spillingPartitions(): number {
    return this.gives === 'results' && this.groups.length > 0 ? this.partitioning.count : 0
  }

  /** Whether the metadata of the splits answers, which has the number of documents that are not deleted: none is opened. */
  get fromMetadata(): boolean {
    return this.inverted === null && this.countsMatches
  }

  /** Whether segments may answer by what they say of their columns. */
  private get fromStatistics(): boolean {
    return this.withoutRows && this.calls.every(isStatistic)
  }

  /** Whether segments may answer by that and by sums of columns. */
  private get withoutRows(): boolean {
    const everything = this.inverted === null && this.fields.options.filters.length === 0
    return everything && this.ungrouped && this.calls.every((call) => isStatistic(call) || isColumnSum(call))
  }

  /** Whether nothing but the number of rows counts. */
  private get countsRows(): boolean {
    const isCount = ({ fn, args, filter }: AggregateCall): boolean =>
      fn.name === 'count' && args.length === 0 && filter === null
    return this.ungrouped && this.calls.every(isCount)
  }

  /** Whether that is the number of documents which the inverted index finds. */
  private get countsMatches(): boolean {
    return this.countsRows && this.fields.options.filters.length === 0
  }

  /** What of a row counts. */
  private get counted(): Counted {
    if (this.#counted !== null) return this.#counted
    const exprs = [...this.groups, ...this.calls.flatMap((call) => call.exprs)]
    const addresses = [...exprs, ...this.fields.options.filters].some((expr) =>
      addressFields.some((_, i) => reads(expr, i)),
    )
    return (this.#counted = { addresses, columns: filteredColumns(exprs).filter((i) => i >= 0) })
  }

  private get ungrouped(): boolean {
    return this.groups.length === 0 && this.groupingSets === null
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return streamOf(this, context, this.aggregate(partition, context))
  }

  private async *aggregate(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { groups, groupingSets } = this
    context.countAs(this.fields, this)
    if (this.inverted !== null) context.countAs(this.inverted, this)
    const held = new HeldGroups(this, context)
    const metrics = context.metricsOf(this)
    const output = context.region()
    try {
      for (const [id, set] of (groupingSets ?? []).entries()) {
        if (set.length === 0) held.state.addEmptySet(groups.length, id, output)
      }
      const { countsMatches } = this
      const add = (unit: DocUnit, docs: Uint32Array | null): Promise<void> | null => {
        if (docs === null) return this.addUnit(unit, docs, held, context)
        if (countsMatches) held.counted += docs.length
        return countsMatches || docs.length === 0 ? null : this.addUnit(unit, docs, held, context)
      }
      if (this.fromMetadata) held.counted = this.documentsOf(partition, context)
      else
        await eachUnit(this.table.layout, partition, context, (unit) => {
          const docs = this.inverted === null ? null : this.inverted.docsOf(unit, context)
          return docs instanceof Promise ? docs.then((found) => add(unit, found)) : add(unit, docs)
        })
      if (held.counted > 0) this.addCount(held.counted, held.state, context)
      metrics.max('peak_state_bytes', held.state.bytes)
      for await (const state of held.states()) {
        const region = context.region()
        try {
          const columns = await runSteps(this.columnsOf(state, region), context)
          const whole = new RecordBatch(this.schema, columns, state.groupCount, null, region)
          state.release()
          yield* sliceBatch(whole, context)
        } finally {
          state.release()
          region.release()
        }
      }
    } finally {
      output.release()
      await held.release()
    }
  }

  /** Documents of the splits that this partition counts: each split is counted by one, the first part of its segments. */
  private documentsOf(partition: number, context: TaskContext): number {
    const { splits, partitions, slice } = this.table.layout
    if (slice !== null && slice.index > 0) return 0
    let [documents, counted] = [0, 0]
    for (let i = partition; i < splits.length; i += partitions, counted++) documents += splits[i]!.numDocs
    context.metricsOf(this).add('splits_by_metadata', counted)
    return documents
  }

  private *columnsOf(state: AggregateState, region: Region): Steps<Vector[]> {
    const keys = state.keys(region)
    yield
    if (this.gives === 'states') return [...keys, ...(yield* state.states(region))]
    const wanted = this.schema.fields.length - this.calls.length
    return [...keys.slice(0, wanted), ...(yield* state.results(region))]
  }

  private async addUnit(
    unit: DocUnit,
    docs: Uint32Array | null,
    held: HeldGroups,
    context: TaskContext,
  ): Promise<void> {
    const opening = this.fields.openColumns(unit, context)
    const segment = opening instanceof Promise ? await opening : opening
    try {
      if (this.withoutRows && (await this.addStatistics(unit, segment, held.state, context))) return
      const finding = this.fields.candidates(unit, segment, context, docs)
      const candidates = finding instanceof Promise ? await finding : finding
      const count = candidates.found?.length ?? unit.end - unit.start
      if (count === 0) return
      if (this.countsRows && candidates.filters.length === 0) {
        held.counted += count
        return
      }
      const { found, filters } = candidates
      const narrow = (column: OrdinalColumn): boolean =>
        found !== null && filters.length === 0 && isNarrow(column, count, context.batchSize)
      const ordinals =
        this.groupingSets === null ? byOrdinals(this.groups, this.calls, filters, segment, count, narrow) : NO_ORDINALS
      for (const i of found === null ? [] : this.counted.columns) {
        const column = ordinals.columns.includes(i) ? null : segment.ordinals(i)
        if (column === null || !narrow(column)) continue
        await segment.narrow(i, found!, context)
        context.metricsOf(this).add('columns_narrowed', 1)
      }
      if (ordinals.groups.size === 0 && ordinals.calls.size === 0) {
        await this.addRows(unit, segment, candidates, held, context, () => held.makeRoom())
      } else await this.addByOrdinals(unit, segment, candidates, ordinals, held, context)
    } finally {
      context.metricsOf(this).max('peak_state_bytes', held.state.bytes)
      segment.release()
    }
  }

  /** Adds the rows of the candidates that count; `added` is called behind each batch. */
  private addRows(
    unit: DocUnit,
    segment: SegmentColumns,
    candidates: Candidates,
    into: { readonly state: AggregateState },
    context: TaskContext,
    added: () => Promise<void> | null,
  ): Promise<void> {
    const metrics = context.metricsOf(this)
    const { columns, addresses } = this.counted
    return this.fields.eachBatch(unit, segment, context, candidates, columns, addresses, (batch) => {
      const scratch = context.region()
      try {
        into.state.update(batch, this.groupingSets, scratch)
        metrics.add('docs_aggregated', batch.numRows)
      } finally {
        scratch.release()
        batch.release()
      }
      return added()
    })
  }

  /** Adds the states of a unit from its segment's statistics and sums of columns; false when they do not say. */
  private async addStatistics(
    unit: DocUnit,
    segment: SegmentColumns,
    state: AggregateState,
    context: TaskContext,
  ): Promise<boolean> {
    const region = context.region()
    try {
      const found = await Promise.all(this.calls.map((call) => unitStates(call, unit, segment, region)))
      if (found.includes(null)) return false
      const columns = found.flatMap((states, i) =>
        states!.map((value, j) => vectorOf(this.calls[i]!.stateTypes[j]!, [value], region)),
      )
      state.merge(new RecordBatch(this.schema, columns, 1, null, region), [], 0)
      if (unit.start === 0) context.metricsOf(this).add('segments_by_statistics', 1)
      return true
    } finally {
      region.release()
    }
  }

  /** Adds so many rows, which nothing else is to be known of. */
  private addCount(count: number, state: AggregateState, context: TaskContext): void {
    const region = context.region()
    try {
      const columns = this.calls.map((call) => vectorOf(call.stateTypes[0]!, [BigInt(count)], region))
      state.merge(new RecordBatch(this.schema, columns, 1, null, region), [], 0)
      if (!this.fromMetadata) context.metricsOf(this).add('docs_aggregated', count)
    } finally {
      region.release()
    }
  }

  /** Counts the unit by ordinals, and adds the groups with their texts. */
  private async addByOrdinals(
    unit: DocUnit,
    segment: SegmentColumns,
    candidates: Candidates,
    ordinals: ByOrdinals,
    held: HeldGroups,
    context: TaskContext,
  ): Promise<void> {
    const groups = this.groups.map((group, g) => (ordinals.groups.has(g) ? asOrdinals(group) : group))
    const calls = this.calls.map((call, c) => (ordinals.calls.has(c) ? extremeOfOrdinals(call) : call))
    const keyTypes = groups.map((group) => group.type)
    const own = new AggregateState(groups, keyTypes, calls, context.arena)
    const region = context.region()
    try {
      await this.addRows(unit, segment, candidates, { state: own }, context, () => null)
      context.metricsOf(this).max('peak_state_bytes', held.state.bytes + own.bytes)
      if (own.groupCount === 0) return
      let keys = own.keys(region)
      let states = await runSteps(own.states(region), context)
      const order = keys.length === 1 ? orderOfOrdinals(keys[0]!, ordinals.groups.get(0), states) : null
      if (order !== null) {
        keys = keys.map((key) => takeVector(key, order, order.length, region))
        states = states.map((state) => takeVector(state, order, order.length, region))
      }
      const textsOf = (vector: Vector, column: OrdinalColumn, type: DataType): Vector | Promise<Vector> =>
        textsOfOrdinals(vector as PrimitiveVector, column, type, context, region)
      for (const [g, column] of ordinals.groups) {
        const texts = textsOf(keys[g]!, column, this.groups[g]!.type)
        keys[g] = texts instanceof Promise ? await texts : texts
      }
      for (const [c, column] of ordinals.calls) {
        const at = this.calls.slice(0, c).reduce((sum, call) => sum + call.stateTypes.length, 0)
        const texts = textsOf(states[at]!, column, this.calls[c]!.stateTypes[0]!)
        states[at] = texts instanceof Promise ? await texts : texts
      }
      const whole = new RecordBatch(this.schema, [...keys, ...states], own.groupCount, null, region)
      held.state.merge(whole, keys, keys.length)
      if (ordinals.groups.size > 0) context.metricsOf(this).add('groups_by_ordinal', whole.length)
      if (ordinals.calls.size > 0) context.metricsOf(this).add('extremes_by_ordinal', whole.length)
      const room = held.makeRoom()
      if (room !== null) await room
    } finally {
      own.release()
      region.release()
    }
  }
}

interface Counted {
  /** Something of the address. */
  readonly addresses: boolean
  /** Columns of `fields` that groups and calls read: what only filters read is not needed once they are answered. */
  readonly columns: readonly number[]
}

/** The groups so far. Those whose results are to come out go to disk when they are more than may be held. */
class HeldGroups {
  state: AggregateState
  /** Rows of which nothing but their number counts. */
  counted = 0
  readonly #create: () => AggregateState
  readonly #memory: MemoryReservation
  readonly #spilled: SpilledGroups
  readonly #spills: boolean
  readonly #grouped: boolean

  constructor(node: TantivyAggregateExec, context: TaskContext) {
    const { groups, groupingSets, calls } = node
    const keyTypes = [...groups.map((group) => group.type), ...(groupingSets === null ? [] : [UINT32])]
    this.#create = () => new AggregateState(groups, keyTypes, calls, context.arena)
    this.#spills = node.gives === 'results'
    this.#grouped = keyTypes.length > 0
    this.#memory = context.reserve(node, this.#spills && this.#grouped)
    const options = { keyTypes, calls, createState: this.#create }
    this.#spilled = new SpilledGroups(node, options, this.#memory, context)
    this.state = this.#create()
  }

  /** Sees to it that the groups may double; null where there is nothing to wait for. */
  makeRoom(): Promise<void> | null {
    if (!this.#spills) return null
    const wanted = 2 * this.state.bytes + this.#spilled.bufferBytes
    return this.#memory.tryResize(wanted) ? null : this.#spill(wanted)
  }

  async #spill(wanted: number): Promise<void> {
    if (!this.#grouped) throw this.#memory.refused(wanted)
    await this.#spilled.add(this.state, wanted)
    this.state = this.#create()
    await this.#memory.require(2 * this.state.bytes + this.#spilled.bufferBytes)
  }

  /** States that hold all groups, each group in one; the receiver releases each. */
  async *states(): AsyncGenerator<AggregateState, void, void> {
    if (this.#spilled.isEmpty) {
      yield this.state
      return
    }
    await this.#spilled.add(this.state, this.#memory.bytes)
    yield* this.#spilled.states()
  }

  async release(): Promise<void> {
    this.state.release()
    this.#memory.free()
    await this.#spilled.delete()
  }
}
