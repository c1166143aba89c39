import { jsonValue } from '@volley/core'
import type { QueryResult } from '../../session.ts'
import type { Writer } from './format.ts'

/** `{"columns": [{"name", "type"}], "rows": [[...]]}`, values as in NDJSON. Gives the number of rows. */
export async function writeJson(result: QueryResult, write: Writer): Promise<number> {
  const fields = result.schema.fields
  const columns = fields.map((field) => ({ name: field.name, type: String(field.type) }))
  await write(`{"columns":${JSON.stringify(columns)},"rows":[`)
  let count = 0
  for await (const rows of result.chunks()) {
    let text = ''
    for (const row of rows) {
      text += `${count++ === 0 ? '\n' : ',\n'}${JSON.stringify(row.map((value, i) => jsonValue(value, fields[i]!.type)))}`
    }
    await write(text)
  }
  await write('\n]}\n')
  return count
}
