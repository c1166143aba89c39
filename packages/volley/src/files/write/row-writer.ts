import type { RecordBatch } from '@volley/core'
import type { Schema } from 'apache-arrow'
import type { FileFormatName, FileOptions } from '../file-format.ts'
import type { FileOutput } from './file-output.ts'

/** Writes rows to one file, a batch at a time. */
export interface RowWriter {
  /** Rows of a batch, which is its owner's again afterwards. */
  write(batch: RecordBatch): Promise<void>
  /** What is left, and what the format ends with. */
  finish(): Promise<void>
}

/** Begins a file of rows that have the engine's schema. */
export type OpenWriter = (output: FileOutput, schema: Schema, options: FileOptions) => RowWriter

// Imported when used: a session that writes no files does not pay for their libraries.
const WRITERS: Readonly<Record<FileFormatName, () => Promise<OpenWriter>>> = {
  csv: async () => (await import('./csv-writer.ts')).csvWriter,
  json: async () => (await import('./json-writer.ts')).jsonWriter,
  arrow: async () => (await import('./arrow-writer.ts')).arrowWriter,
  parquet: async () => (await import('./parquet-writer.ts')).parquetWriter,
}

export function rowWriter(format: FileFormatName): Promise<OpenWriter> {
  return WRITERS[format]()
}
