import { Caches } from '@volley/kernels'
import { readFileSync } from 'node:fs'
import { FileBackedMetastore } from '@volley/metastore'
import { CountingStore, type ObjectStore, StoreResolver } from '@volley/storage'
import { nodeStoreResolver } from '@volley/storage/node'
import { describe, expect, test } from 'vitest'
import type { SplitRef } from '../src/layout/layout.ts'
import { isUnder, SplitIndexOpener } from '../src/opener/split-index-opener.ts'
import { RangeCache } from '../src/opener/range-cache.ts'
import { fixtures, openFixture, refOf } from './support.ts'

const root = `file://${fixtures}/demo/indexes`

async function refs(indexUri = `${root}/logs`): Promise<SplitRef[]> {
  const splits = await FileBackedMetastore.open(root, nodeStoreResolver()).listSplits({ indexId: 'logs' })
  return splits.map((split) => refOf(split, indexUri))
}

describe('opening splits', () => {
  test('reads each once, with one request, and keeps as many as fit', async () => {
    let counting: CountingStore | undefined
    const wrapStore = (store: ObjectStore): ObjectStore => (counting ??= new CountingStore(store))
    const [a, b, c] = (await refs()) as [SplitRef, SplitRef, SplitRef]
    const sizes = await Promise.all(
      [a, b, c].map(async (split) => {
        const alone = new SplitIndexOpener({ resolver: nodeStoreResolver() })
        await alone.open(split)
        return alone.bytes
      }),
    )
    const openBytes = sizes[0]! + Math.max(sizes[1]!, sizes[2]!)
    const opener = new SplitIndexOpener({ resolver: nodeStoreResolver(), wrapStore, openBytes })
    const [one, same] = await Promise.all([opener.open(a), opener.open(a)])
    expect(one).toBe(same)
    expect(counting!.requests).toBe(1)
    await opener.open(b)
    expect(await opener.open(a)).toBe(one)
    await opener.open(c)
    expect(opener.size).toBe(2)
    expect(await opener.open(a)).toBe(one)
    expect(counting!.requests).toBe(3)
    await opener.open(b)
    expect(counting!.requests).toBe(4)
    expect(opener.bytes).toBeLessThanOrEqual(openBytes)
    opener.close()
    expect([opener.size, opener.bytes]).toEqual([0, 0])
  })

  test('columns count while their split is open: others are closed for them, and what was closed is read anew', async () => {
    const [a, b] = (await refs()) as [SplitRef, SplitRef]
    const open = async (openBytes: number) => {
      const opener = new SplitIndexOpener({ resolver: nodeStoreResolver(), openBytes })
      await opener.open(a)
      const { index } = await opener.open(b)
      const before = opener.bytes
      const [segment] = index.segments
      for (const entry of await segment!.columns()) await segment!.openColumn(entry)
      return { opener, before, first: opener.isOpen(a), second: opener.isOpen(b), read: opener.bytes }
    }
    const all = await open(1024 ** 3)
    expect([all.first, all.second]).toEqual([true, true])
    expect(all.read).toBeGreaterThan(all.before)
    const tight = await open(all.before)
    expect([tight.first, tight.second]).toEqual([false, true])
    expect(tight.opener.bytes).toBeLessThan(all.read)
    const again = await tight.opener.open(a)
    expect(again.index.segments[0]!.maxDoc).toBe(a.numDocs)
  })

  test('keeps what was read, the last ranges up to its bytes', async () => {
    let counting: CountingStore | undefined
    const wrapStore = (store: ObjectStore): ObjectStore => (counting ??= new CountingStore(store))
    const opener = new SplitIndexOpener({ resolver: nodeStoreResolver(), wrapStore })
    const [a] = (await refs()) as [SplitRef]
    const { directory } = await opener.open(a)
    const file = directory.list().find((name) => name.endsWith('.idx'))!
    const bytes = await directory.read(file, 0, directory.length(file))
    const before = counting!.requests
    expect(await directory.read(file, 0, directory.length(file))).toBe(bytes)
    expect(directory.peek(file, 0, directory.length(file))).toBe(bytes)
    expect(counting!.requests).toBe(before)

    const cache = new RangeCache(new Caches(), 6400)
    const range = (i: number) => new Uint8Array(100).fill(i)
    for (let i = 0; i < 64; i++) cache.add(`${i}`, range(i))
    expect(cache.get('0')).toEqual(range(0))
    cache.add('64', range(64))
    expect(cache.get('1')).toBeNull()
    expect(cache.get('0')).toEqual(range(0))
    cache.add('large', new Uint8Array(101))
    expect(cache.get('large')).toBeNull()
    expect(cache.bytes).toBe(6400)
    cache.clear()
    expect(cache.bytes).toBe(0)
  })

  test('finds the footer without the metastore', async () => {
    const [split] = (await refs()) as [SplitRef]
    const opener = new SplitIndexOpener({ resolver: nodeStoreResolver() })
    const index = await opener.open({ ...split, footerStart: 0, footerEnd: 0 })
    expect(index.index.segments[0]!.maxDoc).toBe(split.numDocs)
  })

  test('tells which fields a split has', async () => {
    const { splits } = await openFixture('quickwit/indexes', 'evolve')
    const fields = await Promise.all(
      splits.map(async (split) => (await split.splitFields())!.map(({ name, type }) => `${name} ${type}`)),
    )
    expect(fields.flat()).toEqual(expect.arrayContaining(['msg str', 'who.age u64', '_dynamic.who.age i64']))
  })

  test('refuses what is not under the roots', async () => {
    const [split] = (await refs()) as [SplitRef]
    const opener = new SplitIndexOpener({ resolver: nodeStoreResolver(), allowedRoots: [`${root}/traces`] })
    await expect(opener.open(split)).rejects.toMatchObject({ code: '22023', subject: { split: split.splitId } })
    expect(isUnder('file:///a/b', 'file:///a')).toBe(true)
    expect(isUnder('/a/b', 'file:///a/')).toBe(true)
    expect(isUnder('file:///a/b%20c', '/a/b c')).toBe(true)
    expect(isUnder('file:///ab', 'file:///a')).toBe(false)
    expect(isUnder('file:///a/../b', 'file:///a')).toBe(false)
    expect(isUnder('file:///a/%2e%2e/b', 'file:///a')).toBe(false)
    expect(isUnder('ram:///a', 'file:///a')).toBe(false)
  })

  test('says what is wrong when the metastore was copied, or a split is gone', async () => {
    const [copied] = (await refs('file:///QW_ROOT/indexes/logs')) as [SplitRef]
    const opener = new SplitIndexOpener({ resolver: nodeStoreResolver() })
    const error = (await opener.open(copied).catch((reason: unknown) => reason)) as Error
    expect(error).toMatchObject({ code: '58P01' })
    expect(error.message).toMatch(/QW_ROOT is a placeholder: the metastore was copied/)
    const [real] = (await refs()) as [SplitRef]
    await expect(opener.open({ ...real, splitId: 'gone' })).rejects.toThrow(/^the file of split gone is not there/)
  })

  test('names a damaged split, and tries again when it was replaced', async () => {
    const [split] = (await refs()) as [SplitRef]
    const bytes = new Uint8Array(readFileSync(`${fixtures}/demo/indexes/logs/${split.splitId}.split`))
    const resolver = new StoreResolver()
    const store = resolver.resolve('ram:///x')
    await store.put(`${split.splitId}.split`, bytes.subarray(0, bytes.length - 100))
    const opener = new SplitIndexOpener({ resolver })
    const ref = { ...split, indexUri: 'ram:///x' }
    await expect(opener.open(ref)).rejects.toMatchObject({ code: 'XX001', subject: { split: split.splitId } })
    await store.put(`${split.splitId}.split`, bytes)
    expect((await opener.open(ref)).index.segments.length).toBe(1)
  })

  test('an abort stops the waiting of the one who aborts', async () => {
    const [split] = (await refs()) as [SplitRef]
    const opener = new SplitIndexOpener({ resolver: nodeStoreResolver() })
    const abort = new AbortController()
    const stopped = opener.open(split, abort.signal)
    const other = opener.open(split)
    abort.abort(new Error('enough'))
    await expect(stopped).rejects.toThrow('enough')
    expect((await other).ref.splitId).toBe(split.splitId)
  })
})
