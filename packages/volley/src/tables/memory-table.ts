import { notSupported, SqlState, VolleyError, type ExecutionPlan } from '@volley/core'
import type { ScanRequest, TableColumn, TableProvider, ValueRange } from '@volley/planner'
import { Field, Schema, type RecordBatch } from 'apache-arrow'
import { rangeOfColumn } from './column-range.ts'
import { MemoryScanExec } from './memory-scan-exec.ts'
import { TablePart, withBatches } from './table-part.ts'

/** A table in the memory of a session: Arrow batches. A statement sees the batches that were there when it was bound. */
export class MemoryTable implements TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[]
  readonly primaryKey: readonly string[]
  readonly supportsPaths = false
  readonly supportsText = false
  readonly parts: readonly TablePart[]

  constructor(
    name: string,
    columns: readonly TableColumn[],
    rows: readonly RecordBatch[] | readonly TablePart[],
    primaryKey: readonly string[] = [],
  ) {
    this.name = name
    this.columns = columns
    this.parts = isParts(rows) ? rows : [new TablePart(withBatches([], rows))]
    this.primaryKey = primaryKey
  }

  get rows(): { value: number; exact: boolean } {
    return { value: this.parts.reduce((sum, part) => sum + part.rows, 0), exact: true }
  }

  get bytes(): { value: number; exact: boolean } {
    return { value: this.parts.reduce((sum, part) => sum + part.bytes, 0), exact: false }
  }

  /**
   * The table with more rows.
   *
   * @throws VolleyError 23502 for a NULL in a column that takes none
   */
  with(batches: readonly RecordBatch[], overwrite = false): MemoryTable {
    this.columns.forEach((column, i) => {
      if (column.nullable) return
      if (batches.every((batch) => (batch.data.children[i]?.nullCount ?? 0) === 0)) return
      throw new VolleyError(
        `null value in column "${column.name}" of table "${this.name}" violates not-null constraint`,
        {
          code: '23502',
        },
      )
    })
    const filled = batches.filter((batch) => batch.numRows > 0)
    // What threads have been given stays where it is; other rows are brought together.
    const kept = overwrite ? [] : this.parts.filter((part) => part.isShared)
    const own = overwrite ? [] : this.parts.flatMap((part) => (part.isShared ? [] : part.chunks))
    const added = new TablePart(withBatches(own, filled))
    return new MemoryTable(this.name, this.columns, [...kept, added], this.primaryKey)
  }

  /** Says that the table is no more, or that another one has its place: what only it has of rows in the arena is given back. */
  retire(next: MemoryTable | null): void {
    const kept = new Set(next?.parts.flatMap((part) => part.chunks))
    for (const part of this.parts) for (const chunk of part.chunks) if (!kept.has(chunk)) chunk.drop()
  }

  columnRange(name: string): ValueRange | null {
    const i = this.columns.findIndex((column) => column.name === name)
    if (i < 0) return null
    const ranges = this.parts.filter((part) => part.rows > 0).map((part) => rangeOfColumn(part, i))
    if (ranges.length === 0 || ranges.includes(null)) return null
    const known = ranges as ValueRange[]
    return { min: Math.min(...known.map(({ min }) => min)), max: Math.max(...known.map(({ max }) => max)) }
  }

  supportsFilter(): boolean {
    return false
  }

  checkText(): void {
    throw notSupported(`text search in table "${this.name}"`, 'text search needs an index')
  }

  scan(request: ScanRequest): ExecutionPlan {
    const indexes = request.outputs.map(({ source }) => {
      const i = source.kind === 'column' ? this.columns.findIndex((column) => column.name === source.name) : -1
      if (i < 0) throw new VolleyError(`table "${this.name}" has no such column`, { code: SqlState.internalError })
      return i
    })
    const schema = new Schema(request.outputs.map(({ name, type, nullable }) => new Field(name, type, nullable)))
    const { value: rows } = this.rows
    const { targetPartitions } = request.settings
    const dealt = request.dealt === true
    return new MemoryScanExec({
      table: this.name,
      schema,
      wanted: indexes,
      parts: this.parts,
      bytes: this.parts.reduce((sum, part) => sum + part.bytesOf(indexes), 0),
      range: [0, rows],
      // There is nothing to wait for, so one thread has no use for more.
      partitions: dealt ? targetPartitions : 1,
      dealt,
    })
  }
}

function isParts(rows: readonly RecordBatch[] | readonly TablePart[]): rows is readonly TablePart[] {
  return rows[0] instanceof TablePart
}
