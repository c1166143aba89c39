import { join } from 'node:path'
import { FileBackedMetastore } from '@volley/metastore'
import { nodeStoreResolver } from '@volley/storage/node'
import { describe, expect, test } from 'vitest'
import { BundleDirectory } from '../../src/bundle/bundle-directory.ts'
import { readSplitFooter } from '../../src/bundle/split-footer.ts'
import { buildHotcache } from '../../src/hotcache/build-hotcache.ts'
import { Hotcache } from '../../src/hotcache/hotcache.ts'
import { DocMapping } from '../../src/mapping/doc-mapping.ts'
import { schemaJsonOf } from '../../src/mapping/mapping-schema.ts'
import { openIndex } from '@volley/tantivy'
import { writeSplit } from '../../src/publish/write-split.ts'

const shared = process.env.VOLLEY_SHARED
const indexes = ['otel-logs-v0_9', 'otel-traces-v0_9', 'hits', 'everything', 'plain', 'trailer', 'evolve']

describe.skipIf(shared === undefined)('splits of a real Quickwit (VOLLEY_SHARED names the folder)', () => {
  const resolver = nodeStoreResolver()
  const root = `file://${join(shared ?? '/', 'fixtures/quickwit/indexes')}`
  const metastore = FileBackedMetastore.open(root, resolver)

  test.each(indexes)('%s: footers, hotcaches, schemas and metadata are as written here', async (indexId) => {
    const { index, splits } = await metastore.snapshot({ indexId, states: ['Published', 'MarkedForDeletion'] })
    const mapping = DocMapping.fromJson(index.docMapping)
    const store = resolver.resolve(`${root}/${indexId}`)
    let slices = 0
    for (const split of splits) {
      const path = `${split.splitId}.split`
      const range = { start: split.footerStart, end: split.footerEnd }
      expect(await readSplitFooter(store, path)).toEqual(await readSplitFooter(store, path, range))
      const directory = await BundleDirectory.open(store, path, range)
      const files = new Map<string, Uint8Array>()
      for (const [file, { start, end }] of directory.footer.files)
        files.set(file, await store.getRange(path, start, end))
      const theirs = Hotcache.parse(directory.footer.hotcache)
      const ours = Hotcache.parse(buildHotcache(files))
      for (const [file, bytes] of files) {
        for (const { start, end } of theirs.slices(file)) {
          slices++
          const cached = Buffer.from(bytes.subarray(start, end))
          expect(cached.equals(theirs.peek(file, start, end)!), `${file} ${start} to ${end}`).toBe(true)
          expect(cached.equals(ours.peek(file, start, end)!), `${file} ${start} to ${end}`).toBe(true)
        }
      }
      const opened = await openIndex(directory)
      const current = split.docMappingUid === mapping.uid
      if (current) expect(opened.schema.json).toEqual(schemaJsonOf(mapping))
      const { metadata } = await writeSplit({ files, mapping, indexUid: split.indexUid })
      expect(metadata).toMatchObject({ numDocs: split.numDocs, timeRange: split.timeRange, tags: split.tags })
    }
    expect(slices).toBeGreaterThan(20)
  })
})
