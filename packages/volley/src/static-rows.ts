import { toArrowSchema, type ScalarValue } from '@volley/core'
import { Field, Schema, Table, vectorFromArray, type DataType, type RecordBatch } from 'apache-arrow'

/** Rows that are there at once, of a statement that runs no plan. */
export class StaticRows {
  readonly schema: Schema
  readonly rows: readonly (readonly ScalarValue[])[]

  constructor(
    columns: readonly (readonly [name: string, type: DataType])[],
    rows: readonly (readonly ScalarValue[])[],
  ) {
    this.schema = new Schema(columns.map(([name, type]) => new Field(name, type, true)))
    this.rows = rows
  }

  batches(): RecordBatch[] {
    if (this.rows.length === 0) return []
    const columns = this.schema.fields.map((field, i) => [
      field.name,
      vectorFromArray(
        this.rows.map((row) => row[i]),
        field.type,
      ),
    ])
    return new Table(toArrowSchema(this.schema), Object.fromEntries(columns)).batches
  }
}
