/**
 * Writes a table like ClickBench's `hits` as an index of Quickwit-form splits, and the same rows as `hits.parquet`:
 *
 *   npm run hits-splits -- --rows 1000000 --splits 8 --seed 42 --out DIR
 *
 * Splits are written by processes of their own, `--jobs` at a time.
 */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { FileBackedMetastore, type IndexMetadata, type SplitMetadata } from '@volley/metastore'
import { DocMapping, mappingSchema, mappingTokenizers, writeSplit } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { SegmentWriter, writeIndex, type InputValue } from '@volley/tantivy'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import { hitsSelect } from '../hits/hits-table.ts'
import { hitsMapping, hitsValues, type HitsColumn } from './hits-mapping.ts'

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    splits: { type: 'string', default: '8' },
    seed: { type: 'string', default: '42' },
    jobs: { type: 'string', default: '2' },
    out: { type: 'string' },
    part: { type: 'string' },
  },
})
if (options.out === undefined) throw new Error('--out DIR is missing')
const out = path.resolve(options.out)
const rows = Number(options.rows)
const splits = Number(options.splits)
const table = path.join(out, 'hits.parquet')

if (options.part === undefined) await writeAll()
else process.send!(await writePart(Number(options.part)))

async function writeAll(): Promise<void> {
  fs.mkdirSync(path.join(out, 'indexes'), { recursive: true })
  const start = performance.now()
  const columns = await withDuckdb(async (duckdb) => {
    await duckdb.run(`COPY (${hitsSelect({ rows, seed: Number(options.seed) })}) TO '${table}' (FORMAT parquet)`)
    return columnsOf(duckdb)
  })
  const metastore = openMetastore()
  const index = await metastore.createIndex({ indexId: 'hits', docMapping: hitsMapping(columns) })
  const written: SplitMetadata[] = []
  const waiting = Array.from({ length: splits }, (_, part) => part)
  const next = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) written.push(await inProcess(part))
  }
  await Promise.all(Array.from({ length: Number(options.jobs) }, next))
  await metastore.stageSplits(index.indexUid, written)
  await metastore.publishSplits(
    index.indexUid,
    written.map(({ splitId }) => splitId),
  )
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  const bytes = written.reduce((sum, split) => sum + split.footerEnd, 0)
  console.log(
    `${rows} rows in ${splits} splits of ${(bytes / 1e6).toFixed(0)} MB, and ${table} of ${(fs.statSync(table).size / 1e6).toFixed(0)} MB, in ${seconds} s`,
  )
  console.log(`--metastore ${metastoreUri()}`)
}

function inProcess(part: number): Promise<SplitMetadata> {
  const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--part', String(part)], {
    execArgv: process.execArgv,
    serialization: 'advanced',
  })
  return new Promise((resolve, reject) => {
    child.once('message', (metadata) => resolve(metadata as SplitMetadata))
    child.once('exit', (code) => reject(new Error(`the writer of split ${part} ended with ${code}`)))
  })
}

/** Writes the rows of one split, and puts it where its index keeps its splits. */
async function writePart(part: number): Promise<SplitMetadata> {
  const index: IndexMetadata = await openMetastore().indexMetadata('hits')
  const mapping = DocMapping.fromJson(index.docMapping)
  const writer = new SegmentWriter(mappingSchema(mapping), { tokenizers: mappingTokenizers(mapping) })
  await withDuckdb(async (duckdb) => {
    const columns = await columnsOf(duckdb)
    const from = Math.floor((part * rows) / splits)
    const to = Math.floor(((part + 1) * rows) / splits) - 1
    const result = await duckdb.stream(
      `SELECT ${hitsValues(columns)} FROM read_parquet('${table}', file_row_number = true)
        WHERE file_row_number BETWEEN ${from} AND ${to} ORDER BY file_row_number`,
    )
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      const values = chunk.getColumns()
      for (let row = 0; row < chunk.rowCount; row++) {
        const document: Record<string, InputValue> = {}
        for (let c = 0; c < columns.length; c++) document[columns[c]!.name] = values[c]![row] as InputValue
        writer.add(document)
      }
    }
  })
  const { bytes, metadata } = await writeSplit({
    files: writeIndex([writer.finish()], mappingSchema(mapping)),
    mapping,
    indexUid: index.indexUid,
    zstdDecompress: nodeZstdDecompress,
  })
  await nodeStoreResolver().resolve(index.indexUri).put(`${metadata.splitId}.split`, bytes)
  return metadata
}

async function columnsOf(duckdb: DuckDBConnection): Promise<HitsColumn[]> {
  const described = await duckdb.runAndReadAll(`DESCRIBE FROM '${table}'`)
  return described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }))
}

async function withDuckdb<T>(use: (duckdb: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const duckdb = await instance.connect()
  try {
    return await use(duckdb)
  } finally {
    duckdb.closeSync()
    instance.closeSync()
  }
}

function metastoreUri(): string {
  return pathToFileURL(path.join(out, 'indexes')).href
}

function openMetastore(): FileBackedMetastore {
  return FileBackedMetastore.open(metastoreUri(), nodeStoreResolver())
}
