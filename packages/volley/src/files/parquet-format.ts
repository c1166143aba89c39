import fs from 'node:fs'
import {
  allocValues,
  BINARY,
  BOOL,
  DATE,
  decimalType,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INT8,
  JSON_TYPE,
  listType,
  PrimitiveVector,
  SqlState,
  TIME,
  TimeUnit,
  timestampType,
  typeName,
  elementType,
  UINT16,
  UINT32,
  UINT64,
  UINT8,
  UTF8,
  vectorOf,
  VolleyError,
  type ScalarValue,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import { Field, type DataType } from 'apache-arrow'
import {
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type AsyncBuffer,
  type FileMetaData,
  type ParquetParsers,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { FileFormat } from './file-format.ts'

/** Values as the engine has them: counts, not Dates. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => millis,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => nanos,
  dateFromDays: (days) => days,
  jsonFromBytes: (bytes) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes)),
}

interface OpenFile extends AsyncBuffer {
  close(): Promise<void>
}

async function open(path: string): Promise<OpenFile> {
  const handle = await fs.promises.open(path)
  const { size } = await handle.stat()
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start)
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled)
        if (bytesRead === 0) throw new VolleyError('the file ends early', { code: SqlState.dataCorrupted, file: path })
        filled += bytesRead
      }
      return bytes.buffer
    },
    close: () => handle.close(),
  }
}

async function withFile<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await open(path)
  try {
    return await use(file)
  } catch (error) {
    throw corrupt(error, path)
  } finally {
    await file.close()
  }
}

function corrupt(error: unknown, path: string): unknown {
  if (error instanceof VolleyError) return error
  return new VolleyError(`cannot read Parquet: ${(error as Error).message}`, {
    code: SqlState.dataCorrupted,
    file: path,
    cause: error,
  })
}

const UNITS: Readonly<Record<string, TimeUnit>> = {
  MILLIS: TimeUnit.MILLISECOND,
  MICROS: TimeUnit.MICROSECOND,
  NANOS: TimeUnit.NANOSECOND,
}

function typeOf(tree: SchemaTree): DataType {
  const { element, children } = tree
  const { logical_type: logical, converted_type: converted } = element
  if (children.length > 0) {
    const item = logical?.type === 'LIST' || converted === 'LIST' ? children[0]!.children[0] : undefined
    if (item !== undefined) return listType(typeOf(item))
    throw new VolleyError(`the column ${element.name} is a group, which is not supported`, {
      code: SqlState.featureNotSupported,
    })
  }
  switch (logical?.type) {
    case 'STRING':
    case 'ENUM':
    case 'UUID':
      return UTF8
    case 'JSON':
      return JSON_TYPE
    case 'TIMESTAMP':
      return timestampType(UNITS[logical.unit]!, logical.isAdjustedToUTC ? 'UTC' : null)
    case 'INTEGER':
      return integer(logical.bitWidth, logical.isSigned)
  }
  switch (converted) {
    case 'UTF8':
    case 'ENUM':
      return UTF8
    case 'JSON':
      return JSON_TYPE
    case 'DATE':
      return DATE
    case 'DECIMAL':
      return decimalType(element.precision ?? 38, element.scale ?? 0)
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return TIME
    case 'TIMESTAMP_MILLIS':
      return timestampType(TimeUnit.MILLISECOND)
    case 'TIMESTAMP_MICROS':
      return timestampType(TimeUnit.MICROSECOND)
  }
  const width = /^(U?)INT_(\d+)$/.exec(converted ?? '')
  if (width !== null) return integer(Number(width[2]), width[1] === '')
  return physicalType(element)
}

function integer(bits: number, signed: boolean): DataType {
  const types = signed ? { 8: INT8, 16: INT16, 32: INT32, 64: INT64 } : { 8: UINT8, 16: UINT16, 32: UINT32, 64: UINT64 }
  return types[bits as 8 | 16 | 32 | 64]
}

function physicalType(element: SchemaElement): DataType {
  switch (element.type) {
    case 'BOOLEAN':
      return BOOL
    case 'INT32':
      return INT32
    case 'INT64':
      return INT64
    case 'INT96':
      return timestampType(TimeUnit.NANOSECOND)
    case 'FLOAT':
      return FLOAT32
    case 'DOUBLE':
      return FLOAT64
    default:
      return BINARY
  }
}

/** Apache Parquet, by hyparquet. */
export const parquetFormat: FileFormat = {
  fields: (path) =>
    withFile(path, async (file) =>
      parquetSchema(await parquetMetadataAsync(file, { parsers })).children.map(
        (tree) => new Field(tree.element.name, typeOf(tree), tree.element.repetition_type !== 'REQUIRED'),
      ),
    ),

  parts: (path) =>
    withFile(path, async (file) => {
      const metadata = await parquetMetadataAsync(file, { parsers })
      return metadata.row_groups.map((group, part) => ({
        path,
        part,
        rows: Number(group.num_rows),
        bytes: Number(group.total_byte_size),
      }))
    }),

  async *read(request) {
    const file = await open(request.path)
    try {
      const metadata = await parquetMetadataAsync(file, { parsers })
      const [start, end] = rangeOf(metadata, request.part)
      const columns = request.wanted.map((i) => request.fields[i]!)
      const names = [...new Set(columns.map((field) => field.name))]
      const data = new Map<string, ArrayLike<unknown>>()
      if (names.length > 0) {
        const scan = await parquetScan({
          file,
          metadata,
          columns: names,
          rowStart: start,
          rowEnd: end,
          compressors,
          parsers,
          utf8: false,
        })
        for (const name of names) {
          request.signal?.throwIfAborted()
          data.set(name, await readColumn(scan, name, start, end))
        }
      }
      yield {
        rows: end - start,
        columns: (from, to, region) =>
          columns.map((field) => columnVector(field.type, data.get(field.name)!, from, to, region)),
      }
    } catch (error) {
      throw corrupt(error, request.path)
    } finally {
      await file.close()
    }
  },
}

type Scan = Awaited<ReturnType<typeof parquetScan>>

async function readColumn(scan: Scan, column: string, start: number, end: number): Promise<ArrayLike<unknown>> {
  const pieces: ArrayLike<unknown>[] = []
  for (const range of scan.ranges) {
    const [rowStart, rowEnd] = [Math.max(start, range.rowStart), Math.min(end, range.rowEnd)]
    if (rowStart < rowEnd) pieces.push(await scan.readColumn({ column, rowStart, rowEnd }))
  }
  if (pieces.length === 1) return pieces[0]!
  return pieces.flatMap((piece) => Array.from(piece))
}

function rangeOf(metadata: FileMetaData, part: number | null): [start: number, end: number] {
  if (part === null) return [0, Number(metadata.num_rows)]
  const before = metadata.row_groups.slice(0, part).reduce((sum, group) => sum + Number(group.num_rows), 0)
  return [before, before + Number(metadata.row_groups[part]!.num_rows)]
}

function columnVector(type: DataType, data: ArrayLike<unknown>, start: number, end: number, region: Region): Vector {
  const direct = allocatedDirectly(type, data, start, end, region)
  if (direct !== null) return direct
  const values = Array.from({ length: end - start }, (_, i) => toValue(data[start + i], type))
  return vectorOf(type, values, region)
}

/** Numbers without NULLs come in typed arrays. */
function allocatedDirectly(
  type: DataType,
  data: ArrayLike<unknown>,
  start: number,
  end: number,
  region: Region,
): Vector | null {
  const values = ['Int32', 'Int64', 'Float32', 'Float64', 'Timestamp', 'Date'].includes(typeName(type))
  if (!values || !ArrayBuffer.isView(data)) return null
  const out = allocValues(type, end - start, region)
  const source = (data as unknown as Float64Array).subarray(start, end)
  if (source.constructor !== out.constructor && source instanceof BigInt64Array !== out instanceof BigInt64Array)
    return null
  ;(out as Float64Array).set(source)
  return new PrimitiveVector(type, end - start, null, out)
}

const decoder = new TextDecoder()

function toValue(value: unknown, type: DataType): ScalarValue {
  if (value === null || value === undefined) return null
  switch (typeName(type)) {
    case 'Utf8':
    case 'Json':
      return value instanceof Uint8Array ? decoder.decode(value) : String(value)
    case 'Decimal': {
      // The library gives scaled numbers, exact up to 15 digits.
      const scale = (type as unknown as { scale: number }).scale
      return typeof value === 'bigint' ? value : BigInt(Math.round((value as number) * 10 ** scale))
    }
    case 'Int64':
    case 'Uint64':
    case 'Timestamp':
    case 'Time':
      return BigInt(value as number)
    case 'List':
      return Array.from(value as ArrayLike<unknown>, (item) => toValue(item, elementType(type)))
    default:
      return value as ScalarValue
  }
}
