import { FileBackedMetastore } from '@volley/metastore'
import { columnsOf, DocMapping } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { typeKey } from '@volley/core'
import { Int64, Utf8 } from 'apache-arrow'
import { QueryResult } from '../../session.ts'
import { StaticRows } from '../../static-rows.ts'
import { UsageError } from '../errors.ts'
import { connectOptions, parseCommandLine, sessionOptions } from '../options.ts'
import { outputFormats, writeResult, type OutputFormat } from '../output/format.ts'
import { writeOut } from '../output/write-out.ts'

/** `volley index list | describe ID`: what the metastore has. */
export async function index(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine(args, sessionOptions)
  const { metastore: uri } = connectOptions(values)
  if (uri === undefined) throw new UsageError('give --metastore URI or set VOLLEY_METASTORE')
  const metastore = FileBackedMetastore.open(uri, nodeStoreResolver())
  const [action, id, ...rest] = positionals
  if (action === 'list' && id === undefined) return print(values.format, await list(metastore))
  if (action === 'describe' && id !== undefined && rest.length === 0)
    return print(values.format, await describe(metastore, id))
  throw new UsageError('index takes list, or describe ID')
}

async function list(metastore: FileBackedMetastore): Promise<StaticRows> {
  const rows = await Promise.all(
    (await metastore.listIndexes()).map(async ({ indexId, indexUri }) => {
      const splits = await metastore.listSplits({ indexId })
      const docs = splits.reduce((sum, split) => sum + split.numDocs, 0)
      const bytes = splits.reduce((sum, split) => sum + split.footerEnd, 0)
      return [indexId, BigInt(splits.length), BigInt(docs), BigInt(bytes), indexUri]
    }),
  )
  const [text, number] = [new Utf8(), new Int64()]
  return new StaticRows(
    [
      ['index', text],
      ['splits', number],
      ['documents', number],
      ['bytes', number],
      ['uri', text],
    ],
    rows,
  )
}

async function describe(metastore: FileBackedMetastore, indexId: string): Promise<StaticRows> {
  const { docMapping } = await metastore.indexMetadata(indexId)
  const rows = columnsOf(DocMapping.fromJson(docMapping)).map((column) => [
    column.name,
    typeKey(column.type),
    column.comment ?? '',
  ])
  const text = new Utf8()
  return new StaticRows(
    [
      ['column', text],
      ['type', text],
      ['comment', text],
    ],
    rows,
  )
}

async function print(format: string | undefined, rows: StaticRows): Promise<number> {
  const name = format ?? (process.stdout.isTTY ? 'table' : 'ndjson')
  if (!(outputFormats as readonly string[]).includes(name)) {
    throw new UsageError(`--format is one of ${outputFormats.join(', ')}, not ${name}`)
  }
  await writeResult(
    new QueryResult('SHOW', rows),
    name as OutputFormat,
    writeOut,
    process.stdout.isTTY ? process.stdout.columns : null,
  )
  return 0
}
