import {
  allRows,
  columnsOfExprs,
  conjunction,
  conjuncts,
  demandedColumns,
  evaluatePredicate,
  ExecutionPlan,
  operatorStream,
  ProbeFilters,
  probeFiltersOf,
  RecordBatch,
  unknownPartitioning,
  vectorOf,
  type BatchStream,
  type Expr,
  type Partitioning,
  type ProbeFilter,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import type { Distributable, Slice } from '@volley/planner'
import { dealParts } from './deal-parts.ts'
import { DictionaryFilters } from './dictionary-filters.ts'
import type { FileChunk, FileFormatName, FileOptions, FilePart, ReadRequest, ValueBounds } from './file-format.ts'
import { fileFormat } from './formats.ts'
import { ScanWindow } from './scan-window.ts'

export interface FileScanOptions {
  readonly format: FileFormatName
  readonly options: FileOptions
  /** Columns of the table; `wanted` are the positions of those that are read. */
  readonly tableSchema: Schema
  readonly wanted: readonly number[]
  /** Of the output. */
  readonly schema: Schema
  readonly partitions: readonly (readonly FilePart[])[]
  /** Over the output: only rows for which all are TRUE come out. */
  readonly filters: readonly Expr[]
  /** Any this many rows of a partition are enough. */
  readonly fetch: number | null
  /** Whether tasks of this process read a slice each. */
  readonly dealt: boolean
  /** Whether parts can be cut by rows. */
  readonly ranges: boolean
}

/** The share of rows that a filter is guessed to keep. */
const SELECTIVITY = 0.3

/** Reads files of this machine, each partition its parts one after the other. */
export class FileScanExec extends ExecutionPlan implements Distributable {
  override readonly kind = 'FileScanExec'
  override readonly children: readonly ExecutionPlan[] = []
  override readonly schema: Schema
  readonly scan: FileScanOptions
  readonly #filters: readonly Expr[]

  constructor(scan: FileScanOptions) {
    super()
    this.scan = scan
    this.#filters = byColumn(scan.filters)
    this.schema = scan.schema
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.scan.partitions.length)
  }

  get dealt(): boolean {
    return this.scan.dealt
  }

  splitWeights(): readonly [] {
    return []
  }

  /** It has no splits: only slices of it are dealt. */
  forTask(): ExecutionPlan {
    return this
  }

  forSlice({ index, count }: Slice): ExecutionPlan {
    const own = this.scan.partitions.length
    const all = dealParts(this.scan.partitions.flat(), own * count, this.scan.ranges)
    return new FileScanExec({ ...this.scan, partitions: all.slice(index * own, (index + 1) * own) })
  }

  override get statistics(): Statistics {
    const parts = this.scan.partitions.flat()
    const known = parts.every((part) => part.rows !== null)
    const rows = parts.reduce(
      (sum, { rows, range }) => sum + (range === undefined ? (rows ?? 0) : range[1] - range[0]),
      0,
    )
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    const share = this.scan.filters.length === 0 ? 1 : SELECTIVITY
    return {
      rows: known ? { value: rows * share, exact: share === 1 } : null,
      bytes: { value: bytes * share, exact: false },
    }
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    const { format, partitions, wanted, tableSchema, filters, fetch } = this.scan
    const files = new Set(partitions.flat().map((part) => part.path))
    return [
      ['format', format],
      ['files', String(files.size)],
      ['columns', `[${wanted.map((i) => tableSchema.fields[i]!.name).join(', ')}]`],
      ...(filters.length === 0 ? [] : [['filters', `[${filters.join(', ')}]`] as const]),
      ...(fetch === null ? [] : [['fetch', String(fetch)] as const]),
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(partition, context))
  }

  async *#batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { format, options, tableSchema, wanted, partitions, filters, fetch } = this.scan
    const reader = await fileFormat(format)
    const metrics = context.metricsOf(this)
    const isSelective = context.settings.get('parquet_pruning') !== 'off'
    let left = fetch ?? Infinity
    // A limit is on the rows that the table has.
    const probes = isSelective && fetch === null ? probeFiltersOf(context, this) : []
    const joined = new ProbeFilters(probes)
    const demanded = demandedColumns(context, this)
    const all = this.schema.fields.map((_, i) => i).filter((i) => demanded === null || demanded.has(i))
    const asked = new Set([...columnsOfExprs(filters), ...probes.map(({ column }) => column)])
    const columns: ScanColumns = { all, first: asked.size === 0 ? all : [...asked] }
    const request: ReadRequest = {
      parts: partitions[partition]!,
      fields: tableSchema.fields,
      wanted,
      options,
      filters: isSelective ? filters : [],
      first: columns.first,
      arena: context.arena,
      signal: context.signal ?? null,
      isUnwanted: (bounds) => this.#isUnwanted(probes, bounds, context),
      count: (name, by) => metrics.add(name, by),
    }
    for await (const chunk of reader.read(request)) {
      const region = context.region()
      const byEntry = isSelective ? new DictionaryFilters(chunk, this.schema, region) : null
      try {
        for (const [first, last] of chunk.ranges ?? [[0, chunk.rows]]) {
          for (let start = first; start < last && left > 0; start += context.batchSize) {
            const end = Math.min(last, start + context.batchSize)
            const batch = await this.#batch(chunk, start, end, columns, byEntry, joined, context)
            if (batch === null) {
              await context.giveWay()
              continue
            }
            const kept = limited(batch, left)
            left -= kept.numRows
            yield kept
          }
        }
      } finally {
        region.release()
      }
      if (left <= 0) return
    }
  }

  /** Whether a test that values from the least to the greatest fail together says so of some column. */
  #isUnwanted(
    probes: readonly ProbeFilter[],
    bounds: (column: number) => ValueBounds | null,
    context: TaskContext,
  ): boolean {
    return probes.some(({ column, isMonotone, test }) => {
      const known = isMonotone === true && test() !== null ? bounds(column) : null
      if (known === null) return false
      const region = context.region()
      try {
        const ends = vectorOf(this.schema.fields[column]!.type, known, region)
        return test()!.select(ends, Uint32Array.of(0, 1), new Uint32Array(2)) === 0
      } finally {
        region.release()
      }
    })
  }

  /** Some rows of a chunk; null where the filters keep none, whose other columns are not read then. */
  async #batch(
    chunk: FileChunk,
    start: number,
    end: number,
    columns: ScanColumns,
    byEntry: DictionaryFilters | null,
    joined: ProbeFilters,
    context: TaskContext,
  ): Promise<RecordBatch | null> {
    const region = context.region()
    const window = new ScanWindow(chunk, this.schema, start, end, region, byEntry !== null)
    try {
      const first = chunk.load?.(columns.first) ?? null
      if (first !== null) await first
      this.#filter(window, start, end, byEntry, region)
      if (!window.isEmpty) {
        const rows = window.selection ?? allRows(window.length)
        window.keep(joined.select(rows, (i) => window.column(i), region))
      }
      if (window.isEmpty && end > start) {
        region.release()
        return null
      }
      window.compact()
      const pending = chunk.load?.(columns.all) ?? null
      if (pending !== null) await pending
      window.read(columns.all)
      return window.batch()
    } catch (error) {
      region.release()
      throw error
    }
  }

  /** Leaves the rows for which all filters are TRUE; those that a dictionary can answer are asked first. */
  #filter(window: ScanWindow, start: number, end: number, byEntry: DictionaryFilters | null, region: Region): void {
    const others: Expr[] = []
    for (const filter of this.#filters) {
      const rows = byEntry?.select(filter, start, end, window.selection, region) ?? null
      if (rows === null) others.push(filter)
      else window.keep(rows)
      if (window.isEmpty) return
    }
    for (const filter of others) {
      window.compact()
      window.read(columnsOfExprs([filter]))
      window.keep(evaluatePredicate(filter, window.batch(), region))
      if (window.isEmpty) return
    }
    window.compact()
  }
}

/** Positions among the columns of the output. */
interface ScanColumns {
  /** Those that are read. */
  readonly all: readonly number[]
  /** Those that every row is asked for. */
  readonly first: readonly number[]
}

/** Conditions that must all be TRUE, those on the same one column as one. */
function byColumn(filters: readonly Expr[]): Expr[] {
  const groups = new Map<unknown, Expr[]>()
  for (const filter of filters.flatMap(conjuncts)) {
    const [column, second] = columnsOfExprs([filter])
    const key = column === undefined || second !== undefined ? filter : column
    groups.set(key, [...(groups.get(key) ?? []), filter])
  }
  return [...groups.values()].map((group) => conjunction(group)!)
}

/** The first rows of a batch. */
function limited(batch: RecordBatch, most: number): RecordBatch {
  if (batch.numRows <= most) return batch
  const { schema, columns, length, selection, region } = batch
  return new RecordBatch(schema, columns, length, (selection ?? allRows(length)).subarray(0, most), region)
}
