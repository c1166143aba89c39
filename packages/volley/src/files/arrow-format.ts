import fs from 'node:fs'
import { decodeIpc, fromArrowRecordBatch, fromArrowSchema, takeVector } from '@volley/core'
import { makeData, RecordBatch, Schema, Struct, type Data } from 'apache-arrow'
import { eachFile, type FileChunk, type FileFormat, type ReadRequest } from './file-format.ts'

/** Arrow IPC, streams and files. */
export const arrowFormat: FileFormat = {
  async fields(path) {
    return [...fromArrowSchema(decodeIpc(await fs.promises.readFile(path)).schema).fields]
  },

  async parts(path) {
    const { size } = await fs.promises.stat(path)
    return [{ path, part: null, rows: null, bytes: size }]
  },

  read: (request) => eachFile(request, (path) => readFile(path, request)),
}

async function* readFile(path: string, request: ReadRequest): AsyncGenerator<FileChunk, void, void> {
  const { batches } = decodeIpc(await fs.promises.readFile(path))
  const schema = new Schema(request.wanted.map((i) => request.fields[i]!))
  for (const batch of batches) {
    const fields = request.wanted.map((i) => batch.schema.fields[i]!)
    const children = request.wanted.map((i) => batch.data.children[i]!)
    const data = makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children })
    const selected = new RecordBatch(new Schema(fields), data as Data<Struct>)
    yield {
      rows: batch.numRows,
      columns: (start, end, rows, region, which) => {
        const { columns } = fromArrowRecordBatch(selected.slice(start, end), schema, region)
        const own = which.map((i) => columns[i]!)
        return rows === null ? own : own.map((column) => takeVector(column, rows, rows.length, region))
      },
    }
  }
}
