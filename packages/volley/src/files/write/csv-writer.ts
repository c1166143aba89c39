import { formatScalar, type ScalarValue } from '@volley/core'
import { flag, option } from '../file-format.ts'
import { batchRows } from '../../batch-rows.ts'
import type { OpenWriter } from './row-writer.ts'

/** Comma-separated values (RFC 4180): NULL is nothing between two commas, an empty text is `""`. */
export const csvWriter: OpenWriter = (output, schema, options) => {
  const delimiter = option(options, 'delimiter') ?? ','
  const cell = (text: string): string =>
    text === '' || text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const line = (row: readonly ScalarValue[]): string =>
    row.map((value, i) => (value === null ? '' : cell(formatScalar(value, schema.fields[i]!.type)))).join(delimiter)
  let header = flag(options, 'has_header', flag(options, 'header', true))
    ? `${schema.fields.map(({ name }) => cell(name)).join(delimiter)}\n`
    : ''
  return {
    async write(batch) {
      const lines = batchRows(batch).map((row) => `${line(row)}\n`)
      await output.write(header + lines.join(''))
      header = ''
    },
    finish: () => output.write(header),
  }
}
