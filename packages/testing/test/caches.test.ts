import { Arena, type Caches } from '@volley/kernels'
import { DocMapping } from '@volley/splits'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { measuredSession, queryRows, TestTree, type MappedSplit } from '../src/index.ts'
import { analyzed, counter } from './support/counters.ts'

const SPLITS = 4
const DOCS = 250
const FIELDS = ['a', 'b', 'c']

const text = { type: 'text', fast: true } as const
const mapping = DocMapping.fromJson({
  mode: 'strict',
  field_mappings: [
    { name: 'id', type: 'u64', fast: true },
    ...FIELDS.map((name) => ({ ...text, name, tokenizer: 'raw' })),
    { name: 'body', ...text, tokenizer: 'default', record: 'position' },
    { name: 'attrs', type: 'json', tokenizer: 'raw', fast: false },
  ],
})

function splitOf(split: number): MappedSplit {
  const segment = Array.from({ length: DOCS }, (_, i) => {
    const id = split * DOCS + i
    const texts = FIELDS.map((name, f) => [name, `${name} ${(id * (7 + 2 * f)) % 997} ${'text '.repeat(9)}`])
    const body = `word${id % 7} all ${id % 3 === 0 ? 'third' : 'other'} ${id}`
    const attrs = { host: `host ${id % 50} with a name that is not short` }
    return { input: { id: BigInt(id), ...Object.fromEntries(texts), body, attrs }, deleted: false }
  })
  return { mapping, segments: [segment] }
}

/** Over a table `t`: dictionaries, lists of documents, documents, paths, and tables in memory. */
const queries: readonly ((t: string) => string)[] = [
  ...FIELDS.map((f) => (t: string) => `SELECT ${f}, count(*), max(id) FROM ${t} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 9`),
  ...FIELDS.map((f) => (t: string) => `SELECT count(*), min(length(${f})) FROM ${t} WHERE ${f} LIKE '% 1_2 %'`),
  (t) => `SELECT id, a FROM ${t} WHERE body @@ 'third AND word3' ORDER BY id LIMIT 5`,
  (t) => `SELECT count(*) FROM ${t} WHERE body @@ '"other 400"' OR match(body, 'word2')`,
  (t) => `SELECT attrs->>'host', count(*) FROM ${t} GROUP BY 1 ORDER BY 1`,
  (t) => `SELECT id, attrs FROM ${t} WHERE id % 301 = 7 ORDER BY id`,
  (t) => `SELECT regexp_replace(b, '[0-9]+', 'n'), count(DISTINCT c) FROM ${t} GROUP BY 1`,
  (t) => `SELECT id, c FROM ${t} ORDER BY c, id LIMIT 7`,
  (t) => `SELECT x.a, count(*) FROM ${t} x JOIN ${t} y ON x.a = y.a GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3`,
]

let tree: TestTree
let table: string
beforeAll(async () => {
  tree = await TestTree.create()
  const { indexId } = await tree.publishMapped(
    mapping,
    Array.from({ length: SPLITS }, (_, split) => splitOf(split)),
  )
  table = `"${indexId}"`
}, 60_000)
afterAll(() => tree.remove())

/** The most that caches held when memory was asked for, and whether they held more than was left for them. */
function watched(caches: Caches): { most: number; over: number; stop(): void } {
  const found = { most: 0, over: 0, stop: () => spy.mockRestore() }
  const alloc = Arena.prototype.alloc
  const spy = vi.spyOn(Arena.prototype, 'alloc').mockImplementation(function (this: Arena, bytes) {
    found.most = Math.max(found.most, caches.bytes)
    found.over += +(caches.bytes > caches.capacity)
    return alloc.call(this, bytes)
  })
  return found
}

describe('what stays in memory between queries', () => {
  test('stays under a large limit, and is counted by what it is', async () => {
    const { session, arena } = measuredSession(tree.uri)
    for (const query of queries) await queryRows(session, query(table))
    const [grouped] = queries
    const plan = await analyzed(session, grouped!(table))
    expect(counter(plan, 'bytes_read')).toBe(0)
    const sizes = arena.caches.sizes()
    const kinds = [
      'open splits',
      'ranges of splits',
      'matching documents',
      'dictionaries',
      'JSON paths',
      'replaced texts',
    ]
    expect([...sizes.keys()]).toEqual(expect.arrayContaining(kinds))
    expect([...sizes.values()].reduce((sum, bytes) => sum + bytes)).toBe(arena.caches.bytes)
    const line = [...sizes].map(([name, bytes]) => `${name}=${bytes.toLocaleString('en-US')}`).join(', ')
    expect(plan).toContain(`-- bytes kept in memory by local: ${line}`)
    // Operators of a query with a smaller limit have it back at once.
    await queryRows(session, `SELECT max(id) FROM ${table}`, { memory_limit: '200kB' })
    expect(arena.caches.bytes).toBeLessThanOrEqual(150_000)
    await session.close()
    expect(arena.caches.bytes).toBe(0)
  })

  test('never takes more than a small limit leaves, and answers are the same', async () => {
    const large = measuredSession(tree.uri)
    const small = measuredSession(tree.uri)
    for (const query of queries) {
      const expected = await queryRows(large.session, query(table))
      expect(expected.length).toBeGreaterThan(0)
      const memory = watched(small.arena.caches)
      expect(await queryRows(small.session, query(table), { memory_limit: '400kB' })).toEqual(expected)
      memory.stop()
      expect(memory.over, query(table)).toBe(0)
      expect(memory.most).toBeLessThanOrEqual(300_000)
      expect(memory.most).toBeGreaterThan(0)
    }
    expect(large.arena.caches.bytes).toBeGreaterThan(600_000)
    await large.session.close()
    await small.session.close()
  })
})
