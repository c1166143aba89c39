import {
  conjuncts,
  evaluatePredicate,
  NullVector,
  RecordBatch,
  takeVector,
  type Selection,
  type AddressLookup,
  type BatchStream,
  type ExecutionPlan,
  type Expr,
  type LookupStream,
  type Statistics,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import { Field, Null, Schema } from 'apache-arrow'
import type { DocFilter } from '../filters/doc-filter.ts'
import { lowerBound } from '../filters/doc-lists.ts'
import { filteredColumns, SegmentFilter } from '../filters/segment-filter.ts'
import { addressFields, addressVectors } from './address.ts'
import { AddressReader } from './address-reader.ts'
import { aliveOnly, aliveRange } from './doc-selection.ts'
import { matchingDocs } from './matching-docs.ts'
import { aboutSplit, layoutParts, unitsOf, type DocUnit } from './opened-layout.ts'
import { countRemoved, isIdle, knownFilters, type RuntimeFilter } from './runtime-filters.ts'
import type { ScanTable } from './scan-table.ts'
import { metered } from './read-meter.ts'
import { SegmentColumns, type SourceColumn } from './segment-columns.ts'
import { SplitSkip } from './split-skip.ts'
import { SplitSource } from './split-source.ts'
import type { TopKey } from './key-words.ts'
import { bestDocs } from './top-rows.ts'
import { streamOf } from './unit-stream.ts'

/** Share of selected rows below which the other columns are read document by document. */
const SPARSE = 0.4
/** Share of candidates below which other filters are tested on them one by one. */
const FEW = 0.02

/** Share of documents that a filter of which nothing is known is taken to keep. */
const SELECTIVITY = 0.3

/** What a column that is left out is of. */
const NOTHING = new Null()
const NO_DOCS = new Uint32Array(0)

/** The first `k` rows by some of the source's columns, ties by address. */
export interface TopRows {
  readonly k: number
  readonly keys: readonly TopKey[]
}

export interface ColumnSourceOptions {
  readonly columns: readonly SourceColumn[]
  /** Over this source's schema; every row satisfies all of them. */
  readonly filters: readonly Expr[]
  /** Text predicates that every row satisfies, by the inverted index. */
  readonly query: readonly TextPredicate[]
  /** Each partition gives only its best k by these keys: what a global top k needs of it. */
  readonly top: TopRows | null
  /** Any this many rows of each partition are enough. */
  readonly fetch: number | null
  /** Filters that the task may come to know while it runs. */
  readonly runtime?: readonly RuntimeFilter[]
}

/**
 * Live documents with some of their columns: scanned in doc-id order, or looked up by address. What a column's value is
 * does not depend on how a split holds it: each opened segment chooses fast field or document store.
 */
export abstract class ColumnSource extends SplitSource implements AddressLookup {
  override readonly schema: Schema
  readonly options: ColumnSourceOptions
  #positions: readonly number[] | null = null

  constructor(table: ScanTable, options: ColumnSourceOptions) {
    super(table)
    this.options = options
    this.schema = new Schema([
      ...addressFields,
      ...options.columns.map((column) => new Field(column.name, column.type, column.nullable)),
    ])
  }

  abstract withOptions(options: ColumnSourceOptions): ColumnSource

  /** The options with what concerns the splits of a table only. */
  protected optionsFor({ layout }: ScanTable): ColumnSourceOptions {
    const { runtime = [] } = this.options
    if (!runtime.some(({ tags }) => tags !== undefined)) return this.options
    const own = runtime.map(({ tags, ...filter }): RuntimeFilter => {
      const some = new Map(
        layout.splits.flatMap(({ splitId }) => {
          const values = tags?.get(splitId)
          return values === undefined ? [] : [[splitId, values] as const]
        }),
      )
      return some.size === 0 ? filter : { ...filter, tags: some }
    })
    return { ...this.options, runtime: own }
  }

  override details(): readonly (readonly [string, string])[] {
    const { columns, filters, query, top, fetch, runtime = [] } = this.options
    return [
      ...this.tableDetails(),
      ['fields', `[${columns.map((column) => column.name).join(', ')}]`],
      ...(query.length > 0 ? [['query', `[${query.join(', ')}]`] as const] : []),
      ...(filters.length > 0 ? [['filters', `[${filters.join(', ')}]`] as const] : []),
      ...(top === null
        ? []
        : [['top_k', `${top.k} by [${top.keys.map((key) => this.keyText(key)).join(', ')}]`] as const]),
      ...(fetch === null ? [] : [['fetch', String(fetch)] as const]),
      ...(runtime.length === 0
        ? []
        : [['runtime_filters', `[${runtime.map(({ id, expr }) => `${expr} in #${id}`).join(', ')}]`] as const]),
    ]
  }

  private keyText({ column, descending, nullsFirst }: TopKey): string {
    const { name } = this.options.columns[column]!
    return `${name}${descending ? ' DESC' : ''} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`
  }

  override get statistics(): Statistics {
    const { columns, filters, top, fetch } = this.options
    const bytesPerRow = 16 + columns.length * 16
    return this.rowStatistics(SELECTIVITY ** Math.min(filters.length, 3), bytesPerRow, top?.k ?? fetch)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return streamOf(this, context, this.scan(partition, context))
  }

  private async *scan(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { top, fetch } = this.options
    const { layout } = this.table
    const splits = new SplitSkip(this, context)
    if (top !== null) {
      const parts = (await layoutParts(layout, context))[partition]!
      for (const { unit, docs } of await bestDocs(this, top, parts, splits, context)) {
        const segment = await this.openColumns(unit, context)
        try {
          for (let at = 0; at < docs.length; at += context.batchSize) {
            yield await this.listed(unit, segment, context, docs.subarray(at, at + context.batchSize), null, true)
          }
        } finally {
          segment.release()
        }
      }
      return
    }
    let remaining = fetch ?? Infinity
    for await (const unit of unitsOf(layout, partition, context, (split) => splits.mayHold(split))) {
      if (remaining <= 0) return
      context.throwIfCancelled()
      const segment = await this.openColumns(unit, context)
      try {
        for await (const batch of this.scanUnit(unit, segment, context, null, null)) {
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
   * Batches of the unit's live documents (of `docs`, ascending and live, where given) that satisfy the filters; each has
   * one reference, the caller's. With `only`, other columns than the filters' and those are left out (as NULL columns).
   */
  async *scanUnit(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    docs: Uint32Array | null,
    only: readonly number[] | null,
  ): AsyncGenerator<RecordBatch, void, void> {
    const searched = docs ?? (await this.searched(unit, context))
    if (searched?.length === 0) return
    yield* this.scanCandidates(unit, segment, context, await this.candidates(unit, segment, context, searched), only)
  }

  /** The same of the documents that `candidates` found; without `addresses`, those are left out too. */
  async *scanCandidates(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    { found, filters }: Candidates,
    only: readonly number[] | null,
    addresses = true,
  ): AsyncGenerator<RecordBatch, void, void> {
    for (const window of this.windows(unit, segment, found, only, context)) {
      context.throwIfCancelled()
      const batch = await this.read(unit, segment, context, window, filters, only, addresses)
      if (batch !== null) yield batch
    }
  }

  /** Visits the same batches without waiting for what is in memory; `visit` takes their references over. */
  async eachBatch(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    { found, filters }: Candidates,
    only: readonly number[] | null,
    addresses: boolean,
    visit: (batch: RecordBatch) => Promise<void> | null,
  ): Promise<void> {
    for (const window of this.windows(unit, segment, found, only, context)) {
      const pause = context.pause()
      if (pause !== null) await pause
      context.throwIfCancelled()
      const reading = this.read(unit, segment, context, window, filters, only, addresses)
      const batch = reading instanceof Promise ? await reading : reading
      const visiting = batch === null ? null : visit(batch)
      if (visiting !== null) await visiting
    }
  }

  /** About how many live documents of the unit (of `docs`) satisfy the filters, by what its structures say alone. */
  async estimateMatches(unit: DocUnit, docs: Uint32Array | null, context: TaskContext): Promise<number> {
    const segment = await this.openColumns(unit, context)
    try {
      const { found, filters } = await this.candidates(unit, segment, context, docs)
      return (found?.length ?? unit.end - unit.start) * SELECTIVITY ** filters.length
    } finally {
      segment.release()
    }
  }

  /** Live documents that satisfy the text predicates; null without any. */
  private async searched(unit: DocUnit, context: TaskContext): Promise<Uint32Array | null> {
    const { query } = this.options
    if (query.length === 0) return null
    const docs = await matchingDocs(unit, this.table, query, context)
    context.metricsOf(this).add('docs_matched', docs.length)
    return docs
  }

  /**
   * What the structures of the segment say of the filters, those included that are known by now. With `later`, filters that
   * any few documents can be asked for at no cost of their own are put there instead.
   */
  candidates(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    docs: Uint32Array | null,
    later: DocFilter[] | null = null,
  ): Candidates | Promise<Candidates> {
    const { filters, runtime = [] } = this.options
    if (docs !== null && filters.length === 0 && runtime.length === 0) return { found: docs, filters }
    return this.filteredCandidates(unit, segment, context, docs, later)
  }

  private async filteredCandidates(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    docs: Uint32Array | null,
    later: DocFilter[] | null,
  ): Promise<Candidates> {
    const known = knownFilters(this.options.runtime, context)
    const late = new Set(known)
    const filters = [...this.options.filters.flatMap(conjuncts), ...known]
    const { alive } = unit.segment
    const live = (): Uint32Array | null => docs ?? (alive === null ? null : aliveRange(unit.start, unit.end, alive))
    if (filters.length === 0) return { found: live(), filters }
    const metrics = context.metricsOf(this)
    let removed = 0
    const region = context.region()
    try {
      const compiler = new SegmentFilter(unit, segment, region)
      const parts = await aboutSplit(unit, () => compiler.compileAll(filters, (filter) => late.has(filter)))
      let found = docs
      const rest = [...parts.rest]
      for (const { by, of } of parts.known) {
        const few = found !== null && found.length < (unit.end - unit.start) * FEW
        // Few documents are not worth a dictionary, nor a list of postings.
        if (few && (by.tests || by.by === 'postings')) {
          rest.push(...of)
          continue
        }
        metrics.add(`filters_by_${by.by}`, of.length)
        if (later !== null && isReady(by) && !late.has(of[0]!)) {
          later.push(by)
          continue
        }
        if (by.ready !== undefined) await aboutSplit(unit, () => by.ready!())
        const before = found?.length ?? unit.end - unit.start
        if (found !== null) found = by.among(found)
        else if (by.share < 1) found = by.docs(unit.start, unit.end)
        removed += countRemoved(of[0]!, before, found?.length ?? before)
        if (!by.exact) rest.push(...of)
        if (found?.length === 0) break
      }
      if (removed > 0) metrics.add('rows_filtered_at_run_time', removed)
      if (removed > 0 && found?.length === 0) {
        metrics.add('segments_skipped_at_run_time', 1)
        return { found, filters: [] }
      }
      if (rest.length > 0) metrics.add('filters_by_value', rest.length)
      if (found === null)
        return { found: alive === null ? null : aliveRange(unit.start, unit.end, alive), filters: rest }
      return { found: aliveOnly(found, alive), filters: rest }
    } finally {
      region.release()
    }
  }

  private windows(
    unit: DocUnit,
    segment: SegmentColumns,
    found: Uint32Array | null,
    only: readonly number[] | null,
    context: TaskContext,
  ): Generator<Window, void, void> {
    const sparse =
      found !== null &&
      (found.length < (unit.end - unit.start) * SPARSE || segment.readsDocuments(only ?? this.positions))
    return sparse ? this.lists(unit, found, context) : this.ranges(unit, found, context)
  }

  /** A dense unit: windows of document ids, with the rows of each that are candidates. */
  private *ranges(unit: DocUnit, found: Uint32Array | null, context: TaskContext): Generator<Window, void, void> {
    let at = 0
    for (let start = unit.start; start < unit.end; start += context.batchSize) {
      const end = Math.min(start + context.batchSize, unit.end)
      if (found === null) {
        yield { start, end, docs: null, selection: null }
        continue
      }
      const from = at
      at += lowerBound(found.subarray(at), end)
      if (at === from) continue
      const selection = at - from === end - start ? null : found.slice(from, at).map((doc) => doc - start)
      yield { start, end, docs: null, selection }
    }
  }

  /** A sparse unit: the candidates, a batch at a time. */
  private *lists(unit: DocUnit, found: Uint32Array, context: TaskContext): Generator<Window, void, void> {
    for (let at = 0; at < found.length; at += context.batchSize) {
      const docs = found.subarray(at, at + context.batchSize)
      yield { start: unit.start, end: unit.end, docs, selection: null }
    }
  }

  /** One window's survivors; null when there are none. The batch has one reference, the caller's. */
  private read(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    window: Window,
    filters: readonly Expr[],
    only: readonly number[] | null,
    addresses: boolean,
  ): RecordBatch | null | Promise<RecordBatch | null> {
    return filters.length === 0 && window.docs !== null
      ? this.listed(unit, segment, context, window.docs, only, addresses)
      : this.filtered(unit, segment, context, window, filters, only, addresses)
  }

  /** All columns, or those at `only`, of documents, ascending, as one dense batch; waits only for what is not in memory. */
  private listed(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    found: Uint32Array,
    only: readonly number[] | null,
    addresses: boolean,
  ): RecordBatch | Promise<RecordBatch> {
    const region = context.region()
    const wanted = only ?? this.positions
    const nothing = new NullVector(NOTHING, found.length, null)
    const assemble = (vectors: readonly Vector[]): RecordBatch => {
      const values: Vector[] = this.positions.map(() => nothing)
      for (const [k, i] of wanted.entries()) values[i] = vectors[k]!
      return new RecordBatch(this.schema, [...address, ...values], found.length, null, region)
    }
    const failed = (error: unknown): never => {
      region.release()
      throw error
    }
    let address: readonly Vector[] = []
    try {
      const docs = region.u32(found.length)
      docs.set(found)
      address = addresses
        ? addressVectors(region, unit.split.splitId, unit.segment.ord, docs)
        : addressFields.map(() => nothing)
      const values = segment.readDocs(wanted, docs, region)
      return values instanceof Promise ? values.then(assemble, failed) : assemble(values)
    } catch (error) {
      return failed(error)
    }
  }

  private get positions(): readonly number[] {
    return (this.#positions ??= this.options.columns.map((_, i) => i))
  }

  private async filtered(
    unit: DocUnit,
    segment: SegmentColumns,
    context: TaskContext,
    window: Window,
    filters: readonly Expr[],
    only: readonly number[] | null,
    addresses: boolean,
  ): Promise<RecordBatch | null> {
    const { columns } = this.options
    const read = filteredColumns(filters)
    const rest = columns.map((_, i) => i).filter((i) => !read.includes(i) && (only === null || only.includes(i)))
    const region = context.region()
    let kept = false
    try {
      const { start, end } = window
      const length = window.docs?.length ?? end - start
      const docs = addresses || window.docs !== null ? region.u32(length) : NO_DOCS
      if (window.docs !== null) docs.set(window.docs)
      else if (addresses) for (let i = 0; i < length; i++) docs[i] = start + i
      const nothing = new NullVector(NOTHING, length, null)
      const values: Vector[] = columns.map(() => nothing)
      let { selection } = window
      const address = addresses
        ? addressVectors(region, unit.split.splitId, unit.segment.ord, docs)
        : addressFields.map(() => nothing)
      const assemble = () => new RecordBatch(this.schema, [...address, ...values], length, selection, region)
      const load = async (wanted: readonly number[]): Promise<void> => {
        const vectors = await (window.docs === null
          ? segment.readRange(wanted, start, end, region)
          : segment.readDocs(wanted, docs, region))
        for (const [i, vector] of vectors.entries()) values[wanted[i]!] = vector
      }
      if (filters.length > 0) {
        await load(read)
        let removed = 0
        for (const filter of filters) {
          if (isIdle(filter)) continue
          const before: number = selection?.length ?? length
          selection = evaluatePredicate(filter, assemble(), region)
          removed += countRemoved(filter, before, selection.length)
        }
        if (removed > 0) context.metricsOf(this).add('rows_filtered_at_run_time', removed)
        if (selection?.length === 0) return null
      }
      const few = selection !== null && selection.length < length * (segment.readsDocuments(rest) ? 1 : SPARSE)
      if (few && rest.length > 0) {
        const rows = Uint32Array.from(selection!)
        const survivors = region.u32(rows.length)
        for (let k = 0; k < rows.length; k++) survivors[k] = docs.length > 0 ? docs[rows[k]!]! : start + rows[k]!
        const own = addresses
          ? addressVectors(region, unit.split.splitId, unit.segment.ord, survivors)
          : addressFields.map(() => new NullVector(NOTHING, rows.length, null))
        const vectors = await segment.readDocs(rest, survivors, region)
        const dense = values.map((value) => takeVector(value, rows, rows.length, region))
        for (const [k, i] of rest.entries()) dense[i] = vectors[k]!
        kept = true
        return new RecordBatch(this.schema, [...own, ...dense], rows.length, null, region)
      }
      await load(rest)
      kept = true
      return assemble()
    } finally {
      if (!kept) region.release()
    }
  }

  /** Opens all columns in a unit, or those at `only`. */
  openColumns(
    unit: DocUnit,
    context: TaskContext,
    only: readonly number[] | null = null,
  ): SegmentColumns | Promise<SegmentColumns> {
    return SegmentColumns.open(unit, this.table, this.options.columns, context, context.metricsOf(this), only)
  }

  openLookup(partition: number, context: TaskContext): LookupStream {
    const reader = new AddressReader(this, context, async () => {
      const own = (await layoutParts(this.table.layout, context))[partition]!
      const parts = new Map(own.map((part) => [part.split.splitId, part]))
      return { parts, open: (unit: DocUnit) => this.openColumns(unit, context) }
    })
    return {
      lookup: (batch) => metered(this as ExecutionPlan, context, () => reader.lookup(batch)),
      close: () => reader.close(),
    }
  }
}

/** Whether a filter answers exactly for any documents, by what their columns have at hand. */
function isReady(by: DocFilter): boolean {
  return by.by === 'column' && by.exact && !by.tests && by.ready === undefined && by.share > 0
}

export interface Candidates {
  /** Live documents that may satisfy the filters; null for all documents, deleted ones included. */
  readonly found: Uint32Array | null
  /** What is still to be tested on their values. */
  readonly filters: readonly Expr[]
}

/** Rows of a unit to be read together: a list of documents, or a range of them with the rows that count. */
interface Window {
  readonly start: number
  readonly end: number
  readonly docs: Uint32Array | null
  readonly selection: Selection | null
}
