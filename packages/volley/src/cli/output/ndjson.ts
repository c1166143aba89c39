import { jsonValue } from '@volley/core'
import type { QueryResult } from '../../session.ts'
import type { Writer } from './format.ts'

/** One JSON object a row. 64-bit integers and decimals are strings, timestamps ISO 8601. Gives the number of rows. */
export async function writeNdjson(result: QueryResult, write: Writer): Promise<number> {
  const fields = result.schema.fields
  const keys = fields.map((field) => JSON.stringify(field.name))
  let count = 0
  for await (const rows of result.chunks()) {
    let text = ''
    for (const row of rows) {
      text += `{${row.map((value, i) => `${keys[i]}:${JSON.stringify(jsonValue(value, fields[i]!.type))}`).join(',')}}\n`
    }
    count += rows.length
    await write(text)
  }
  return count
}
