import { randomUUID } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import {
  encodeIpc,
  formatScalar,
  jsonValue,
  notSupported,
  scaleOf,
  typeName,
  unitOf,
  type ScalarValue,
} from '@volley/core'
import type { DataType, RecordBatch, Schema } from 'apache-arrow'
import { flag, option, type FileFormatName, type FileOptions } from './file-format.ts'
import { localPath } from './formats.ts'

export interface WrittenRows {
  /** The engine's schema, and that of the batches. */
  readonly schema: Schema
  readonly arrowSchema: Schema
  readonly batches: readonly RecordBatch[]
  readonly rows: readonly (readonly ScalarValue[])[]
}

/** Writes rows to a file, or to a new file of a folder; a file appears whole or not at all. */
export async function writeFile(
  location: string,
  format: FileFormatName,
  options: FileOptions,
  data: WrittenRows,
): Promise<void> {
  const root = localPath(location)
  const folder = /[/\\]$/.test(location) || fs.statSync(root, { throwIfNoEntry: false })?.isDirectory() === true
  const target = folder ? path.join(root, `${randomUUID()}.${format}`) : root
  await fs.promises.mkdir(path.dirname(target), { recursive: true })
  const bytes = await encoded(format, options, data)
  const temporary = `${target}.${randomUUID()}.tmp`
  try {
    await fs.promises.writeFile(temporary, bytes)
    await fs.promises.rename(temporary, target)
  } catch (error) {
    await fs.promises.rm(temporary, { force: true })
    throw error
  }
}

async function encoded(format: FileFormatName, options: FileOptions, data: WrittenRows): Promise<Uint8Array | string> {
  switch (format) {
    case 'csv':
      return csvText(data, options)
    case 'json':
      return data.rows.map((row) => `${jsonLine(row, data.schema)}\n`).join('')
    case 'arrow':
      return encodeIpc(data.arrowSchema, data.batches)
    case 'parquet':
      return parquetBytes(data, options)
  }
}

function csvText({ schema, rows }: WrittenRows, options: FileOptions): string {
  const delimiter = option(options, 'delimiter') ?? ','
  const cell = (text: string): string =>
    text === '' || text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const header = flag(options, 'has_header', flag(options, 'header', true))
  const lines = rows.map((row) =>
    row.map((value, i) => (value === null ? '' : cell(formatScalar(value, schema.fields[i]!.type)))).join(delimiter),
  )
  if (header) lines.unshift(schema.fields.map((field) => cell(field.name)).join(delimiter))
  return lines.map((line) => `${line}\n`).join('')
}

function jsonLine(row: readonly ScalarValue[], schema: Schema): string {
  const items = schema.fields.map((field, i) => {
    const value = row[i]!
    const name = typeName(field.type)
    const exact = value !== null && (name === 'Int64' || name === 'Uint64' || name === 'Json')
    return `${JSON.stringify(field.name)}:${exact ? String(value) : JSON.stringify(jsonValue(value, field.type))}`
  })
  return `{${items.join(',')}}`
}

async function parquetBytes({ schema, rows }: WrittenRows, options: FileOptions): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer')
  const columnData = schema.fields.map((field, i) => ({
    name: field.name,
    data: rows.map((row) => parquetValue(row[i]!, field.type)),
  }))
  const elements = schema.fields.flatMap((field) => parquetElements(field.name, field.type, field.nullable))
  const groupRows = Number(option(options, 'max_row_group_size') ?? 100_000)
  const buffer = parquetWriteBuffer({
    columnData,
    schema: [{ name: 'root', num_children: schema.fields.length }, ...elements],
    rowGroupSize: groupRows,
  } as never)
  return new Uint8Array(buffer as ArrayBuffer)
}

function parquetValue(value: ScalarValue, type: DataType): unknown {
  if (value === null) return null
  switch (typeName(type)) {
    case 'Int8':
    case 'Int16':
    case 'Int32':
    case 'Uint8':
    case 'Uint16':
    case 'Uint32':
    case 'Int64':
    case 'Uint64':
    case 'Float32':
    case 'Float64':
    case 'Bool':
    case 'Utf8':
    case 'Json':
    case 'Binary':
    case 'Date':
    case 'Timestamp':
    case 'Time':
      return value
    case 'List':
      return (value as readonly ScalarValue[]).map((item) => parquetValue(item, type.children![0]!.type))
    case 'Decimal':
      return Number(value) / 10 ** scaleOf(type)
    default:
      return formatScalar(value, type)
  }
}

const INTEGERS: Readonly<Record<string, readonly [physical: string, converted?: string]>> = {
  Int8: ['INT32', 'INT_8'],
  Int16: ['INT32', 'INT_16'],
  Int32: ['INT32'],
  Int64: ['INT64'],
  Uint8: ['INT32', 'UINT_8'],
  Uint16: ['INT32', 'UINT_16'],
  Uint32: ['INT32', 'UINT_32'],
  Uint64: ['INT64', 'UINT_64'],
  Float32: ['FLOAT'],
  Float64: ['DOUBLE'],
  Bool: ['BOOLEAN'],
  Binary: ['BYTE_ARRAY'],
  Json: ['BYTE_ARRAY', 'UTF8'],
}

/** Schema elements of a column. */
function parquetElements(name: string, type: DataType, nullable: boolean): object[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED'
  const kind = typeName(type)
  if (kind === 'Struct') throw notSupported(`writing the struct "${name}" to Parquet`, 'select its fields')
  if (kind === 'List') {
    return [
      { name, repetition_type, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...parquetElements('element', type.children![0]!.type, true),
    ]
  }
  if (kind === 'Timestamp') {
    const unit = ['MILLIS', 'MILLIS', 'MICROS', 'NANOS'][unitOf(type)]
    return [{ name, repetition_type, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit } }]
  }
  if (kind === 'Date') return [{ name, repetition_type, type: 'INT32', converted_type: 'DATE' }]
  if (kind === 'Decimal') return [{ name, repetition_type, type: 'DOUBLE' }]
  const known = Object.hasOwn(INTEGERS, kind) ? INTEGERS[kind] : undefined
  const [physical, converted] = known ?? ['BYTE_ARRAY', 'UTF8']
  return [{ name, repetition_type, type: physical, ...(converted === undefined ? {} : { converted_type: converted }) }]
}
