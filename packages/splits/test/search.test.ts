import { FileBackedMetastore } from '@volley/metastore'
import { StoreResolver } from '@volley/storage'
import { nodeStoreResolver } from '@volley/storage/node'
import { describe, expect, test } from 'vitest'
import { SplitIndexOpener } from '../src/opener/split-index-opener.ts'
import { compareSortValues } from '../src/search/sort-values.ts'
import { QuickwitApi } from '../src/search/quickwit-api.ts'
import { SearchService } from '../src/search/search-service.ts'
import { SnippetGenerator } from '../src/search/snippet-generator.ts'
import { timeBoundsOf, withTimeFilter } from '../src/search/time-bounds.ts'
import { topRows } from '../src/search/top-rows.ts'
import { TokenizerManager } from '@volley/tantivy'
import * as fc from 'fast-check'
import { fixtures } from './support.ts'

const files = nodeStoreResolver()
const resolver = new StoreResolver().register('file', (uri) =>
  files.resolve(uri.replace('file:///QW_ROOT/', `file://${fixtures}/quickwit/`)),
)
const metastore = FileBackedMetastore.open(`file://${fixtures}/quickwit/indexes`, resolver)
const api = new QuickwitApi(new SearchService({ metastore, opener: new SplitIndexOpener({ resolver }) }))

type Answer = Readonly<Record<string, any>>

async function post(path: string, body: object | string): Promise<{ status: number; body: Answer }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await api.answer({ method: 'POST', path: `/api/v1/${path}`, body: text })
  return answer as unknown as { status: number; body: Answer }
}

/** The numbers of hits, which are the field n. */
const numbers = (hits: readonly Answer[]): number[] => hits.map((hit) => Number((hit['_source'] ?? hit).n))

describe('the search API', () => {
  test('finds documents in splits of different schemas', async () => {
    const { status, body } = await post('evolve/search', {
      query: 'who.name:ann AND who.age:>60',
      max_hits: 2,
      sort_by: '-n',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({ num_hits: 52n, errors: [] })
    expect(body.hits[0]).toEqual({
      at: '2026-03-01T00:01:00Z',
      'dotted.path': 2n,
      list: [1n, 2n],
      msg: 'user order request connection connection',
      n: 1n,
      ok: false,
      score: -0.3833486753837704,
      who: { age: 69n, name: 'ann' },
    })
    expect(numbers(body.hits)).toEqual([1, 12])
  })

  test.each([
    ['*', {}, 500, []],
    ['*', { max_hits: 3, sort_by: 'n' }, 500, [499, 498, 497]],
    ['*', { max_hits: 2, start_offset: 3, sort_by: '-n' }, 500, [3, 4]],
    ['n:[240 TO 260]', { max_hits: 2, sort_by: '-n' }, 21, [240, 241]],
    ['msg:timeout', {}, 52, []],
    ['timeout', {}, 52, []],
    ['nothing', { max_hits: 1 }, 0, []],
    ['*', { start_timestamp: 1772323200, end_timestamp: 1772323260, max_hits: 9, sort_by: 'n' }, 2, [250, 0]],
    ['at:>2026-03-01T00:01:00Z AND at:<=2026-03-01T00:03:00Z', { max_hits: 9, sort_by: '-at,-n' }, 4, [2, 252, 3, 253]],
    ['NOT n:>2', { max_hits: 9, sort_by: '-n' }, 3, [0, 1, 2]],
    ['n: IN [7 8 9999]', { max_hits: 9, sort_by: 'n' }, 2, [8, 7]],
  ])('%s with %j', async (query, more, count, expected) => {
    const { status, body } = await post('evolve/search', { query, max_hits: 0, ...more })
    expect([status, body.num_hits, numbers(body.hits)]).toEqual([200, BigInt(count), expected])
  })

  test('snippets mark what was found', async () => {
    const { body } = await post('evolve/search', {
      query: 'msg:currency AND n:498',
      snippet_fields: 'msg',
      max_hits: 1,
    })
    expect(body.num_hits).toBe(0n)
    const found = await post('evolve/search', { query: 'msg:currency AND n:497', snippet_fields: 'msg', max_hits: 1 })
    expect(found.body.snippets).toEqual([{ msg: ['request <b>currency</b> disk quota declined'] }])
  })

  test('parameters of a GET are the same request', async () => {
    const answer = await api.answer({ method: 'GET', path: '/api/v1/evolve/search?query=n:%3C5&max_hits=1&sort_by=n' })
    expect(answer).toMatchObject({ status: 200, body: { num_hits: 5n } })
    expect(await api.answer({ method: 'GET', path: '/api/v1/evolve/search?query=x&depth=1' })).toMatchObject({
      status: 400,
      body: { message: 'Invalid query string' },
    })
    expect(await api.answer({ method: 'GET', path: '/api/v1/indexes' })).toBeNull()
    expect(await api.answer({ method: 'GET', path: '/api/v1/%ZZ/search?query=x' })).toMatchObject({ status: 400 })
  })

  test.each([
    ['evolve', { query: '(' }, 400, 'failed to parse query: `(`'],
    [
      'evolve',
      { query: 'at:soon' },
      400,
      'invalid query: expected a `tantivy_common::datetime::DateTime` search value',
    ],
    ['evolve', { query: 'n:x' }, 400, 'invalid query: expected a `i64` search value for field `n`, got `x`'],
    ['evolve', { query: 'msg:[a TO b]' }, 400, 'range queries are only supported for fast fields. (`msg` is not'],
    ['evolve', { query: 'dotted.path:/[/' }, 400, 'invalid query: failed to parse regex'],
    ['evolve', { query: '*', sort_by: 'msg' }, 400, 'sort by field on type text is currently not supported `msg`'],
    ['evolve', { query: '*', sort_by: 'n,at,score' }, 400, 'sort by field must be up to 2 fields, got 3'],
    ['evolve', { query: '*', max_hits: 20000 }, 400, 'max value for max_hits is 10_000, but got 20000'],
    ['evolve', { query: '*', aggs: { a: { avg: { field: 'msg' } } } }, 400, 'Field "msg" is not configured as a fast'],
    [
      'evolve',
      { query: '*', aggs: { a: { mode: { field: 'n' } } } },
      400,
      'invalid aggregation request: unknown variant',
    ],
    ['evolve', { query: '*', depth: 1 }, 400, 'Request body deserialize error: unknown field `depth`'],
    ['evolve', {}, 400, 'Request body deserialize error: missing field `query`'],
    ['nowhere', { query: '*' }, 404, 'could not find indexes matching the IDs `["nowhere"]`'],
  ])('%s refuses %j', async (index, body, status, message) => {
    const answer = await post(`${index}/search`, body)
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)])
  })
})

