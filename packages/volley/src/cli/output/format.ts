import type { DataType } from 'apache-arrow'
import type { QueryResult } from '../../session.ts'
import { writeCsv } from './csv.ts'
import { writeJson } from './json.ts'
import { writeNdjson } from './ndjson.ts'
import { writeTable } from './table.ts'

/** Takes text; resolves when more may be written. */
export type Writer = (text: string) => Promise<void> | void

export type OutputFormat = 'table' | 'ndjson' | 'json' | 'csv'

export const outputFormats: readonly OutputFormat[] = ['table', 'ndjson', 'json', 'csv']

/** Rows of a result as JavaScript values, a chunk (one batch) at a time. */
export interface ResultRows {
  readonly names: readonly string[]
  readonly types: readonly DataType[]
}

export function writeResult(
  result: QueryResult,
  format: OutputFormat,
  write: Writer,
  width: number | null,
): Promise<number> {
  switch (format) {
    case 'table':
      return writeTable(result, write, width)
    case 'ndjson':
      return writeNdjson(result, write)
    case 'json':
      return writeJson(result, write)
    case 'csv':
      return writeCsv(result, write)
  }
}
