import { SqlState, VolleyError, type Expr, type Vector } from '@volley/core'
import type { Arena, Region } from '@volley/kernels'
import type { ValueRange } from '@volley/planner'
import type { Field } from 'apache-arrow'

export type FileFormatName = 'csv' | 'json' | 'arrow' | 'parquet'

/** Options of a file by their names in lower case, with or without `format.`. */
export type FileOptions = ReadonlyMap<string, string>

/** A part of a file that is read on its own, such as a row group. */
export interface FilePart {
  readonly path: string
  /** Row group or record batch; null is the whole file. */
  readonly part: number | null
  readonly rows: number | null
  readonly bytes: number
  /** The first row and the one after the last of the part that are read; absent for all. Needs `rows`. */
  readonly range?: readonly [start: number, end: number]
}

/** Columns of some rows, read from the first row to the last. */
export interface FileChunk {
  readonly rows: number
  /** The rows that are to be read; absent for all. */
  readonly ranges?: readonly (readonly [start: number, end: number])[]
  /** Fetches what some of the wanted columns (by their positions among them) are decoded from; null when it is there. */
  load?(which: readonly number[]): Promise<void> | null
  /**
   * Vectors of some of the wanted columns in a region: of the rows from `start` to `end`, or of those of them at `rows`
   * (ascending, counted from `start`).
   */
  columns(start: number, end: number, rows: Uint32Array | null, region: Region, which: readonly number[]): Vector[]
  /** The entries that the values of a column are codes of in some rows; null where they are not codes. */
  dictionary?(start: number, end: number, which: number): Vector | null
  /** Codes of a column that has a dictionary for those rows; that of a NULL row is the number of entries. */
  codes?(start: number, end: number, which: number, region: Region): Uint32Array
}

/** The least and the greatest of some values. */
export type ValueBounds = readonly [low: number | bigint, high: number | bigint]

export interface ReadRequest {
  readonly parts: readonly FilePart[]
  /** All columns of the table, for formats without names. */
  readonly fields: readonly Field[]
  /** Positions of those that are read, in order. */
  readonly wanted: readonly number[]
  readonly options: FileOptions
  readonly signal: AbortSignal | null
  /** Over the wanted columns: rows for which one is not TRUE may be left out, chunks of them unread. */
  readonly filters: readonly Expr[]
  /** Of the wanted columns, those that every chunk is asked for. */
  readonly first: readonly number[]
  /** Where columns that vectors share memory with are kept. */
  readonly arena: Arena
  /**
   * Whether, by what is known at the time, no row of a chunk can be wanted, whose least and greatest values of wanted columns
   * `bounds` gives: null where they are not known, or a row may be NULL.
   */
  isUnwanted(bounds: (column: number) => ValueBounds | null): boolean
  /** Adds to a counter of what was read and what was not. */
  count(name: string, by: number): void
}

/** How files of one format are read. */
export interface FileFormat {
  /** Columns of a file. */
  fields(path: string, options: FileOptions): Promise<Field[]>
  parts(path: string): Promise<readonly FilePart[]>
  /** Bounds of columns of integers and dates, where the file says them. */
  columnRanges?(path: string): Promise<ReadonlyMap<string, ValueRange>>
  /** Whether a part is one chunk, whose rows can be read from any row on. */
  readonly ranges?: boolean
  read(request: ReadRequest): AsyncGenerator<FileChunk, void, void>
}

export function option(options: FileOptions, name: string): string | undefined {
  return options.get(name) ?? options.get(`format.${name}`)
}

/** @throws VolleyError 22023 */
export function flag(options: FileOptions, name: string, defaultValue: boolean): boolean {
  const value = option(options, name)?.toLowerCase()
  if (value === undefined) return defaultValue
  if (['true', 'on', '1', 'yes'].includes(value)) return true
  if (['false', 'off', '0', 'no'].includes(value)) return false
  throw new VolleyError(`option "${name}" takes true or false, not "${value}"`, {
    code: SqlState.invalidParameterValue,
  })
}

/** Reads the files of a request one after the other. */
export async function* eachFile(
  request: ReadRequest,
  read: (path: string) => AsyncGenerator<FileChunk, void, void>,
): AsyncGenerator<FileChunk, void, void> {
  for (const { path } of request.parts) yield* read(path)
}
