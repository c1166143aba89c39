import { jsonValue, typeName, type ScalarValue } from '@volley/core'
import type { Schema } from 'apache-arrow'
import { batchRows } from '../../batch-rows.ts'
import type { OpenWriter } from './row-writer.ts'

/** One JSON object a line. */
export const jsonWriter: OpenWriter = (output, schema) => ({
  write: (batch) =>
    output.write(
      batchRows(batch)
        .map((row) => `${line(row, schema)}\n`)
        .join(''),
    ),
  async finish() {},
})

function line(row: readonly ScalarValue[], schema: Schema): string {
  const items = schema.fields.map(({ name, type }, i) => {
    const value = row[i]!
    const exact = value !== null && ['Int64', 'Uint64', 'Json'].includes(typeName(type))
    return `${JSON.stringify(name)}:${exact ? String(value) : JSON.stringify(jsonValue(value, type))}`
  })
  return `{${items.join(',')}}`
}
