import fs from 'node:fs'
import { isText, SqlState, vectorOf, VolleyError, type ScalarValue, type Vector } from '@volley/core'
import { parse, type Options } from 'csv-parse'
import { Field } from 'apache-arrow'
import {
  eachFile,
  flag,
  option,
  type FileChunk,
  type FileFormat,
  type FileOptions,
  type ReadRequest,
} from './file-format.ts'
import { openPacked } from './packed-text.ts'
import { fromText, TypeGuess } from './text-values.ts'

const CHUNK_ROWS = 8192
/** Rows that types are guessed from. */
const SAMPLE_ROWS = 1000

type Record = readonly (string | null)[]

async function* records(path: string, options: FileOptions): AsyncGenerator<Record, void, void> {
  const quote = option(options, 'quote') ?? '"'
  const parserOptions: Options = {
    delimiter: option(options, 'delimiter') ?? ',',
    quote,
    escape: option(options, 'escape') ?? quote,
    comment: option(options, 'comment') ?? null,
    relax_column_count: true,
    bom: true,
    // A quoted empty text is empty; one without quotes is NULL.
    cast: (value, context) => (value === '' && !context.quoting ? null : value),
  }
  const parser = parse(parserOptions)
  const source = openPacked(path)
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  try {
    let width = 0
    for await (const record of parser as AsyncIterable<Record>) {
      // An empty line is a NULL where there is one column.
      const empty = record.length === 1 && record[0] === null
      if (empty && width !== 1) continue
      width ||= record.length
      yield record
    }
  } catch (error) {
    if (error instanceof VolleyError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const state = code === 'ENOENT' ? SqlState.undefinedFile : SqlState.dataCorrupted
    throw new VolleyError(`cannot read CSV: ${message}`, { code: state, file: path, cause: error })
  } finally {
    parser.destroy()
  }
}

/** Comma-separated values (RFC 4180). */
export const csvFormat: FileFormat = {
  async fields(path, options) {
    const header = flag(options, 'has_header', flag(options, 'header', true))
    let names: string[] | null = null
    const guesses: TypeGuess[] = []
    let rows = 0
    for await (const record of records(path, options)) {
      if (header && names === null) {
        names = record.map((name, i) => name ?? `column_${i + 1}`)
        continue
      }
      record.forEach((value, i) => {
        guesses[i] ??= new TypeGuess()
        if (value !== null && value !== '') guesses[i].add(value)
      })
      if (++rows >= SAMPLE_ROWS) break
    }
    const width = names?.length ?? guesses.length
    return Array.from(
      { length: width },
      (_, i) => new Field(names?.[i] ?? `column_${i + 1}`, (guesses[i] ?? new TypeGuess()).type, true),
    )
  },

  async parts(path) {
    const { size } = await fs.promises.stat(path)
    return [{ path, part: null, rows: null, bytes: size }]
  },

  read: (request) => eachFile(request, (path) => readFile(path, request)),
}

async function* readFile(path: string, request: ReadRequest): AsyncGenerator<FileChunk, void, void> {
  let first = flag(request.options, 'has_header', flag(request.options, 'header', true))
  let values = request.wanted.map((): ScalarValue[] => [])
  let line = 0
  let rows = 0
  for await (const record of records(path, request.options)) {
    line++
    if (first) {
      first = false
      continue
    }
    readRecord(path, request, record, values, line)
    if (++rows < CHUNK_ROWS) continue
    yield chunkOf(request, values, rows)
    values = request.wanted.map(() => [])
    rows = 0
  }
  if (rows > 0) yield chunkOf(request, values, rows)
}

function readRecord(path: string, request: ReadRequest, record: Record, values: ScalarValue[][], line: number): void {
  for (let k = 0; k < request.wanted.length; k++) {
    const field = request.fields[request.wanted[k]!]!
    const text = record[request.wanted[k]!] ?? null
    if (text === null || (text === '' && !isText(field.type))) {
      values[k]!.push(null)
      continue
    }
    try {
      values[k]!.push(fromText(text, field.type))
    } catch (error) {
      if (!(error instanceof VolleyError)) throw error
      const message = `${error.message} (record ${line}, column ${field.name})`
      throw new VolleyError(message, { code: error.code, file: path, cause: error })
    }
  }
}

export function chunkOf(request: ReadRequest, values: readonly (readonly ScalarValue[])[], rows: number): FileChunk {
  return {
    rows,
    columns: (start, end, chosen, region, which): Vector[] =>
      which.map((k) => {
        const all = values[k]!.slice(start, end)
        const own = chosen === null ? all : Array.from(chosen, (row) => all[row]!)
        return vectorOf(request.fields[request.wanted[k]!]!.type, own, region)
      }),
  }
}