describe('the Elasticsearch API', () => {
  test('sorts, pages on and shows sort values', async () => {
    const search = async (after: object): Promise<Answer> =>
      (await post('_elastic/evolve/_search', { size: 2, sort: [{ at: 'asc' }, '_doc'], ...after })).body
    const first = await search({})
    expect(numbers(first.hits.hits)).toEqual([0, 250])
    const { sort } = first.hits.hits[1]
    expect(sort).toEqual([1772323200000n, expect.stringMatching(/^[0-9A-Z]{26}:00000000:[0-9a-f]{8}$/)])
    const next = await search({ search_after: [Number(sort[0]), sort[1]] })
    expect(numbers(next.hits.hits)).toEqual([1, 251])
    expect(next.hits.total).toEqual({ value: 500n, relation: 'eq' })
  })

  test('aggregates', async () => {
    const aggs = { w: { terms: { field: 'who.name' }, aggs: { a: { avg: { field: 'who.age' } } } } }
    const { body } = await post('_elastic/evolve/_search', { size: 0, aggs })
    expect(body.aggregations.w.buckets.map((each: Answer) => [each.key, Number(each.doc_count)])).toEqual([
      ['eve', 170],
      ['ann', 167],
      ['bob', 163],
    ])
    expect(body.aggregations.w.buckets[0].a.value).toBeCloseTo(50.28235294117647, 12)
    expect(body._shards).toEqual({ total: 2n, successful: 2n, skipped: 0n, failed: 0n })
  })

  test('counts, filters sources, and answers several searches', async () => {
    const query = { bool: { filter: { range: { n: { lt: 10 } } }, must_not: { match: { msg: 'request' } } } }
    const { body } = await post('_elastic/evolve/_count', { query })
    const all = await post('_elastic/evolve/_search?_source_includes=who.name,n', { query, size: 100, sort: 'n' })
    expect(BigInt(all.body.hits.hits.length)).toBe(body.count)
    expect(Object.keys(all.body.hits.hits[0]._source).sort()).toEqual(['n', 'who'])
    const many = await post(
      '_elastic/_msearch',
      [
        { index: 'evolve' },
        { query, size: 0 },
        { index: ['trailer'] },
        { query: { term: { 'who.name': 'bob' } } },
        { index: 'nowhere' },
        {},
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    )
    expect(many.body.responses.map((each: Answer) => each.hits?.total.value ?? each.status)).toEqual([
      body.count,
      163n,
      404n,
    ])
  })

  test('a pattern searches several indexes', async () => {
    const { body } = await post('_elastic/e*,trailer/_search', { size: 3, sort: [{ n: 'desc' }, { at: 'asc' }] })
    expect(body.hits.total.value).toBe(1000n)
    expect(body.hits.hits.map((hit: Answer) => hit._index).sort()).toEqual(['evolve', 'evolve', 'trailer'])
    const refused = await post('_elastic/evolve,trailer/_search?q=timeout', {})
    expect(refused).toMatchObject({ status: 400, body: { error: { reason: expect.any(String) as string } } })
  })

  test.each([
    [
      { query: { match: { 'who.name': 'ann', n: 1 } } },
      { message: expect.stringContaining('expected a single field') },
    ],
    [{ query: { match: { n: 'x' } } }, { error: { reason: expect.stringContaining('got `x`') } }],
    [{ sort: ['a', 'b', 'c'] }, { error: { reason: expect.stringContaining('only up to two sort fields') } }],
    [{ sort: ['n'], search_after: [1, 2] }, { error: { reason: 'sort and search_after are of different length' } }],
    [{ sort: [{ n: { order: 'up' } }] }, { message: expect.stringContaining('did not match any variant') }],
    [{ sizes: 1 }, { message: expect.stringContaining('unknown field `sizes`, expected one of `from`') }],
  ])('refuses %j', async (request, expected) => {
    const { status, body } = await post('_elastic/evolve/_search', request)
    expect(status).toBe(400)
    expect(body).toMatchObject(expected)
  })
})

test('the first rows are those of a full sort', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.nat(12), (values, limit) => {
      const before = (a: number, b: number): number => values[b]! - values[a]! || a - b
      const all = [...values.keys()].sort(before)
      expect([...topRows(values.length, limit, before)]).toEqual(all.slice(0, limit))
    }),
  )
})

