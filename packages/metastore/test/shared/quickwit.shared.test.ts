import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeStoreResolver } from '@volley/storage/node'
import { describe, expect, test } from 'vitest'
import { FileBackedMetastore, parseJson, stringifyJson } from '@volley/metastore'

const shared = process.env.VOLLEY_SHARED
const published: Record<string, [number, number]> = {
  'otel-logs-v0_9': [4, 19788],
  'otel-traces-v0_9': [3, 16484],
  hits: [4, 24000],
  everything: [9, 2389],
  plain: [2, 500],
  trailer: [1, 500],
  evolve: [2, 500],
}

describe.skipIf(shared === undefined)('metastores of a real Quickwit (VOLLEY_SHARED names the folder)', () => {
  const root = join(shared ?? '/', 'fixtures/quickwit/indexes')
  const metastore = FileBackedMetastore.open(`file://${root}#polling_interval=30s`, nodeStoreResolver())

  test('lists all indexes with the splits that searches see', async () => {
    expect(await metastore.listIndexIds()).toEqual(Object.keys(published).sort())
    for (const index of await metastore.listIndexes()) {
      const splits = await metastore.listSplits({ indexUid: index.indexUid })
      expect([splits.length, splits.reduce((sum, split) => sum + split.numDocs, 0)], index.indexId).toEqual(
        published[index.indexId],
      )
    }
  })

  test('a copy, changed and changed back, is what Quickwit wrote', async () => {
    for (const indexId of Object.keys(published)) {
      const text = readFileSync(join(root, indexId, 'metastore.json'), 'utf8')
      const resolver = nodeStoreResolver()
      const store = resolver.resolve('ram:///copy')
      await store.put(`${indexId}/metastore.json`, new TextEncoder().encode(text))
      const copy = FileBackedMetastore.open('ram:///copy', resolver)
      const { indexUid } = await copy.indexMetadata(indexId)
      await copy.markSplitsForDeletion(indexUid, [])
      const written = new TextDecoder().decode(await store.get(`${indexId}/metastore.json`))
      expect(stringifyJson(parseJson(written, 'x')), indexId).toBe(stringifyJson(parseJson(text, 'x')))
    }
  })
})
