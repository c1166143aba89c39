import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { FileBackedMetastore } from '@volley/metastore'
import { parseJsonBody, QuickwitApi, type SearchResponse, SearchService, SplitIndexOpener } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { nodeZstdDecompress } from '@volley/tantivy/node'
import { differenceFrom, type RecordedAnswer } from './compare-answer.ts'

const MORE_HITS = 2000

export interface AnswersResult {
  readonly passed: number
  /** Requests that are no searches, or were answered neither 200 nor 400. */
  readonly skipped: number
  /** One line each, with the name of the request. */
  readonly failures: readonly string[]
}

/**
 * Runs a folder of recorded Quickwit searches over a tree that a fixture's install.sh made (metastore in TREE/indexes):
 * native and Elasticsearch searches that were answered 200 or 400.
 *
 * @param only Name of the one request to run.
 */
export async function runAnswers(dir: string, tree: string, only?: string): Promise<AnswersResult> {
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
    const { status, ...rest } = parseJsonBody(text) as unknown as RecordedAnswer
    const recorded = { ...rest, status: Number(status) }
    if (only !== undefined && recorded.name !== only) continue
    const failure = isSearch(recorded) ? await check(api, recorded, bodyText(text)) : undefined
    if (failure === undefined) skipped++
    else if (failure === null) passed++
    else failures.push(`${recorded.name}: ${failure}`)
  }
  return { passed, skipped, failures }
}

function isSearch({ path: requested, status }: RecordedAnswer): boolean {
  if (typeof requested !== 'string' || (status !== 200 && status !== 400)) return false
  return /^\/api\/v1\/(?:[^/_][^/]*\/search|_elastic\/(?:[^/]+\/(?:_search|_count)|_msearch))(?:\?|$)/.test(requested)
}

async function check(api: QuickwitApi, recorded: RecordedAnswer, body: string): Promise<string | null> {
  try {
    const answer = await api.answer({ method: recorded.method, path: recorded.path, body })
    if (answer === null) return 'not taken as a search'
    const difference = differenceFrom(recorded, answer, null)
    if (difference === null) return null
    const ranked = await ranking(api, recorded, body)
    return ranked === null ? difference : differenceFrom(recorded, answer, ranked)
  } catch (error) {
    return (error as Error).message
  }
}

/** What a search finds with many more hits; null for one whose hits are not limited by its body. */
async function ranking(
  api: QuickwitApi,
  { method, path: requested }: RecordedAnswer,
  body: string,
): Promise<SearchResponse | null> {
  if (method !== 'POST' || !requested.endsWith('search')) return null
  const raised = body.replace(/"(size|max_hits)":(\d+)(?=[,}])/, (_whole, name: string, limit: string) => {
    return `"${name}":${limit === '0' ? 0 : Number(limit) + MORE_HITS}`
  })
  return (await api.answer({ method, path: requested, body: raised }))?.response ?? null
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
