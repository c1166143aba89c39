import {
  concatBatches,
  concatVectors,
  ExecutionPlan,
  NO_ROW,
  operatorStream,
  RecordBatch,
  scalarAt,
  takeColumns,
  takeVector,
  unknownPartitioning,
  vectorOf,
  type BatchStream,
  type OperatorMetrics,
  type Partitioning,
  type PrimitiveVector,
  type SortKey,
  type Statistics,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { SplitWeight } from '@volley/planner'
import { Field, Schema } from 'apache-arrow'
import type { SplitRef } from '../layout/layout.ts'
import { splitOpener, type DocUnit } from './opened-layout.ts'
import { metered } from './read-meter.ts'
import type { ScanTable } from './scan-table.ts'
import { SegmentColumns, type SourceColumn } from './segment-columns.ts'

/** Rows whose documents are fetched together. */
const CHUNK = 32_768

/**
 * Adds columns to rows by the address that they carry. Each task gets all rows, and gives those of its own splits in their
 * order; documents are read a segment at a time, each once, and only splits of which there is a row are opened. Rows that an
 * outer join has padded have no address: the task of the first split gives them, with columns that are NULL.
 */
export class DocumentFetchExec extends ExecutionPlan {
  override readonly kind = 'DocumentFetchExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly table: ScanTable
  readonly columns: readonly SourceColumn[]
  /** Positions of split, segment and document in the input. */
  readonly address: readonly number[]
  /** Whether rows without an address come out here. */
  readonly givesPadded: boolean
  /** Every task needs the input whole. */
  readonly collectedInputs: readonly number[] = [0]

  constructor(
    input: ExecutionPlan,
    table: ScanTable,
    columns: readonly SourceColumn[],
    address: readonly number[],
    givesPadded = true,
  ) {
    super()
    this.input = input
    this.table = table
    this.columns = columns
    this.address = address
    this.givesPadded = givesPadded
    this.schema = new Schema([
      ...input.schema.fields,
      ...columns.map((column) => new Field(column.name, column.type, column.nullable)),
    ])
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(1)
  }

  override get ordering(): readonly SortKey[] {
    return this.input.ordering
  }

  override get statistics(): Statistics {
    return { rows: this.input.statistics.rows, bytes: null }
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new DocumentFetchExec(children[0]!, this.table, this.columns, this.address, this.givesPadded)
  }

  splitWeights(): readonly SplitWeight[] {
    return this.table.layout.splits.map((split) => ({ id: split.splitId, weight: split.numDocs }))
  }

  forTask(splitIds: ReadonlySet<string>): ExecutionPlan {
    const { splits } = this.table.layout
    const first = splits.length === 0 || splitIds.has(splits[0]!.splitId)
    return new DocumentFetchExec(
      this.input,
      this.table.forTask(splitIds),
      this.columns,
      this.address,
      this.givesPadded && first,
    )
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['table', this.table.name],
      ['splits', String(this.table.layout.splits.length)],
      ['fields', `[${this.columns.map((column) => column.name).join(', ')}]`],
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.batches(input, context))
  }

  private async *batches(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const splits = new Map(this.table.layout.splits.map((split) => [split.splitId, split]))
    const metrics = context.metricsOf(this)
    let kept: RecordBatch[] = []
    let rows = 0
    try {
      for (let batch = await input.next(); batch !== null; batch = await input.next()) {
        const own = this.ownRows(batch, splits, context)
        if (own === null) continue
        kept.push(own)
        rows += own.length
        if (rows < CHUNK) continue
        yield await this.fetched(kept.splice(0), splits, context, metrics)
        rows = 0
      }
      if (rows > 0) yield await this.fetched(kept.splice(0), splits, context, metrics)
    } finally {
      for (const batch of kept) batch.release()
      kept = []
    }
  }

  /** A dense copy of the rows of this task's splits; null when there are none. */
  private ownRows(batch: RecordBatch, splits: ReadonlyMap<string, SplitRef>, context: TaskContext): RecordBatch | null {
    const split = batch.columns[this.address[0]!]!
    const own: number[] = []
    for (let k = 0; k < batch.numRows; k++) {
      const row = batch.selection === null ? k : batch.selection[k]!
      const splitId = scalarAt(split, row) as string | null
      if (splitId === null ? this.givesPadded : splits.has(splitId)) own.push(row)
    }
    if (own.length === 0) return null
    const region = context.region()
    const columns = takeColumns(batch.columns, Uint32Array.from(own), batch, region)
    return new RecordBatch(batch.schema, columns, own.length, null, region)
  }

  private fetched(...args: Parameters<DocumentFetchExec['fetch']>): Promise<RecordBatch> {
    return metered(this, args[2], () => this.fetch(...args))
  }

  /** The rows of some batches, which are given up, with the columns added. */
  private async fetch(
    batches: readonly RecordBatch[],
    splits: ReadonlyMap<string, SplitRef>,
    context: TaskContext,
    metrics: OperatorMetrics,
  ): Promise<RecordBatch> {
    const region = context.region()
    try {
      const rows = batches.length === 1 ? batches[0]!.retain() : concatBatches(this.input.schema, batches, context)
      try {
        region.dependOn(rows.region)
        const { parts, place } = await this.read(rows, splits, context, metrics, region)
        const added = this.columns.map((_, i) => {
          const whole =
            parts.length === 1
              ? parts[0]![i]!
              : concatVectors(
                  parts.map((part) => part[i]!),
                  region,
                )
          return takeVector(whole, place, rows.length, region)
        })
        return new RecordBatch(this.schema, [...rows.columns, ...added], rows.length, null, region)
      } finally {
        rows.release()
      }
    } catch (error) {
      region.release()
      throw error
    } finally {
      for (const batch of batches) batch.release()
    }
  }

  /** The columns of the rows' documents, segment by segment, and for each row where in them its document is. */
  private async read(
    rows: RecordBatch,
    splits: ReadonlyMap<string, SplitRef>,
    context: TaskContext,
    metrics: OperatorMetrics,
    region: Region,
  ): Promise<{ parts: (readonly Vector[])[]; place: Uint32Array }> {
    const [split, segment, doc] = this.address.map((i) => rows.columns[i]!)
    const bySegment = new Map<string, { split: string; ord: number; rows: number[] }>()
    for (let row = 0; row < rows.length; row++) {
      const splitId = scalarAt(split!, row) as string | null
      if (splitId === null) continue
      const ord = scalarAt(segment!, row) as number
      const key = `${splitId}/${ord}`
      const known = bySegment.get(key)
      if (known === undefined) bySegment.set(key, { split: splitId, ord, rows: [row] })
      else known.rows.push(row)
    }
    const docs = (doc as PrimitiveVector).values as Uint32Array
    const place = new Uint32Array(rows.length).fill(NO_ROW)
    const parts: (readonly Vector[])[] = []
    let base = 0
    for (const group of bySegment.values()) {
      context.throwIfCancelled()
      const ids = [...new Set(group.rows.map((row) => docs[row]!))].sort((a, b) => a - b)
      const wanted = region.u32(ids.length)
      wanted.set(ids)
      const at = new Map(ids.map((id, i) => [id, base + i]))
      for (const row of group.rows) place[row] = at.get(docs[row]!)!
      base += ids.length
      parts.push(await this.readSegment(splits.get(group.split)!, group.ord, wanted, context, metrics, region))
    }
    if (parts.length === 0) parts.push(this.columns.map(({ type }) => vectorOf(type, [null], region)))
    return { parts, place }
  }

  private async readSegment(
    split: SplitRef,
    ord: number,
    docs: Uint32Array,
    context: TaskContext,
    metrics: OperatorMetrics,
    region: Region,
  ): Promise<readonly Vector[]> {
    const index = await context.service(splitOpener).open(split, context.signal ?? undefined)
    const segment = index.index.segments[ord]!
    const unit: DocUnit = { split, index, segment, start: 0, end: segment.maxDoc }
    const columns = await SegmentColumns.open(unit, this.table, this.columns, context, metrics)
    try {
      return await columns.readDocs(
        this.columns.map((_, i) => i),
        docs,
        region,
      )
    } finally {
      columns.release()
    }
  }
}
