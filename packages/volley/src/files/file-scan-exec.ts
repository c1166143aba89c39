import {
  ExecutionPlan,
  operatorStream,
  RecordBatch,
  unknownPartitioning,
  type BatchStream,
  type Partitioning,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { Schema } from 'apache-arrow'
import type { FileFormatName, FileOptions, FilePart } from './file-format.ts'
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
  /** Any this many rows of a partition are enough. */
  readonly fetch: number | null
}

/** Reads files of this machine, each partition its parts one after the other. */
export class FileScanExec extends ExecutionPlan {
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

  override get statistics(): Statistics {
    const parts = this.scan.partitions.flat()
    const known = parts.every((part) => part.rows !== null)
    const rows = parts.reduce((sum, part) => sum + (part.rows ?? 0), 0)
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
    return { rows: known ? { value: rows, exact: true } : null, bytes: { value: bytes, exact: false } }
  }

  override withChildren(_children: readonly ExecutionPlan[]): ExecutionPlan {
    return this
  }

  override details(): readonly (readonly [string, string])[] {
    const { format, partitions, wanted, tableSchema, fetch } = this.scan
    const files = new Set(partitions.flat().map((part) => part.path))
    return [
      ['format', format],
      ['files', String(files.size)],
      ['columns', `[${wanted.map((i) => tableSchema.fields[i]!.name).join(', ')}]`],
      ...(fetch === null ? [] : [['fetch', String(fetch)] as const]),
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return operatorStream(this.schema, [], this.#batches(partition, context))
  }

  async *#batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const { format, options, tableSchema, wanted, partitions, fetch } = this.scan
    const reader = await fileFormat(format)
    let left = fetch ?? Infinity
    for (const { path, part } of partitions[partition]!) {
      const request = { path, part, fields: tableSchema.fields, wanted, options, signal: context.signal ?? null }
      for await (const chunk of reader.read(request)) {
        for (let start = 0; start < chunk.rows && left > 0; start += context.batchSize) {
          const end = Math.min(chunk.rows, start + context.batchSize, start + left)
          left -= end - start
          const region = context.region()
          let columns
          try {
            columns = chunk.columns(start, end, region)
          } catch (error) {
            region.release()
            throw error
          }
          yield new RecordBatch(this.schema, columns, end - start, null, region)
        }
        if (left <= 0) return
      }
    }
  }
}
