import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { FileBackedMetastore } from '@volley/metastore'
import { parseJsonBody, QuickwitApi, SearchService, SplitIndexOpener } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import { differenceFrom, type RecordedAnswer } from './compare-answer.ts'

const usage = 'usage: npm run answers -- DIR TREE [--only NAME]'

/**
 * Runs a folder of recorded Quickwit searches over a tree that a fixture's install.sh made (metastore in TREE/indexes):
 * native and Elasticsearch searches that were answered 200 or 400. Others are counted and left out.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
  const [dir, tree] = positionals
  if (dir === undefined || tree === undefined) {
    console.error(usage)
    return 2
  }
  const resolver = nodeStoreResolver()
  const metastore = FileBackedMetastore.open(pathToFileURL(path.resolve(tree, 'indexes')).href, resolver)
  const opener = new SplitIndexOpener({ resolver, zstdDecompress: nodeZstdDecompress })
  const api = new QuickwitApi(new SearchService({ metastore, opener }))
  let passed = 0
  let skipped = 0
  const failures: string[] = []
  for (const file of fs.readdirSync(dir).sort()) {
    if (!file.endsWith('.json')) continue
    const text = fs.readFileSync(path.join(dir, file), 'utf8')
    const recorded = parseJsonBody(text) as unknown as RecordedAnswer
    if (values.only !== undefined && recorded.name !== values.only) continue
    const failure = isSearch(recorded) ? await check(api, recorded, bodyText(text)) : 'skipped'
    if (failure === 'skipped') skipped++
    else if (failure === null) passed++
    else failures.push(`${recorded.name ?? file}: ${failure}`)
  }
  for (const failure of failures) console.log(`FAIL ${failure}`)
  if (skipped > 0) console.log(`${skipped} of other kinds skipped`)
  console.log(`${passed} passed, ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}

function isSearch({ path: requested, status }: RecordedAnswer): boolean {
  if (typeof requested !== 'string' || (status !== 200n as unknown && status !== 400n as unknown)) return false
  return /^\/api\/v1\/(?:[^/_][^/]*\/search|_elastic\/(?:[^/]+\/(?:_search|_count)|_msearch))(?:\?|$)/.test(requested)
}

async function check(api: QuickwitApi, recorded: RecordedAnswer, body: string): Promise<string | null> {
  try {
    const answer = await api.answer({ method: recorded.method, path: recorded.path, body })
    if (answer === null) return 'skipped'
    return differenceFrom({ ...recorded, status: Number(recorded.status) }, answer)
  } catch (error) {
    return process.env.VOLLEY_DEBUG ? String((error as Error).stack) : (error as Error).message
  }
}

/** The body as it was sent: its own text, with all digits. */
function bodyText(text: string): string {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => { readonly body?: unknown }
  const { body } = parse(text, (_key, value, context) => (typeof value === 'number' ? raw(context.source!) : value))
  if (body === undefined || body === null) return ''
  return typeof body === 'string' ? body : JSON.stringify(body)
}

process.exitCode = await main()
