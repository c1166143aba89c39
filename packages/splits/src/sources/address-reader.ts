import {
  concatVectors,
  ConstantVector,
  evaluatePredicate,
  NO_ROW,
  NullVector,
  RecordBatch,
  scalarAt,
  takeVector,
  type Expr,
  type LookupStream,
  type PrimitiveVector,
  type Selection,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import { Null, type Schema } from 'apache-arrow'
import { filteredColumns } from '../filters/segment-filter.ts'
import { addressFields, addressVectors } from './address.ts'
import type { ColumnSource, ColumnSourceOptions } from './column-source.ts'
import type { DocUnit, SplitUnits } from './opened-layout.ts'
import { countRemoved, knownFilters } from './runtime-filters.ts'
import type { SegmentColumns } from './segment-columns.ts'

interface Units {
  /** By the id of their split. */
  readonly parts: ReadonlyMap<string, SplitUnits>
  readonly open: (unit: DocUnit) => SegmentColumns | Promise<SegmentColumns>
}

/** A run of rows in one segment. */
interface Run {
  readonly splitId: string
  readonly segmentOrd: number
  readonly docs: Uint32Array
}

/** Answers addresses with a source's columns, row by row in the order asked. Keeps the segment of the last address open. */
export class AddressReader implements LookupStream {
  readonly #source: ColumnSource
  readonly #schema: Schema
  readonly #options: ColumnSourceOptions
  readonly #context: TaskContext
  readonly #start: () => Promise<Units>
  #units: Units | null = null
  #current: { readonly unit: DocUnit; readonly segment: SegmentColumns } | null = null

  constructor(source: ColumnSource, context: TaskContext, start: () => Promise<Units>) {
    this.#source = source
    this.#schema = source.schema
    this.#options = source.options
    this.#context = context
    this.#start = start
  }

  /**
   * One row for each row of `batch`, in its order; a selection on the answer leaves out rows that a filter of this source
   * refuses. The answer has one reference, the caller's.
   */
  async lookup(batch: RecordBatch): Promise<RecordBatch> {
    this.#units ??= await this.#start()
    const filters = [...this.#options.filters, ...knownFilters(this.#options.runtime, this.#context)]
    const region = this.#context.region()
    try {
      const parts: Vector[][] = []
      const selection = filters.length === 0 ? null : region.u32(batch.numRows)
      let selected = 0
      let rows = 0
      for (const run of runsOf(batch)) {
        const { columns, kept } = await this.#read(run, filters, region)
        parts.push(columns)
        if (selection !== null) for (const row of kept!) selection[selected++] = rows + row
        rows += run.docs.length
      }
      const columns =
        parts.length === 1
          ? parts[0]!
          : this.#schema.fields.map((_, i) =>
              concatVectors(
                parts.map((part) => part[i]!),
                region,
              ),
            )
      return new RecordBatch(this.#schema, columns, batch.numRows, selection?.subarray(0, selected) ?? null, region)
    } catch (error) {
      region.release()
      throw error
    }
  }

  /** The columns of a run, and the rows that the filters keep (null: there are none). What only others need is read of those. */
  async #read(
    run: Run,
    filters: readonly Expr[],
    region: Region,
  ): Promise<{ columns: Vector[]; kept: Selection | null }> {
    const { columns } = this.#options
    const segment = await this.#segment(run)
    const docs = region.u32(run.docs.length)
    docs.set(run.docs)
    const address = addressVectors(region, run.splitId, run.segmentOrd, docs)
    const all = columns.map((_, i) => i)
    if (filters.length === 0)
      return { columns: [...address, ...(await segment.readDocs(all, docs, region))], kept: null }
    const values: Vector[] = columns.map(() => new NullVector(new Null(), docs.length, null))
    const read = filteredColumns(filters)
    for (const [i, vector] of (await segment.readDocs(read, docs, region)).entries()) values[read[i]!] = vector
    let kept: Selection | null = null
    let removed = 0
    for (const filter of filters) {
      const batch: RecordBatch = new RecordBatch(this.#schema, [...address, ...values], docs.length, kept, region)
      kept = evaluatePredicate(filter, batch, region)
      removed += countRemoved(filter, batch.numRows, kept.length)
    }
    if (removed > 0) this.#context.metricsOf(this.#source).add('rows_filtered_at_run_time', removed)
    const rest = all.filter((i) => !read.includes(i))
    if (rest.length > 0) {
      const some = region.u32(kept!.length)
      for (let k = 0; k < some.length; k++) some[k] = docs[kept![k]!]!
      const place = new Uint32Array(docs.length).fill(NO_ROW)
      for (let k = 0; k < some.length; k++) place[kept![k]!] = k
      const whole = some.length === docs.length
      for (const [i, vector] of (await segment.readDocs(rest, some, region)).entries()) {
        values[rest[i]!] = whole ? vector : takeVector(vector, place, docs.length, region)
      }
    }
    return { columns: [...address, ...values], kept }
  }

  async close(): Promise<void> {
    this.#current?.segment.release()
    this.#current = null
  }

  async #segment(run: Run): Promise<SegmentColumns> {
    const current = this.#current
    if (current !== null && current.unit.split.splitId === run.splitId && current.unit.segment.ord === run.segmentOrd) {
      return current.segment
    }
    await this.close()
    const { parts, open } = this.#units!
    const part = parts.get(run.splitId)
    const unit = (part?.opened() ?? (await part?.open()))?.find(({ segment }) => segment.ord === run.segmentOrd)
    if (unit === undefined) throw new Error(`no document range of split ${run.splitId} in this partition`)
    const segment = await open(unit)
    this.#current = { unit, segment }
    return segment
  }
}

function runsOf(batch: RecordBatch): Run[] {
  const column = (i: number): Vector =>
    batch.columns[batch.schema.fields.findIndex((field) => field.name === addressFields[i]!.name)]!
  const [split, segment, doc] = [column(0), column(1), column(2)]
  const docs = (doc as PrimitiveVector).values as Uint32Array
  const rows = batch.numRows
  const rowAt = (k: number) => (batch.selection === null ? k : batch.selection[k]!)
  const selected = (from: number, to: number) =>
    Uint32Array.from({ length: to - from }, (_, k) => docs[rowAt(from + k)]!)
  const constant = split instanceof ConstantVector && segment instanceof ConstantVector
  const addressAt = (k: number) => [scalarAt(split, rowAt(k)) as string, scalarAt(segment, rowAt(k)) as number] as const
  const runs: Run[] = []
  for (let from = 0; from < rows;) {
    const [splitId, segmentOrd] = addressAt(from)
    let to = constant ? rows : from + 1
    for (; to < rows; to++) {
      const next = addressAt(to)
      if (next[0] !== splitId || next[1] !== segmentOrd) break
    }
    runs.push({ splitId, segmentOrd, docs: selected(from, to) })
    from = to
  }
  return runs
}
