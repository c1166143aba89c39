import { NullVector, RecordBatch, takeVector, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import type { FileChunk } from './file-format.ts'

/** Where at most this share of the rows is left, the others are dropped from columns, and not decoded of further ones. */
const SPARSE = 0.5

/** Some rows of a chunk while conditions are tried on them: the columns read so far, and the rows that are left. */
export class ScanWindow {
  readonly #chunk: FileChunk
  readonly #schema: Schema
  readonly #start: number
  readonly #end: number
  readonly #region: Region
  readonly #isSelective: boolean
  readonly #columns: (Vector | null)[]
  /** The rows that the columns have, counted from the start; null for all. */
  #rows: Uint32Array | null = null
  /** Of those, the ones that are left; null for all. */
  #selection: Uint32Array | null = null

  /** With `isSelective` false, columns have all rows. */
  constructor(chunk: FileChunk, schema: Schema, start: number, end: number, region: Region, isSelective: boolean) {
    this.#chunk = chunk
    this.#schema = schema
    this.#start = start
    this.#end = end
    this.#region = region
    this.#isSelective = isSelective
    this.#columns = schema.fields.map(() => null)
  }

  get length(): number {
    return this.#rows?.length ?? this.#end - this.#start
  }

  /** The rows of the columns that are left; null for all. */
  get selection(): Uint32Array | null {
    return this.#selection
  }

  /** Whether no row is left. */
  get isEmpty(): boolean {
    return (this.#selection?.length ?? this.length) === 0
  }

  /** Leaves these of the rows of the columns. */
  keep(selection: Uint32Array): void {
    this.#selection = selection.length === this.length ? null : selection
  }

  /** Drops the rows that are not left, where they are many. */
  compact(): void {
    const selection = this.#selection
    if (selection === null || !this.#isSelective || selection.length > this.length * SPARSE) return
    const { length } = selection
    for (const [i, column] of this.#columns.entries()) {
      if (column !== null) this.#columns[i] = takeVector(column, selection, length, this.#region)
    }
    const rows = this.#rows
    if (rows === null) this.#rows = selection
    else {
      const own = (this.#rows = this.#region.u32(length))
      for (let k = 0; k < length; k++) own[k] = rows[selection[k]!]!
    }
    this.#selection = null
  }

  /** Reads those of some columns that have not been read. */
  read(which: Iterable<number>): void {
    const missing = [...which].filter((i) => this.#columns[i] === null)
    if (missing.length === 0) return
    const vectors = this.#chunk.columns(this.#start, this.#end, this.#rows, this.#region, missing)
    for (const [k, i] of missing.entries()) this.#columns[i] = vectors[k]!
  }

  column(i: number): Vector {
    this.read([i])
    return this.#columns[i]!
  }

  /** The rows that are left, with the columns that have been read, and NULLs for others. */
  batch(): RecordBatch {
    const { length } = this
    const columns = this.#columns.map(
      (column, i) => column ?? new NullVector(this.#schema.fields[i]!.type, length, null),
    )
    return new RecordBatch(this.#schema, columns, length, this.#selection, this.#region)
  }
}
