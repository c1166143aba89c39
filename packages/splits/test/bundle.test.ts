import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { CountingStore, MemoryStore } from '@volley/storage'
import { LocalStore } from '@volley/storage/node'
import { describe, expect, test } from 'vitest'
import { BundleDirectory } from '../src/bundle/bundle-directory.ts'
import { ByteWriter } from '../src/bundle/byte-reader.ts'
import { parseSplitFields } from '../src/bundle/split-fields.ts'
import { parseSplitFooter, readSplitFooter } from '../src/bundle/split-footer.ts'
import { writeBundle } from '../src/bundle/write-bundle.ts'
import { buildHotcache } from '../src/hotcache/build-hotcache.ts'
import { Hotcache } from '../src/hotcache/hotcache.ts'

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))
const indexes = ['quickwit/indexes/evolve', 'quickwit/indexes/trailer', 'demo/indexes/logs', 'demo/indexes/traces']

interface Split {
  readonly store: LocalStore
  readonly path: string
  readonly range: { start: number; end: number }
}

async function splitsOf(index: string): Promise<Split[]> {
  const folder = `${fixtures}/${index}`
  const { splits } = JSON.parse(await readFile(`${folder}/metastore.json`, 'utf8')) as {
    splits: { split_id: string; footer_offsets: { start: number; end: number } }[]
  }
  const present = new Set(await readdir(folder))
  return splits
    .filter(({ split_id }) => present.has(`${split_id}.split`))
    .map((split) => ({ store: new LocalStore(folder), path: `${split.split_id}.split`, range: split.footer_offsets }))
}

async function filesOf(directory: BundleDirectory): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const name of directory.list()) files.set(name, await directory.read(name, 0, directory.length(name)))
  return files
}

describe.each(indexes)('splits of %s', (index) => {
  test('have one footer, found with and without the metastore', async () => {
    for (const { store, path, range } of await splitsOf(index)) {
      const known = await readSplitFooter(store, path, range)
      expect(await readSplitFooter(store, path)).toEqual(known)
      expect(known.footerStart).toBe(range.start)
      expect(known.trailer).toBe(index.endsWith('trailer'))
      expect(known.files.has('meta.json')).toBe(true)
    }
  })

  test('have hotcaches whose slices are the bytes of their files', async () => {
    let slices = 0
    for (const { store, path, range } of await splitsOf(index)) {
      const directory = await BundleDirectory.open(store, path, range)
      const hotcache = Hotcache.parse(directory.footer.hotcache)
      expect(hotcache.length('.managed.json')).toBeGreaterThan(0)
      for (const file of hotcache.files()) {
        const bundled = directory.footer.files.get(file)
        if (bundled === undefined) continue
        expect(hotcache.length(file)).toBe(bundled.end - bundled.start)
        for (const { start, end } of hotcache.slices(file)) {
          slices++
          const bytes = await store.getRange(path, bundled.start + start, bundled.start + end)
          expect(Buffer.from(directory.peek(file, start, end)!).equals(Buffer.from(bytes))).toBe(true)
        }
      }
    }
    expect(slices).toBeGreaterThan(20)
  })

  test('survive being bundled again, with a hotcache that covers what theirs does', async () => {
    let covered = 0
    for (const { store, path, range } of await splitsOf(index)) {
      const original = await BundleDirectory.open(store, path, range)
      const files = await filesOf(original)
      const written = writeBundle(files, buildHotcache(files), { trailer: index.endsWith('trailer') })
      const copy = new MemoryStore()
      await copy.put('copy.split', written.bytes)
      const again = await BundleDirectory.open(copy, 'copy.split', {
        start: written.footerStart,
        end: written.footerEnd,
      })
      expect(await filesOf(again)).toEqual(files)
      const theirs = Hotcache.parse(original.footer.hotcache)
      for (const file of theirs.files()) {
        if (file === '.managed.json') continue
        for (const { start, end } of theirs.slices(file)) {
          expect(again.peek(file, start, end), `${file} ${start} to ${end}`).not.toBeNull()
          covered++
        }
      }
    }
    expect(covered).toBeGreaterThan(20)
  })

  test('list their fields', async () => {
    for (const { store, path, range } of await splitsOf(index)) {
      const directory = await BundleDirectory.open(store, path, range)
      const fields = parseSplitFields(await directory.read('split_fields', 0, directory.length('split_fields')))
      expect(fields.length).toBeGreaterThan(3)
      expect(fields).toEqual(
        [...fields].sort((a, b) => (a.name === b.name ? 0 : Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))),
      )
    }
  })
})

test('a split that Quickwit itself tests with: 128 bytes', () => {
  const files = new Map([
    ['f1', new Uint8Array(5)],
    ['f2', new Uint8Array(5)],
    ['split_fields', new Uint8Array(0)],
  ])
  const { bytes, footerStart } = writeBundle(files, new TextEncoder().encode('abc'))
  const footer = parseSplitFooter(bytes.subarray(footerStart), footerStart)
  expect(footerStart).toBe(10)
  expect([...footer.files]).toEqual([
    ['f1', { start: 0, end: 5 }],
    ['f2', { start: 5, end: 10 }],
    ['split_fields', { start: 10, end: 10 }],
  ])
  expect(new TextDecoder().decode(footer.hotcache)).toBe('abc')
})

