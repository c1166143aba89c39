import type { Data, RecordBatch as ArrowRecordBatch, Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { takeVector } from '../vectors/take.ts'
import { NullVector, type Vector } from '../vectors/vector.ts'
import { fromArrowData } from './from-arrow-data.ts'
import { fromArrowRows } from './from-arrow-rows.ts'

/** Up to this part of the rows they are gathered one by one; above it, it is faster to copy columns whole. */
const GATHERED = 1 / 8

/**
 * Rows of an Arrow batch on their way into a region: columns are copied when they are asked for, of the rows that are left
 * by then.
 */
export class ScanRows {
  readonly #batch: ArrowRecordBatch
  readonly #schema: Schema
  readonly #start: number
  readonly #count: number
  readonly #region: Region
  readonly #columns: (Vector | null)[]
  /** Rows, counted from the start, that the columns hold; null for all. */
  #places: Uint32Array | null = null
  #length: number
  #selection: Uint32Array | null = null

  /** Rows `start` to `start + count` of a batch that has the schema's columns. */
  constructor(batch: ArrowRecordBatch, schema: Schema, start: number, count: number, region: Region) {
    this.#batch = batch
    this.#schema = schema
    this.#start = start
    this.#count = count
    this.#length = count
    this.#region = region
    this.#columns = schema.fields.map(() => null)
  }

  /** How many are left. */
  get count(): number {
    return this.#selection?.length ?? this.#length
  }

  /** Rows of the columns that are left. */
  get rows(): Uint32Array {
    return this.#selection ?? allRows(this.#length)
  }

  column(i: number): Vector {
    return (this.#columns[i] ??= this.#copied(i))
  }

  /** Keeps these of the rows of the columns only; columns not in `later` will not be asked for again. */
  keep(rows: Uint32Array, later: ReadonlySet<number>): void {
    if (rows.length === this.count) return
    this.#selection = rows
    if (rows.length === 0 || rows.length > this.#length * GATHERED) return
    const count = rows.length
    const places = this.#region.u32(count)
    const before = this.#places
    for (let k = 0; k < count; k++) places[k] = before === null ? rows[k]! : before[rows[k]!]!
    for (const [i, column] of this.#columns.entries()) {
      if (column === null) continue
      this.#columns[i] = later.has(i) ? takeVector(column, rows, count, this.#region) : null
    }
    this.#places = places
    this.#length = count
    this.#selection = null
  }

  /** The rows that are left, with the columns that were asked for and no others; the region's reference is the batch's. */
  toBatch(): RecordBatch {
    const columns = this.#columns.map(
      (column, i) => column ?? new NullVector(this.#schema.fields[i]!.type, this.#length, null),
    )
    return new RecordBatch(this.#schema, columns, this.#length, this.#selection, this.#region)
  }

  #copied(i: number): Vector {
    const data = this.#batch.data.children[i]!
    const { type } = this.#schema.fields[i]!
    const places = this.#places
    if (places === null) return fromArrowData(this.#slice(data), type, this.#region)
    return fromArrowRows(data, type, this.#start, places, places.length, this.#region)
  }

  #slice(data: Data): Data {
    const whole = this.#start === 0 && this.#count === data.length
    return whole ? data : data.slice(this.#start, this.#count)
  }
}
