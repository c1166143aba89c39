import { readFileSync } from 'node:fs'
import { FileBackedMetastore } from '@volley/metastore'
import { CountingStore, StoreResolver } from '@volley/storage'
import { describe, expect, test } from 'vitest'
import { DocMapping } from '../src/mapping/doc-mapping.ts'
import { DocumentReader } from '../src/mapping/document-reader.ts'
import type { ColumnValue } from '../src/mapping/column-value.ts'
import { columnsOf } from '../src/mapping/mapping-columns.ts'
import { mappingOfSchema } from '../src/mapping/schema-mapping.ts'
import { schemaJsonOf } from '../src/mapping/mapping-schema.ts'
import { SplitIndexOpener } from '../src/opener/split-index-opener.ts'
import { publishIndexDirectory } from '../src/publish/publish-index-directory.ts'
import { publishSplit } from '../src/publish/publish-split.ts'
import { writeSplit } from '../src/publish/write-split.ts'
import { checkQuery } from '../src/query-language/build-query.ts'
import { parseQuickwitQuery } from '../src/query-language/parse.ts'
import { countOf, fixtures, folderFiles, openFixture, refOf } from './support.ts'

describe.each(['multi3-sst', 'multi7del-sst'])('the tantivy index %s, published', (name) => {
  const folder = `${fixtures}/tantivy/${name}`

  async function published(): Promise<{
    mapping: DocMapping
    split: Awaited<ReturnType<SplitIndexOpener['open']>>
    counting: CountingStore
  }> {
    const resolver = new StoreResolver()
    const metastore = FileBackedMetastore.open('ram:///root', resolver)
    const { index, split } = await publishIndexDirectory({
      metastore,
      resolver,
      indexId: name,
      files: folderFiles(`${folder}/index`),
      timestampField: 'ts',
    })
    const [listed] = await metastore.listSplits({ indexId: name })
    expect(listed).toMatchObject({ splitId: split.splitId, state: 'Published', numDocs: split.numDocs })
    const counting = new CountingStore(resolver.resolve(index.indexUri))
    const opener = new SplitIndexOpener({ resolver, wrapStore: () => counting })
    return {
      mapping: DocMapping.fromJson(index.docMapping),
      split: await opener.open(refOf(listed!, index.indexUri)),
      counting,
    }
  }

  test('opens with one request, and answers its queries as tantivy does', async () => {
    const { mapping, split, counting } = await published()
    expect(counting.requests).toBe(1)
    const lines = readFileSync(`${folder}/queries.jsonl`, 'utf8').trim().split('\n')
    let found = 0
    for (const line of lines) {
      const { q, fields, conjunction, count } = JSON.parse(line) as {
        q: string
        fields: string
        conjunction: boolean
        count: number
      }
      const ast = parseQuickwitQuery(q, fields.split(','), { defaultOperator: conjunction ? 'And' : 'Or' })
      checkQuery(ast, mapping)
      expect(await countOf(ast, mapping, [split]), q).toBe(count)
      if (count > 0) found++
    }
    expect(found).toBeGreaterThan(30)
  })

  test('has the columns of its schema and its stored values', async () => {
    const { mapping, split } = await published()
    expect(columnsOf(mapping).map(({ name: column, comment }) => `${column}: ${comment}`)).toEqual([
      'id: fast, indexed, stored',
      'body: indexed (default, position)',
      'title: indexed (default, position), stored',
      'freq: indexed (default, freq)',
      'cat: fast (raw), indexed (raw, basic), stored',
      'ts: fast (seconds), indexed',
      'val: fast, stored',
      'tags: fast (raw), indexed (raw, basic)',
      'opt: fast',
      'ip: fast',
      'attr: fast (raw), indexed (default, position)',
      '_source: the stored document',
    ])
    const reader = new DocumentReader(split.index.schema, mapping, [
      { kind: 'column', name: 'id' },
      { kind: 'column', name: 'cat' },
      { kind: 'column', name: 'val' },
      { kind: 'column', name: 'ts' },
      { kind: 'column', name: '_source' },
    ])
    const segment = split.index.segments[0]!
    const store = await segment.store()
    await store.warm(Uint32Array.of(0, 1))
    const out: ColumnValue[] = []
    reader.read(store, 1, out)
    const [id, cat, val, ts, source] = out
    expect([typeof id, typeof cat, typeof val, ts]).toEqual(['bigint', 'string', 'bigint', null])
    expect(JSON.parse(source as string)).toMatchObject({ id: Number(id), cat, val: Number(val) })
  })
})

test('a split of a real index, written again, has the metadata that Quickwit gave it', async () => {
  for (const [root, indexId] of [
    ['demo/indexes', 'logs'],
    ['demo/indexes', 'traces'],
    ['quickwit/indexes', 'evolve'],
  ] as const) {
    const { mapping, splits } = await openFixture(root, indexId)
    for (const split of splits) {
      const files = new Map<string, Uint8Array>()
      const { directory } = split
      for (const file of directory.list()) files.set(file, await directory.read(file, 0, directory.length(file)))
      const { metadata } = await writeSplit({ files, mapping, indexUid: `${indexId}:x` })
      expect(metadata).toMatchObject({ numDocs: split.ref.numDocs, timeRange: split.ref.timeRange, maturity: 'mature' })
    }
  }
})

test('the schema of a mapping is the one that Quickwit wrote into its splits', async () => {
  for (const [root, indexId] of [
    ['demo/indexes', 'logs'],
    ['demo/indexes', 'traces'],
    ['quickwit/indexes', 'trailer'],
  ] as const) {
    const { mapping, splits } = await openFixture(root, indexId)
    for (const split of splits) {
      expect(schemaJsonOf(mapping)).toEqual(split.index.schema.json)
      const again = DocMapping.fromJson(mappingOfSchema(split.index.schema))
      expect(
        again.fields.map(({ tantivyName, fast, stored, indexed }) => [tantivyName, fast, stored, indexed]),
      ).toEqual(mapping.fields.map(({ tantivyName, fast, stored, indexed }) => [tantivyName, fast, stored, indexed]))
    }
  }
})

test('a split whose upload fails is marked for deletion', async () => {
  const resolver = new StoreResolver()
  const metastore = FileBackedMetastore.open('ram:///root', resolver)
  const index = await metastore.createIndex({ indexId: 'logs', docMapping: {} })
  const written = await writeSplit({
    files: folderFiles(`${fixtures}/tantivy/multi3-sst/index`),
    mapping: DocMapping.fromJson(index.docMapping),
    indexUid: index.indexUid,
  })
  const store = Object.assign(new CountingStore(resolver.resolve(index.indexUri)), {
    put: () => Promise.reject(new Error('disk full')),
  })
  await expect(publishSplit(metastore, store, written)).rejects.toThrow('disk full')
  expect(await metastore.listSplits({ indexId: 'logs' })).toEqual([])
  expect((await metastore.listSplits({ indexId: 'logs', states: ['MarkedForDeletion'] })).length).toBe(1)
  await publishSplit(metastore, resolver.resolve(index.indexUri), {
    ...written,
    metadata: { ...written.metadata, splitId: 'again' },
  })
  expect((await metastore.listSplits({ indexId: 'logs' })).map(({ splitId }) => splitId)).toEqual(['again'])
})
