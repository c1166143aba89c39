import { createServer, type Server, type ServerResponse } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CountingStore,
  DelayedStore,
  HttpStore,
  MemoryStore,
  type ObjectStore,
  StorageError,
  StoreResolver,
} from '@volley/storage'
import { LocalStore, nodeStoreResolver } from '@volley/storage/node'

const data = Uint8Array.from({ length: 5000 }, (_, k) => (k * 31 + (k >> 8)) & 255)

/** Answers ranges of `data`; the query string asks for faults. */
function answer(path: string, method: string, range: string | undefined, response: ServerResponse): void {
  if (path.startsWith('/data/none')) {
    response.writeHead(404).end()
    return
  }
  if (path.startsWith('/data/secret')) {
    response.writeHead(403).end()
    return
  }
  if (path.startsWith('/data/flaky') && flaky-- > 0) {
    response.writeHead(503).end()
    return
  }
  if (path.startsWith('/data/slow')) return
  if (path.startsWith('/data/plain')) {
    response.writeHead(200, { 'content-length': data.length }).end(data)
    return
  }
  const match = /bytes=(\d+)-(\d+)/.exec(range ?? '')
  if (method === 'HEAD' || match === null) {
    response.writeHead(200, { 'content-length': data.length, etag: '"1"' }).end(method === 'HEAD' ? undefined : data)
    return
  }
  const start = Number(match[1])
  const end = Math.min(Number(match[2]) + 1, data.length)
  if (start >= data.length) {
    response.writeHead(416).end()
    return
  }
  const body = data.subarray(start, end)
  const header = { 'content-range': `bytes ${start}-${end - 1}/${data.length}` }
  if (path.startsWith('/data/short')) response.writeHead(206, header).end(body.subarray(0, body.length - 1))
  else response.writeHead(206, { ...header, 'content-length': body.length }).end(body)
}

let flaky = 0
let server: Server
let folder: string
let base: string
const stores: Record<string, ObjectStore> = {}

