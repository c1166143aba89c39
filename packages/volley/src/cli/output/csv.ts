import { formatScalar } from '@volley/core'
import type { QueryResult } from '../../session.ts'
import type { Writer } from './format.ts'

/** RFC 4180 with a header and newlines as row ends; NULL is an empty field, an empty text is `""`. Gives the number of rows. */
export async function writeCsv(result: QueryResult, write: Writer): Promise<number> {
  const fields = result.schema.fields
  await write(`${fields.map((field) => quote(field.name)).join(',')}\n`)
  let count = 0
  for await (const rows of result.chunks()) {
    let text = ''
    for (const row of rows) {
      text += `${row.map((value, i) => (value === null ? '' : quote(formatScalar(value, fields[i]!.type)))).join(',')}\n`
    }
    count += rows.length
    await write(text)
  }
  return count
}

function quote(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
