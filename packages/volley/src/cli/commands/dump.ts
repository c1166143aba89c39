import fs from 'node:fs'
import path from 'node:path'
import { BundleDirectory } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { dumpColumnar, dumpIndex } from '@volley/tantivy'
import { nodeDirectory, nodeZstdDecompress } from '@volley/tantivy/node'
import { UsageError } from '../errors.ts'
import { parseCommandLine } from '../options.ts'
import { writeOut } from '../output/write-out.ts'

const CHUNK = 65536

/** `volley dump`: everything that an index directory, a split or a bare columnar file holds, as JSON lines. */
export async function dump(args: readonly string[]): Promise<number> {
  const { positionals } = parseCommandLine(args, {})
  const [target, ...rest] = positionals
  if (target === undefined || rest.length > 0) throw new UsageError('dump takes one path')
  if (!fs.existsSync(target)) throw new UsageError(`there is no ${target}`)
  let pending = ''
  for await (const line of await linesOf(target)) {
    pending += `${line}\n`
    if (pending.length < CHUNK) continue
    await writeOut(pending)
    pending = ''
  }
  await writeOut(pending)
  return 0
}

async function linesOf(target: string): Promise<AsyncIterable<string> | Iterable<string>> {
  const options = { zstdDecompress: nodeZstdDecompress }
  if (fs.statSync(target).isDirectory()) {
    // Without a term nothing tells the kind of dictionary; tantivy itself writes FSTs, Quickwit's splits have SSTables.
    return dumpIndex(nodeDirectory(target), { ...options, termDictionary: 'fst' })
  }
  if (!target.endsWith('.split')) return dumpColumnar(new Uint8Array(fs.readFileSync(target)), options)
  const store = nodeStoreResolver().resolve(path.resolve(path.dirname(target)))
  return dumpIndex(await BundleDirectory.open(store, path.basename(target)), options)
}
