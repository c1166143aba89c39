import zlib from 'node:zlib'
import { scalarAt, SqlState, VolleyError, type RecordBatch } from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { CompressionCodec } from 'hyparquet'
import { ByteWriter, ParquetWriter, type ParquetWriteOptions } from 'hyparquet-writer'
import { option, type FileOptions } from '../file-format.ts'
import { parquetElements, parquetValue } from './parquet-schema.ts'
import type { OpenWriter } from './row-writer.ts'

const GROUP_ROWS = 100_000
/** Values of the library are held until a row group is full: a group ends with fewer rows where they take about so much. */
const GROUP_BYTES = 128 << 20

const COMPRESSORS: NonNullable<ParquetWriteOptions['compressors']> = {
  GZIP: (bytes) => zlib.gzipSync(bytes),
  ZSTD: (bytes) => zlib.zstdCompressSync(bytes),
  BROTLI: (bytes) => zlib.brotliCompressSync(bytes),
}

/** Apache Parquet by hyparquet-writer, a row group at a time. */
export const parquetWriter: OpenWriter = (output, schema, options) => {
  const bytes = new ByteWriter()
  const columns = schema.fields.map(({ name, type }) => ({ name, type, data: [] as unknown[] }))
  const root = { name: 'root', num_children: columns.length }
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [root, ...schema.fields.flatMap(({ name, type, nullable }) => parquetElements(name, type, nullable))],
    codec: codecOf(options),
    compressors: COMPRESSORS,
    createdBy: 'volley',
  })
  const groupRows = rowsOfGroup(options)
  let held = 0
  let heldBytes = 0

  const drain = async (): Promise<void> => {
    const chunk = bytes.getBytes().slice()
    bytes.index = 0
    await output.write(chunk)
  }
  /** Writes the first rows as row groups, and keeps the others. */
  const flush = async (rows: number): Promise<void> => {
    for (let start = 0; start < rows; start += groupRows) {
      const end = Math.min(start + groupRows, rows)
      const columnData = columns.map(({ name, data }) => ({ name, data: data.slice(start, end) }))
      await writer.write({ columnData, rowGroupSize: groupRows })
      await drain()
    }
    for (const column of columns) column.data = column.data.slice(rows)
    heldBytes *= (held - rows) / Math.max(1, held)
    held -= rows
  }
  return {
    async write(batch) {
      for (const [i, { type, data }] of columns.entries()) heldBytes += append(batch, i, type, data)
      held += batch.numRows
      if (heldBytes >= GROUP_BYTES) await flush(held)
      else if (held >= groupRows) await flush(held - (held % groupRows))
    },
    async finish() {
      await flush(held)
      await writer.finish()
      await drain()
    },
  }
}

/** Adds the values of a column; gives about how many bytes they take. */
function append(batch: RecordBatch, i: number, type: DataType, data: unknown[]): number {
  const column = batch.columns[i]!
  let bytes = 0
  for (let k = 0; k < batch.numRows; k++) {
    const value = scalarAt(column, batch.selection === null ? k : batch.selection[k]!)
    data.push(parquetValue(value, type))
    bytes += 16 + (typeof value === 'string' || value instanceof Uint8Array ? value.length : 0)
  }
  return bytes
}

function codecOf(options: FileOptions): CompressionCodec {
  const name = (option(options, 'compression') ?? 'snappy').replace(/\(.*\)$/, '').toUpperCase()
  if (name === 'NONE' || name === 'UNCOMPRESSED') return 'UNCOMPRESSED'
  if (
    name === 'SNAPPY' ||
    (Object.hasOwn(COMPRESSORS, name) && (name !== 'ZSTD' || zlib.zstdCompressSync !== undefined))
  )
    return name as CompressionCodec
  throw new VolleyError(`Parquet cannot be compressed by "${name.toLowerCase()}" here`, {
    code: SqlState.invalidParameterValue,
    hint: 'there are snappy, zstd, gzip, brotli and uncompressed',
  })
}

function rowsOfGroup(options: FileOptions): number {
  const given = option(options, 'max_row_group_size')
  const rows = given === undefined ? GROUP_ROWS : Number(given)
  if (Number.isInteger(rows) && rows > 0) return rows
  throw new VolleyError(`option "max_row_group_size" takes a number of rows, not "${given}"`, {
    code: SqlState.invalidParameterValue,
  })
}