describe('a damaged split', () => {
  const files = new Map([
    ['meta.json', new TextEncoder().encode('{}')],
    ['other', new Uint8Array(100)],
  ])
  const good = writeBundle(files, buildHotcache(files))

  async function errorOf(bytes: Uint8Array, range?: { start: number; end: number }): Promise<unknown> {
    const store = new MemoryStore('ram:///x')
    await store.put('one.split', bytes)
    return BundleDirectory.open(store, 'one.split', range).then(
      () => null,
      (error: unknown) => error,
    )
  }

  test.each([
    ['cut short', good.bytes.subarray(0, good.bytes.length - 20)],
    ['empty', new Uint8Array(0)],
    ['zeros', new Uint8Array(500)],
    ['with a wrong magic', good.bytes.map((byte, k) => (k === good.footerStart ? byte ^ 1 : byte))],
    ['with another version', good.bytes.map((byte, k) => (k === good.footerStart + 4 ? 9 : byte))],
  ])('%s is one error that names split and file', async (_what, bytes) => {
    const range = { start: good.footerStart, end: good.footerEnd }
    for (const error of [await errorOf(bytes), await errorOf(bytes, range)]) {
      expect(error).toMatchObject({ code: 'XX001', subject: { split: 'one', file: 'ram:///x/one.split' } })
      expect((error as Error).message).toMatch(/^split one is damaged: /)
    }
  })

  test('never fails in another way, whatever bytes are changed', async () => {
    let failed = 0
    const change = fc.tuple(
      fc.integer({ min: good.footerStart, max: good.bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
    )
    await fc.assert(
      fc.asyncProperty(change, async ([at, by]) => {
        const error = await errorOf(good.bytes.map((byte, k) => (k === at ? byte ^ by : byte)))
        if (error !== null) failed++
        if (error !== null) expect(error).toMatchObject({ code: 'XX001' })
      }),
      { numRuns: 200 },
    )
    expect(failed).toBeGreaterThan(50)
  })

  test('that is not there is an error of its own', async () => {
    const error = await BundleDirectory.open(new MemoryStore('ram:///x'), 'gone.split').catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({
      code: '58P01',
      message: 'the file of split gone is not there: ram:///x/gone.split: not found',
    })
  })
})

describe('hotcache', () => {
  /** A hotcache of one file with slices whose bodies are not in file order. */
  function scattered(): Hotcache {
    const file = Uint8Array.from({ length: 300 }, (_, k) => k & 255)
    const index = new ByteWriter().leb(300).leb(3)
    index.leb(0).leb(10).leb(130).leb(10).leb(140).leb(0).leb(200).leb(210).leb(140)
    const body = new ByteWriter()
      .bytes(file.subarray(10, 140))
      .bytes(file.subarray(0, 10))
      .bytes(file.subarray(200, 210))
    const blob = body.bytes(index.finish()).u64(150).finish()
    const name = 'n'.repeat(130)
    const meta = new ByteWriter().leb(1).text(name).leb(300).leb(1).text(name).leb(0).finish()
    const bytes = new ByteWriter().u32(2_557_869_106).u32(1).u32(meta.length).bytes(meta).bytes(blob).finish()
    return Hotcache.parse(bytes)
  }

  test('answers what one slice holds, and nothing that two hold together', () => {
    const hotcache = scattered()
    const [name] = hotcache.files() as [string]
    expect(hotcache.length(name)).toBe(300)
    expect([...hotcache.peek(name, 3, 6)!]).toEqual([3, 4, 5])
    expect([...hotcache.peek(name, 130, 140)!]).toEqual([130, 131, 132, 133, 134, 135, 136, 137, 138, 139])
    expect([...hotcache.peek(name, 200, 203)!]).toEqual([200, 201, 202])
    expect(hotcache.peek(name, 5, 15)).toBeNull()
    expect(hotcache.peek(name, 205, 215)).toBeNull()
    expect(hotcache.peek(name, 150, 160)).toBeNull()
    expect(hotcache.peek(name, 150, 150)).toHaveLength(0)
    expect(hotcache.peek('other', 0, 1)).toBeNull()
  })

  test('saves requests: what it holds is not asked of the store', async () => {
    const [{ path, range, store }] = (await splitsOf('demo/indexes/logs')) as [Split]
    const counting = new CountingStore(store)
    const directory = await BundleDirectory.open(counting, path, range)
    await directory.read('meta.json', 0, directory.length('meta.json'))
    expect(counting.requests).toBe(1)
    const term = directory.list().find((name) => name.endsWith('.term'))!
    await directory.read(term, 0, 8)
    expect(counting.requests).toBe(2)
  })
})
