import fs from 'node:fs'
import { fromArrowRecordBatch, fromArrowSchema, SqlState, takeVector, VolleyError } from '@volley/core'
import { makeData, RecordBatch, RecordBatchReader, Schema, Struct, type Data } from 'apache-arrow'
import { eachFile, type FileChunk, type FileFormat, type ReadRequest } from './file-format.ts'

/** Arrow IPC, streams and files; a record batch is in memory at a time. */
export const arrowFormat: FileFormat = {
  fields: (path) => withReader(path, async ({ schema }) => [...fromArrowSchema(schema).fields]),

  async parts(path) {
    const { size } = await fs.promises.stat(path)
    return [{ path, part: null, rows: null, bytes: size }]
  },

  read: (request) => eachFile(request, (path) => readFile(path, request)),
}

interface OpenReader {
  readonly schema: Schema
  next(): Promise<RecordBatch | null>
  close(): Promise<void>
}

const MAGIC = 'ARROW1'

async function hasMagic(handle: fs.promises.FileHandle, position: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, Math.max(0, position))
  return buffer.toString('latin1') === MAGIC
}

async function openReader(path: string): Promise<OpenReader> {
  try {
    const handle = await fs.promises.open(path)
    let source: fs.ReadStream | null = null
    try {
      const { size } = await handle.stat()
      const isFile = await hasMagic(handle, 0)
      // The library takes any bytes for a footer.
      if (isFile && !(await hasMagic(handle, size - MAGIC.length))) throw new Error('the file ends early')
      if (!isFile) source = handle.createReadStream({ start: 0, highWaterMark: 1 << 20 })
      // A file is read from its footer, a stream from its start.
      const opened = source === null ? RecordBatchReader.from(handle) : RecordBatchReader.from(source)
      const reader = await (await opened).open({ autoDestroy: false })
      // The reader forgets its schema at the end of the stream.
      const { schema } = reader
      if (schema === undefined) throw new Error('there is no schema')
      return {
        schema,
        next: async () => {
          try {
            const { done, value } = await reader.next()
            return done === true ? null : value
          } catch (error) {
            throw corrupt(error, path)
          }
        },
        close: async () => {
          await Promise.resolve(reader.cancel()).catch(() => {})
          source?.destroy()
          await handle.close().catch(() => {})
        },
      }
    } catch (error) {
      source?.destroy()
      await handle.close().catch(() => {})
      throw error
    }
  } catch (error) {
    throw corrupt(error, path)
  }
}

async function withReader<T>(path: string, use: (reader: OpenReader) => Promise<T>): Promise<T> {
  const reader = await openReader(path)
  try {
    return await use(reader)
  } finally {
    await reader.close()
  }
}

function corrupt(error: unknown, path: string): unknown {
  if (error instanceof VolleyError) return error
  const { message } = error as Error
  return new VolleyError(`cannot read Arrow IPC: ${message}`, {
    code: SqlState.dataCorrupted,
    file: path,
    cause: error,
  })
}

async function* readFile(path: string, request: ReadRequest): AsyncGenerator<FileChunk, void, void> {
  const schema = new Schema(request.wanted.map((i) => request.fields[i]!))
  const reader = await openReader(path)
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      yield chunkOf(batch, schema, request.wanted)
    }
  } finally {
    await reader.close()
  }
}

function chunkOf(batch: RecordBatch, schema: Schema, wanted: readonly number[]): FileChunk {
  const fields = wanted.map((i) => batch.schema.fields[i]!)
  const children = wanted.map((i) => batch.data.children[i]!)
  const data = makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children })
  const selected = new RecordBatch(new Schema(fields), data as Data<Struct>)
  return {
    rows: batch.numRows,
    columns: (start, end, rows, region, which) => {
      const { columns } = fromArrowRecordBatch(selected.slice(start, end), schema, region)
      const own = which.map((i) => columns[i]!)
      return rows === null ? own : own.map((column) => takeVector(column, rows, rows.length, region))
    },
  }
}
