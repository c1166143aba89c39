import fs from 'node:fs'
import readline from 'node:readline'
import {
  BOOL,
  castScalar,
  commonType,
  elementType,
  FLOAT64,
  INT64,
  isText,
  JSON_TYPE,
  listType,
  NULL,
  SqlState,
  typeName,
  UTF8,
  VolleyError,
  type ScalarValue,
} from '@volley/core'
import { Field, type DataType } from 'apache-arrow'
import { chunkOf } from './csv-format.ts'
import { eachFile, type FileChunk, type FileFormat, type ReadRequest } from './file-format.ts'
import { openPacked } from './packed-text.ts'

const CHUNK_ROWS = 8192
const SAMPLE_ROWS = 1000

async function* documents(path: string): AsyncGenerator<Readonly<Record<string, unknown>>, void, void> {
  let number = 0
  for await (const line of readline.createInterface({ input: openPacked(path), crlfDelay: Infinity })) {
    number++
    if (line.trim() === '') continue
    let parsed: unknown
    try {
      parsed = JSON.parse(line, exactly)
    } catch (cause) {
      throw new VolleyError(`line ${number} is no JSON`, { code: SqlState.dataCorrupted, file: path, cause })
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw new VolleyError(`line ${number} is no JSON object`, { code: SqlState.dataCorrupted, file: path })
    yield parsed as Readonly<Record<string, unknown>>
  }
}

/** Integers beyond 2^53 keep their digits. */
function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

function typeOf(value: unknown): DataType {
  switch (typeof value) {
    case 'boolean':
      return BOOL
    case 'bigint':
      return INT64
    case 'number':
      return Number.isInteger(value) ? INT64 : FLOAT64
    case 'string':
      return UTF8
  }
  if (value === null || value === undefined) return NULL
  if (!Array.isArray(value)) return JSON_TYPE
  const element = value.reduce<DataType>((type, item) => commonType(type, typeOf(item)) ?? JSON_TYPE, NULL)
  return listType(typeName(element) === 'Null' ? UTF8 : element)
}

function toValue(value: unknown, type: DataType): ScalarValue {
  if (value === null || value === undefined) return null
  const name = typeName(type)
  if (name === 'Json') return text(value)
  if (name === 'Utf8') return typeof value === 'string' ? value : text(value)
  if (name === 'List' && Array.isArray(value)) return value.map((item) => toValue(item, elementType(type)))
  return castScalar(text(value), UTF8, type)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map((item) => quoted(item)).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const items = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${quoted(item)}`)
  return `{${items.join(',')}}`
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : text(value)
}

/** One JSON object a line. */
export const jsonFormat: FileFormat = {
  async fields(path) {
    const types = new Map<string, DataType>()
    let rows = 0
    for await (const document of documents(path)) {
      for (const [name, value] of Object.entries(document)) {
        const type = typeOf(value)
        const known = types.get(name)
        const common = known === undefined ? type : commonType(known, type)
        types.set(name, common ?? (known !== undefined && isText(known) ? UTF8 : JSON_TYPE))
      }
      if (++rows >= SAMPLE_ROWS) break
    }
    return [...types].map(([name, type]) => new Field(name, typeName(type) === 'Null' ? UTF8 : type, true))
  },

  async parts(path) {
    const { size } = await fs.promises.stat(path)
    return [{ path, part: null, rows: null, bytes: size }]
  },

  read: (request) => eachFile(request, (path) => readFile(path, request)),
}

async function* readFile(path: string, request: ReadRequest): AsyncGenerator<FileChunk, void, void> {
  const columns = request.wanted.map((i) => request.fields[i]!)
  let values = columns.map((): ScalarValue[] => [])
  let rows = 0
  for await (const document of documents(path)) {
    columns.forEach((field, k) => values[k]!.push(toValue(document[field.name], field.type)))
    if (++rows < CHUNK_ROWS) continue
    yield chunkOf(request, values, rows)
    values = columns.map(() => [])
    rows = 0
  }
  if (rows > 0) yield chunkOf(request, values, rows)
}
