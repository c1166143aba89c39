import { formatScalar, typeName, type ScalarValue } from '@volley/core'
import type { DataType } from 'apache-arrow'
import stringWidth from 'string-width'
import type { QueryResult } from '../../session.ts'
import type { Writer } from './format.ts'

/** Rows that are looked at before column widths are fixed; later rows are cut to them. */
const ROWS_MEASURED = 1000
const MAX_COLUMN = 60
const RIGHT_ALIGNED = new Set([
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Uint8',
  'Uint16',
  'Uint32',
  'Uint64',
  'Float32',
  'Float64',
  'Decimal',
])

/**
 * A table with a header and a rule, as psql draws one; values are cut with `…` so that it fits `width` columns of the
 * terminal (null: as wide as it needs). Gives the number of rows.
 */
export async function writeTable(result: QueryResult, write: Writer, width: number | null): Promise<number> {
  const fields = result.schema.fields
  const names = fields.map((field) => field.name)
  const types = fields.map((field) => field.type)
  const right = types.map((type) => RIGHT_ALIGNED.has(typeName(type)))
  let pending: string[][] = []
  let widths: number[] | null = null
  let count = 0
  const flush = async () => {
    let text = ''
    if (widths === null) {
      widths = fit(names, pending, width)
      text += `${line(
        names,
        widths,
        right.map(() => false),
      )}\n${widths.map((w) => '─'.repeat(w + 2)).join('┼')}\n`
    }
    for (const row of pending) text += `${line(row, widths, right)}\n`
    pending = []
    await write(text)
  }
  for await (const rows of result.chunks()) {
    for (const row of rows) pending.push(row.map((value, i) => cell(value, types[i]!)))
    count += rows.length
    if (pending.length >= ROWS_MEASURED) await flush()
  }
  await flush()
  await write(`(${count} ${count === 1 ? 'row' : 'rows'})\n`)
  return count
}

function cell(value: ScalarValue, type: DataType): string {
  if (value === null) return ''
  return formatScalar(value, type).replace(/[\n\r\t]/g, (c) => (c === '\n' ? '⏎' : c === '\t' ? '⇥' : '␍'))
}

function fit(names: readonly string[], rows: readonly (readonly string[])[], width: number | null): number[] {
  const widths = names.map((name, i) =>
    rows.reduce((most, row) => Math.max(most, stringWidth(row[i]!)), stringWidth(name)),
  )
  if (width === null) return widths
  const capped = widths.map((w) => Math.min(w, Math.max(MAX_COLUMN, Math.floor(width / 2))))
  const room = Math.max(width - 3 * names.length + 1, names.length * 4)
  while (capped.reduce((a, b) => a + b, 0) > room) {
    const widest = capped.indexOf(Math.max(...capped))
    if (capped[widest]! <= 4) break
    capped[widest]!--
  }
  return capped
}

function line(cells: readonly string[], widths: readonly number[], right: readonly boolean[]): string {
  return cells
    .map((text, i) => {
      const shown = cut(text, widths[i]!)
      const space = ' '.repeat(Math.max(0, widths[i]! - stringWidth(shown)))
      return ` ${right[i] ? space + shown : shown + space} `
    })
    .join('│')
    .trimEnd()
}

function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text
  let shown = ''
  let used = 0
  for (const char of text) {
    const w = stringWidth(char)
    if (used + w > width - 1) break
    shown += char
    used += w
  }
  return `${shown}…`
}
