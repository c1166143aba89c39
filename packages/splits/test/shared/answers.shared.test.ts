import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { FileBackedMetastore, parseJson, stringifyJson, type JsonObject, type SplitMetadata } from '@volley/metastore'
import { nodeStoreResolver } from '@volley/storage/node'
import { prepare, type StoredValue } from '@volley/tantivy'
import { describe, expect, test } from 'vitest'
import { DocMapping } from '../../src/mapping/doc-mapping.ts'
import { DocumentReader } from '../../src/mapping/document-reader.ts'
import type { ColumnValue } from '../../src/mapping/column-value.ts'
import { SourceRenderer } from '../../src/mapping/source-renderer.ts'
import { SplitIndexOpener, type SplitIndex } from '../../src/opener/split-index-opener.ts'
import { buildQuery, checkQuery } from '../../src/query-language/build-query.ts'
import { parseQuickwitQuery } from '../../src/query-language/parse.ts'
import type { QueryAst } from '../../src/query-language/query-ast.ts'

const shared = process.env.VOLLEY_SHARED

interface Recorded {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly body: { query: string; start_timestamp?: number; end_timestamp?: number }
  readonly answer: JsonObject
}

function recorded(): Recorded[] {
  const folder = join(shared!, 'fixtures/quickwit-answers')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && !file.startsWith('grpc-'))
    .map((file) => parseJson(readFileSync(join(folder, file), 'utf8'), file) as unknown as Recorded)
    .filter(({ method, path }) => method === 'POST' && /^\/api\/v1\/[^/]+\/search$/.test(path))
}

describe.skipIf(shared === undefined)('answers of a real Quickwit (VOLLEY_SHARED names the folder)', () => {
  const resolver = nodeStoreResolver()
  const root = `file://${join(shared ?? '/', 'fixtures/quickwit/indexes')}`
  const metastore = FileBackedMetastore.open(root, resolver)
  const opener = new SplitIndexOpener({ resolver, allowedRoots: [root] })

  async function open(indexId: string): Promise<{ mapping: DocMapping; splits: SplitIndex[] }> {
    const { index, splits } = await metastore.snapshot({ indexId })
    const mapping = DocMapping.fromJson(index.docMapping, index.searchSettings)
    const ref = (split: SplitMetadata): Parameters<SplitIndexOpener['open']>[0] => ({
      ...split,
      indexId,
      indexUri: `${root}/${indexId}`,
    })
    return { mapping, splits: await Promise.all(splits.map((split) => opener.open(ref(split)))) }
  }

  async function search(
    ast: QueryAst,
    mapping: DocMapping,
    splits: readonly SplitIndex[],
    documents: number,
  ): Promise<{ count: number; sources: Set<string> }> {
    let count = 0
    const sources = new Set<string>()
    for (const split of splits) {
      const query = buildQuery(ast, split, mapping)
      const reader = new DocumentReader(split.index.schema, mapping, [{ kind: 'column', name: '_source' }])
      const renderer = new SourceRenderer(split.index.schema, mapping)
      for (const segment of split.index.segments) {
        const prepared = await prepare(query, segment, { scoring: false })
        const docs = [...prepared.docs(0, segment.maxDoc)].filter((doc) => segment.alive?.isAlive(doc) ?? true)
        count += docs.length
        if (count > documents) continue
        const store = await segment.store()
        await store.warm(Uint32Array.from(docs))
        const out: ColumnValue[] = []
        for (const doc of docs) {
          const values = new Map<number, StoredValue[]>()
          for (const [field, value] of store.document(doc)) values.set(field, [...(values.get(field) ?? []), value])
          const rebuilt = parseJson(renderer.rebuild(values), 'document') as JsonObject
          reader.read(store, doc, out)
          const source = parseJson(out[0] as string, 'document')
          sources.add(canonical(mapping.storeSource ? { ...rebuilt, _source: source } : source))
        }
      }
    }
    return { count, sources }
  }

  test.each(shared === undefined ? [] : recorded().map((each) => [each.name, each] as const))(
    '%s',
    async (_name, { path, body, status, answer }) => {
      const { mapping, splits } = await open(path.split('/')[3]!)
      const run = async (): Promise<{ count: number; sources: Set<string> }> => {
        let ast = parseQuickwitQuery(body.query, mapping.defaultSearchFields)
        if (body.start_timestamp !== undefined) {
          const range: QueryAst = {
            type: 'range',
            field: mapping.timestampField!.tantivyName,
            lower_bound: { Included: String(body.start_timestamp) },
            upper_bound: { Excluded: String(body.end_timestamp) },
          }
          ast = { type: 'bool', must: [ast, range] }
        }
        checkQuery(ast, mapping)
        return search(ast, mapping, splits, 500)
      }
      if (status !== 200 && !/sort by/.test(String(answer.message))) {
        await expect(run(), String(answer.message)).rejects.toMatchObject({ name: 'VolleyError' })
        return
      }
      const { count, sources } = await run()
      if (status !== 200) return
      expect(count).toBe(answer.num_hits)
      if (count > 500) return
      for (const hit of answer.hits as JsonObject[]) expect(sources).toContain(canonical(hit))
    },
  )
})

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  const sorted = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(sorted)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(
      Object.entries(each)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => [key, sorted(member)]),
    )
  }
  return stringifyJson(sorted(value))
}