beforeAll(async () => {
  server = createServer((request, response) => answer(request.url!, request.method!, request.headers.range, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data`
  folder = await mkdtemp(join(tmpdir(), 'volley storage '))
  await writeFile(join(folder, 'object'), data)
  const memory = new MemoryStore()
  await memory.put('object', data)
  stores.memory = memory
  stores.local = new LocalStore(folder)
  stores.http = new HttpStore(base, { backoffMs: 1 })
  stores.delayed = new DelayedStore(memory, () => 0)
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

describe.each(['memory', 'local', 'http', 'delayed'])('%s store', (name) => {
  test('answers any range with exactly those bytes', async () => {
    let nonEmpty = 0
    const range = fc
      .tuple(fc.nat(data.length), fc.nat(data.length))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    await fc.assert(
      fc.asyncProperty(range, async ([start, end]) => {
        if (end > start) nonEmpty++
        expect(Buffer.from(await stores[name]!.getRange('object', start, end))).toEqual(
          Buffer.from(data.subarray(start, end)),
        )
      }),
      { numRuns: 40 },
    )
    expect(nonEmpty).toBeGreaterThan(10)
    expect(await stores[name]!.size('object')).toBe(data.length)
    expect(Buffer.from(await stores[name]!.get('object'))).toEqual(Buffer.from(data))
  })

  test('refuses ranges that are not inside the object', async () => {
    for (const [start, end] of [
      [4990, 5001],
      [6000, 6010],
      [10, 5],
      [-1, 5],
      [0.5, 5],
    ]) {
      const error = await stores[name]!.getRange('object', start!, end!).catch((reason: unknown) => reason)
      expect((error as StorageError).kind, `${start} to ${end}`).toBe('invalid_range')
    }
  })

  test('names an object that is not there', async () => {
    await expect(stores[name]!.getRange('none', 0, 1)).rejects.toMatchObject({ kind: 'not_found', path: 'none' })
    await expect(stores[name]!.get('none')).rejects.toThrow(/none: not found/)
    await expect(stores[name]!.size('none')).rejects.toMatchObject({ kind: 'not_found' })
  })

  test('refuses paths above its root', async () => {
    for (const path of ['../object', 'a/../../object', '/etc/passwd', '', 'a//b', './object', 'a\0b', 'a\\..\\b']) {
      await expect(stores[name]!.get(path), path).rejects.toMatchObject({ kind: 'forbidden' })
    }
  })

  test('stops when its signal is aborted', async () => {
    const reason = new Error('enough')
    await expect(stores[name]!.getRange('object', 0, 10, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('http store', () => {
  const http = (options = {}): HttpStore => new HttpStore(base, { backoffMs: 1, ...options })

  test('takes a truncated answer for an error', async () => {
    await expect(http({ retries: 1 }).getRange('short', 0, 100)).rejects.toMatchObject({ kind: 'truncated' })
  })

  test('tries again what may work later, and no more often than told', async () => {
    flaky = 2
    expect(await http().getRange('flaky', 0, 10)).toHaveLength(10)
    expect(flaky).toBe(-1)
    flaky = 5
    await expect(http({ retries: 2 }).getRange('flaky', 0, 10)).rejects.toThrow(/503/)
    expect(flaky).toBe(2)
  })

  test('gives up a request that takes too long, and one that is aborted', async () => {
    await expect(http({ timeoutMs: 20, retries: 0 }).getRange('slow', 0, 10)).rejects.toThrow(/within 20 ms/)
    const abort = new AbortController()
    const reading = http().getRange('slow', 0, 10, abort.signal)
    setTimeout(() => abort.abort(new Error('enough')), 10)
    await expect(reading).rejects.toThrow('enough')
  })

  test('says when the server ignores ranges or refuses', async () => {
    await expect(http().getRange('plain', 0, 10)).rejects.toThrow(/does not answer range requests/)
    expect(await http().getRange('plain', 0, data.length)).toHaveLength(data.length)
    await expect(http().getRange('secret', 0, 10)).rejects.toMatchObject({ kind: 'forbidden' })
  })

  test('shows no secret of its URL', () => {
    const store = new HttpStore('https://user:pass@example.com/a?sig=abc')
    expect(store.uri).toBe('https://***:***@example.com/a?***')
  })
})

describe('local store', () => {
  test('replaces whole files, tells versions apart, lists and deletes', async () => {
    const store = new LocalStore(pathToFileURL(folder).href)
    await store.put('a/b/one', data)
    const first = await store.version('a/b/one')
    expect(await store.version('a/b/one')).toBe(first)
    await store.put('a/b/one', data.subarray(1))
    expect(await store.version('a/b/one')).not.toBe(first)
    await store.put('a/two', data)
    expect(await store.list('a/')).toEqual(['a/b/one', 'a/two'])
    expect(await store.list('a/b/o')).toEqual(['a/b/one'])
    await store.delete('a/two')
    await store.delete('a/two')
    expect(await store.list('')).toEqual(['a/b/one', 'object'])
    await store.delete('a/b/one')
  })
})

describe('resolver', () => {
  test('finds stores by scheme and keeps objects in memory apart by root', async () => {
    const resolver = new StoreResolver()
    await resolver.resolve('ram:///a').put('x', data)
    expect(await resolver.resolve('ram:///a/').size('x')).toBe(data.length)
    await expect(resolver.resolve('ram:///b').size('x')).rejects.toMatchObject({ kind: 'not_found' })
    expect(await resolver.resolve('ram:///').size('a/x')).toBe(data.length)
    expect(resolver.resolve('http://host/x')).toBeInstanceOf(HttpStore)
    expect(() => resolver.resolve('gopher://x')).toThrow(/no store for gopher: URIs; there are ram:, http:, https:/)
    expect(() => resolver.resolve('/data')).toThrow(/no store for file:/)
  })

  test('opens files in node, as URI and as path', async () => {
    const resolver = nodeStoreResolver()
    expect(await resolver.resolve(pathToFileURL(folder).href).size('object')).toBe(data.length)
    expect(await resolver.resolve(folder).size('object')).toBe(data.length)
  })
})

test('a counting store counts requests and bytes', async () => {
  const store = new CountingStore(stores.memory!)
  await store.getRange('object', 10, 30)
  await store.get('object')
  await store.size('object')
  expect([store.requests, store.bytesRead]).toEqual([3, 20 + data.length])
  store.reset()
  expect(store.requests).toBe(0)
})
