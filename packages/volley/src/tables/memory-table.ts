import { MemoryExec, notSupported, SqlState, VolleyError, type ExecutionPlan } from '@volley/core'
import type { ScanRequest, TableColumn, TableProvider } from '@volley/planner'
import { Field, makeData, RecordBatch, Schema, Struct, type Data } from 'apache-arrow'

/** Rows of an Arrow batch that a partition should have at least. */
const PARTITION_ROWS = 65_536

/** A table in the memory of a session: Arrow batches. A statement sees the batches that were there when it was bound. */
export class MemoryTable implements TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[]
  readonly primaryKey: readonly string[]
  readonly supportsPaths = false
  readonly supportsText = false
  readonly batches: readonly RecordBatch[]

  constructor(
    name: string,
    columns: readonly TableColumn[],
    batches: readonly RecordBatch[],
    primaryKey: readonly string[] = [],
  ) {
    this.name = name
    this.columns = columns
    this.batches = batches
    this.primaryKey = primaryKey
  }

  get rows(): { value: number; exact: boolean } {
    return { value: this.batches.reduce((sum, batch) => sum + batch.numRows, 0), exact: true }
  }

  get bytes(): { value: number; exact: boolean } {
    return { value: this.batches.reduce((sum, batch) => sum + batch.data.byteLength, 0), exact: false }
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
    return new MemoryTable(this.name, this.columns, overwrite ? filled : [...this.batches, ...filled], this.primaryKey)
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
    const batches = this.batches.map((batch) => selectColumns(batch, indexes))
    return new MemoryExec(schema, dealt(batches, request.settings.targetPartitions))
  }
}

function selectColumns(batch: RecordBatch, indexes: readonly number[]): RecordBatch {
  const fields = indexes.map((i, k) => {
    const { type, nullable, metadata } = batch.schema.fields[i]!
    return new Field(`${k}`, type, nullable, metadata)
  })
  const children = indexes.map((i) => batch.data.children[i]!)
  const data = makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data as Data<Struct>)
}

/** Batches in as many partitions as they fill, in order. */
function dealt(batches: readonly RecordBatch[], most: number): RecordBatch[][] {
  const total = batches.reduce((sum, batch) => sum + batch.numRows, 0)
  const count = Math.max(1, Math.min(most, Math.floor(total / PARTITION_ROWS)))
  const partitions: RecordBatch[][] = Array.from({ length: count }, () => [])
  const share = total / count
  let seen = 0
  for (const batch of batches) {
    let start = 0
    while (start < batch.numRows) {
      const k = Math.min(count - 1, Math.floor(seen / share))
      const room = k === count - 1 ? Infinity : Math.max(1, Math.ceil(share * (k + 1)) - seen)
      const end = Math.min(batch.numRows, start + room)
      partitions[k]!.push(start === 0 && end === batch.numRows ? batch : batch.slice(start, end))
      seen += end - start
      start = end
    }
  }
  return partitions
}