test('sort values of different types compare as numbers', () => {
  const u64 = { type: 'u64', value: (1n << 64n) - 1n } as const
  const i64 = { type: 'i64', value: -1n } as const
  expect(compareSortValues(u64, i64)).toBe(1)
  expect(compareSortValues(i64, { type: 'bool', value: false })).toBe(-1)
  expect(compareSortValues({ type: 'f64', value: 1.5 }, { type: 'u64', value: 1n })).toBeGreaterThan(0)
  expect(compareSortValues({ type: 'f64', value: -0 }, { type: 'f64', value: 0 })).toBeLessThan(0)
  expect(compareSortValues({ type: 'f64', value: NaN }, u64)).toBeGreaterThan(0)
})

test('bounds of time come from required clauses, in whole seconds', () => {
  const range = {
    type: 'range',
    field: 'at',
    lower_bound: { Excluded: '2026-03-01T00:00:10.5Z' },
    upper_bound: { Included: '2026-03-01T00:00:20Z' },
  } as const
  const start = 1772323200n
  const ast = { type: 'bool', must: [range], should: [{ type: 'match_all' }] } as const
  const bounds = timeBoundsOf(ast, 'at', { start: null, end: start + 100n })
  expect(bounds).toEqual({ start: start + 11n, end: start + 21n })
  expect(timeBoundsOf({ type: 'bool', should: [range] }, 'at', { start: null, end: null })).toEqual({
    start: null,
    end: null,
  })
  const within = { start: Number(start) + 12, end: Number(start) + 15 }
  expect(withTimeFilter(ast, 'at', bounds, within)).toEqual({ ...ast, must: [{ type: 'match_all' }] })
  expect(withTimeFilter(ast, 'at', bounds, { ...within, end: Number(start) + 30 })).toEqual({
    ...ast,
    must: [{ type: 'match_all' }],
    filter: [
      {
        type: 'range',
        field: 'at',
        lower_bound: 'Unbounded',
        upper_bound: { Included: (start + 20n) * 1_000_000_000n },
      },
    ],
  })
})

test('a snippet is the part with the rarest words, escaped', () => {
  const words = TokenizerManager.quickwit().get('default')!
  const generator = new SnippetGenerator(
    new Map([
      ['zürich', 0.5],
      ['common', 0.1],
    ]),
    words,
  )
  const filler = 'word '.repeat(40)
  expect(generator.snippet(`common <b> ${filler}in "Zürich" & common`)).toBe(
    `word `.repeat(12).trim() + ' in &quot;<b>Zürich</b>&quot; &amp; <b>common</b>',
  )
  expect(generator.snippet('nothing here')).toBeNull()
})
