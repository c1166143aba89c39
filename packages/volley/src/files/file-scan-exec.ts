import {
  allRows,
  columnsOfExprs,
  conjunction,
  demandedColumns,
  evaluatePredicate,
  ExecutionPlan,
  NullVector,
  operatorStream,
  ProbeFilters,
  probeFiltersOf,
  RecordBatch,
  unknownPartitioning,
  type BatchStream,
  type Expr,
  type Partitioning,
  type Statistics,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Schema } from 'apache-arrow'
import type { Distributable, Slice } from '@volley/planner'
import { dealParts } from './deal-parts.ts'
import type { FileChunk, FileFormatName, FileOptions, FilePart } from './file-format.ts'
import { fileFormat } from './formats.ts'

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

  constructor(scan: FileScanOptions) {
    super()
    this.scan = scan
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
    let left = fetch ?? Infinity
    // A limit is on the rows that the table has.
    const joined = new ProbeFilters(fetch === null ? probeFiltersOf(context, this) : [])
    for (const { path, part, range } of partitions[partition]!) {
      const signal = context.signal ?? null
      const request = { path, part, fields: tableSchema.fields, wanted, options, filters, signal }
      for await (const chunk of reader.read(request)) {
        try {
          const [first, last] = range ?? [0, chunk.rows]
          for (let start = first; start < last && left > 0; start += context.batchSize) {
            const batch = this.#batch(chunk, start, Math.min(last, start + context.batchSize), joined, context)
            if (batch === null) continue
            const kept = limited(batch, left)
            left -= kept.numRows
            yield kept
          }
        } finally {
          chunk.release?.()
        }
        if (left <= 0) return
      }
    }
  }

  /** Some rows of a chunk; null where the filters keep none, whose other columns are not read then. */
  #batch(chunk: FileChunk, start: number, end: number, joined: ProbeFilters, context: TaskContext): RecordBatch | null {
    const region = context.region()
    const predicate = conjunction(this.scan.filters)
    try {
      const demanded = demandedColumns(context, this)
      const all = this.schema.fields.map((_, i) => i).filter((i) => demanded === null || demanded.has(i))
      const length = end - start
      const columns: Vector[] = this.schema.fields.map(({ type }) => new NullVector(type, length, null))
      const known = new Set<number>()
      const read = (which: readonly number[]): void => {
        const missing = which.filter((i) => !known.has(i))
        const vectors = chunk.columns(start, end, region, missing)
        for (const [k, i] of missing.entries()) {
          columns[i] = vectors[k]!
          known.add(i)
        }
      }
      let rows: Uint32Array | null = null
      if (predicate !== null) {
        read([...columnsOfExprs([predicate])])
        rows = evaluatePredicate(predicate, new RecordBatch(this.schema, columns, length, null, region), region)
      }
      if (rows === null || rows.length > 0) {
        const column = (i: number): Vector => {
          read([i])
          return columns[i]!
        }
        rows = joined.select(rows ?? allRows(length), column, region)
      }
      if (rows.length === 0 && length > 0) {
        region.release()
        return null
      }
      read(all)
      return new RecordBatch(this.schema, columns, length, rows.length === length ? null : rows, region)
    } catch (error) {
      region.release()
      throw error
    }
  }
}

/** The first rows of a batch. */
function limited(batch: RecordBatch, most: number): RecordBatch {
  if (batch.numRows <= most) return batch
  const { schema, columns, length, selection, region } = batch
  return new RecordBatch(schema, columns, length, (selection ?? allRows(length)).subarray(0, most), region)
}
