import type { Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { Vector } from './vector.ts'

/** Row numbers of a batch, ascending. The array may be longer than the selection: `selectedCount` says how many count. */
export type Selection = Uint32Array

/**
 * Columns of equal length, with an optional selection of the rows that count.
 *
 * A batch is its caller's until the caller asks its stream for the next one, unless retained; a retained batch must be
 * released. The memory of all columns belongs to `region`.
 */
export class RecordBatch {
  readonly schema: Schema
  readonly columns: readonly Vector[]
  /** Physical rows in each column. */
  readonly length: number
  /** Rows that count, ascending; null when all do. Its length is the number of rows. */
  readonly selection: Selection | null
  readonly region: Region

  constructor(schema: Schema, columns: readonly Vector[], length: number, selection: Selection | null, region: Region) {
    this.schema = schema
    this.columns = columns
    this.length = length
    this.selection = selection
    this.region = region
  }

  /** Rows that count. */
  get numRows(): number {
    return this.selection === null ? this.length : this.selection.length
  }

  retain(): this {
    this.region.retain()
    return this
  }

  release(): void {
    this.region.release()
  }
}
