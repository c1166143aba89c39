import { Field, makeData, RecordBatch, Schema, Struct, type Data } from 'apache-arrow'

/** The columns at some positions of a batch, in their order. */
export function selectColumns(batch: RecordBatch, indexes: readonly number[]): RecordBatch {
  const fields = indexes.map((i, k) => {
    const { type, nullable, metadata } = batch.schema.fields[i]!
    return new Field(`${k}`, type, nullable, metadata)
  })
  const children = indexes.map((i) => batch.data.children[i]!)
  const data = makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data as Data<Struct>)
}
