import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AggregationCollector,
  type AggregationJson,
  type AggregationPartial,
  deleteDocuments,
  finishAggregations,
  type Index,
  IndexSchema,
  type InputDocument,
  JsonFloat,
  MemoryDirectory,
  mergePartials,
  openIndex,
  parseAggregations,
  prunePartial,
  SegmentWriter,
  TokenizerManager,
  writeIndex,
} from '../src/index.ts'
import { aggregateRows, type Row } from './support/aggregation-oracle.ts'

const number = { indexed: false, fieldnorms: false, fast: true, stored: false }
const SCHEMA = IndexSchema.fromJson([
  { name: 'u', type: 'u64', options: number },
  { name: 'i', type: 'i64', options: number },
  { name: 'f', type: 'f64', options: number },
  { name: 'b', type: 'bool', options: number },
  { name: 'd', type: 'date', options: { ...number, precision: 'nanoseconds' } },
  { name: 'ip', type: 'ip_addr', options: number },
  {
    name: 'tag',
    type: 'text',
    options: { indexing: { record: 'basic', fieldnorms: false, tokenizer: 'raw' }, stored: false, fast: true },
  },
  { name: 'json', type: 'json_object', options: { stored: false, fast: true, expand_dots_enabled: true } },
])

/** Segments of some documents each; `deleted` says which documents of the first are. */
async function indexOf(segments: readonly (readonly Row[])[], deleted: readonly number[] = []): Promise<Index> {
  const written = segments.map((rows) => {
    const writer = new SegmentWriter(SCHEMA, { dictionary: 'sstable', tokenizers: TokenizerManager.tantivy() })
    for (const row of rows) writer.add(row as InputDocument)
    return writer.finish()
  })
  if (deleted.length > 0) written[0] = deleteDocuments(written[0]!, deleted, 1)
  return openIndex(new MemoryDirectory(writeIndex(written, SCHEMA)))
}

async function partialsOf(index: Index, aggs: unknown): Promise<AggregationPartial[]> {
  const request = parseAggregations(aggs)
  return Promise.all(
    index.segments.map(async (segment) => {
      const collector = await AggregationCollector.forSegment(segment, request, { exactIntegers: true })
      collector.collectAll()
      return collector.partial()
    }),
  )
}

async function aggregate(index: Index, aggs: unknown): Promise<Record<string, AggregationJson>> {
  return finishAggregations((await partialsOf(index, aggs)).reduce(mergePartials), parseAggregations(aggs))
}

/** JSON with floats rounded to where sums in any order agree. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(9))
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]))
}

const list = <T>(value: fc.Arbitrary<T>, most: number): fc.Arbitrary<T[]> => fc.array(value, { maxLength: most })
const rowArb: fc.Arbitrary<Row> = fc.record({
  u: list(fc.integer({ min: 0, max: 30 }), 1),
  i: list(fc.integer({ min: -20, max: 20 }), 3),
  f: list(
    fc.integer({ min: -400, max: 400 }).map((value) => value / 8),
    2,
  ),
  b: list(fc.boolean(), 1),
  tag: list(fc.constantFrom('red', 'green', 'blue', 'été', ''), 2),
})
const rowsArb = fc.array(rowArb, { minLength: 1, maxLength: 60 })

const metricArb = fc.oneof(
  fc.record({ stats: fc.record({ field: fc.constantFrom('u', 'i', 'f') }) }),
  fc.record({ extended_stats: fc.record({ field: fc.constantFrom('u', 'i', 'f') }) }),
  fc.record({ value_count: fc.record({ field: fc.constantFrom('u', 'i', 'tag', 'b') }) }),
  fc.record({ cardinality: fc.record({ field: fc.constantFrom('u', 'i', 'tag', 'b', 'f') }) }),
  ...['sum', 'avg', 'min', 'max'].map((kind) =>
    fc.record({ [kind]: fc.record({ field: fc.constantFrom('u', 'i', 'f') }) }),
  ),
)

const bounds = { min: -15, max: 12 }
const bucketArb = (subs: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.oneof(
    fc.record({
      terms: fc.record(
        {
          field: fc.constantFrom('u', 'i', 'b', 'tag'),
          size: fc.constantFrom(3, 50),
          order: fc.constantFrom({ _count: 'desc' }, { _count: 'asc' }, { _key: 'asc' }, { _key: 'desc' }),
        },
        { requiredKeys: ['field'] },
      ),
      aggs: subs,
    }),
    fc.record({
      histogram: fc.record(
        {
          field: fc.constantFrom('u', 'i', 'f'),
          interval: fc.constantFrom(1, 2.5, 10),
          offset: fc.constantFrom(0, 0.5),
          min_doc_count: fc.constantFrom(0, 1, 2),
          hard_bounds: fc.constant(bounds),
        },
        { requiredKeys: ['field', 'interval'] },
      ),
      aggs: subs,
    }),
    fc.record({
      range: fc.record({
        field: fc.constantFrom('i', 'f'),
        ranges: fc.constantFrom([{ to: 0 }], [{ from: -5, to: 5 }, { from: 10 }], [{ from: 1, to: 2 }]),
      }),
      aggs: subs,
    }),
    fc.record({
      composite: fc.record({
        size: fc.constantFrom(2, 100),
        sources: fc.constantFrom(
          [{ a: { terms: { field: 'tag' } } }],
          [{ a: { terms: { field: 'u', order: 'desc', missing_bucket: true } } }, { b: { terms: { field: 'tag' } } }],
          [
            { a: { histogram: { field: 'f', interval: 20 } } },
            { b: { terms: { field: 'b', missing_bucket: true } } },
            { c: { terms: { field: 'i', order: 'desc' } } },
          ],
        ),
      }),
      aggs: subs,
    }),
  )
const metricsArb = fc.dictionary(fc.constantFrom('m', 'n'), metricArb, { minKeys: 1 })
const aggsArb: fc.Arbitrary<object> = fc.record({
  a: fc.oneof(metricArb, bucketArb(metricsArb), bucketArb(fc.record({ x: bucketArb(metricsArb) }))),
})

/** Leaves out what the oracle does not have. */
function withoutAfterKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAfterKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'after_key')
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutAfterKeys(member)]))
}

describe('aggregations equal those computed document by document', () => {
  test('nested buckets and metrics over one and several segments, merged in any tree', async () => {
    let nonEmpty = 0
    await fc.assert(
      fc.asyncProperty(rowsArb, aggsArb, fc.nat(), fc.nat(), async (rows, aggs, a, b) => {
        const expected = rounded(aggregateRows(aggs as never, rows))
        expect(rounded(withoutAfterKeys(await aggregate(await indexOf([rows]), aggs)))).toEqual(expected)
        const [from, to] = [a % rows.length, b % rows.length].sort((x, y) => x - y) as [number, number]
        const parts = [rows.slice(0, from), rows.slice(from, to), rows.slice(to)].filter((part) => part.length > 0)
        const index = await indexOf(parts)
        const request = parseAggregations(aggs)
        const left = (await partialsOf(index, aggs)).map((each) => structuredClone(each)).reduce(mergePartials)
        const right = (await partialsOf(index, aggs)).reduceRight((merged, each) => mergePartials(each, merged))
        // keys order otherwise in segments with other values, but not the whole
        expect(rounded(withoutAfterKeys(finishAggregations(left, request)))).toEqual(expected)
        expect(rounded(withoutAfterKeys(finishAggregations(right, request)))).toEqual(expected)
        nonEmpty += rows.some((row) => Object.values(row).some((values) => values.length > 0)) ? 1 : 0
      }),
      { seed: 20260722, numRuns: 60 },
    )
    expect(nonEmpty).toBeGreaterThan(50)
  })

  test('lists of documents and deleted documents', async () => {
    const rows = Array.from({ length: 5000 }, (_, k): Row => ({ u: [k % 40], tag: [`t${k % 7}`], f: [k / 8] }))
    const deleted = rows.flatMap((_, k) => (k % 3 === 0 ? [k] : []))
    const aggs = { a: { terms: { field: 'tag' }, aggs: { s: { stats: { field: 'f' } } } } }
    const expected = rounded(
      aggregateRows(
        aggs,
        rows.filter((_, k) => k % 3 !== 0),
      ),
    )
    const index = await indexOf([rows], deleted)
    expect(rounded(await aggregate(index, aggs))).toEqual(expected)
    const request = parseAggregations(aggs)
    const collector = await AggregationCollector.forSegment((await indexOf([rows])).segments[0]!, request)
    collector.collect(Uint32Array.from(rows.keys()).filter((k) => k % 3 !== 0))
    expect(rounded(finishAggregations(await collector.partial(), request))).toEqual(expected)
  })

  test('pages of a composite are the whole', async () => {
    const rows = Array.from({ length: 300 }, (_, k): Row => ({
      tag: k % 5 === 0 ? [] : [`t${k % 11}`],
      i: [BigInt((k * 7) % 13) - 6n],
      f: [(k % 9) / 2],
    }))
    const index = await indexOf([rows.slice(0, 120), rows.slice(120)])
    for (const order of ['asc', 'desc'] as const) {
      const sources = [
        { t: { terms: { field: 'tag', order, missing_bucket: true } } },
        { n: { terms: { field: 'i', order: 'desc' } } },
        { h: { histogram: { field: 'f', interval: 1, order } } },
      ]
      const whole = (await aggregate(index, { c: { composite: { size: 1000, sources } } }))['c'] as Page
      const seen: AggregationJson[] = []
      for (let after: AggregationJson | undefined = {}; after !== undefined;) {
        const page = (await aggregate(index, { c: { composite: { size: 17, sources, after } } }))['c'] as Page
        seen.push(...page.buckets)
        after = page.after_key
      }
      expect(whole.buckets.length).toBeGreaterThan(100)
      expect(seen).toEqual(whole.buckets)
    }
  })
})

interface Page {
  readonly buckets: readonly AggregationJson[]
  readonly after_key?: AggregationJson
}

describe('terms', () => {
  const rows = (counts: Record<string, number>): Row[] =>
    Object.entries(counts).flatMap(([tag, count]) => Array.from({ length: count }, (): Row => ({ tag: [tag] })))

  test('are cut off by segment, with an error bound', async () => {
    const index = await indexOf([rows({ a: 5, b: 3, c: 1 }), rows({ a: 1, b: 3, c: 4 })])
    const aggs = { t: { terms: { field: 'tag', size: 1, segment_size: 2 } } }
    expect(await aggregate(index, aggs)).toEqual({
      t: { buckets: [{ key: 'b', doc_count: 6 }], sum_other_doc_count: 11, doc_count_error_upper_bound: 2 },
    })
    const merged = (await partialsOf(index, aggs)).reduce(mergePartials)
    expect(finishAggregations(prunePartial(merged, parseAggregations(aggs)), parseAggregations(aggs))).toEqual({
      t: { buckets: [{ key: 'b', doc_count: 6 }], sum_other_doc_count: 11, doc_count_error_upper_bound: 6 },
    })
  })

  test('are counted over several blocks of documents', async () => {
    const index = await indexOf([rows({ b: 2500, a: 3001, c: 1 })])
    const buckets = [
      { key: 'a', doc_count: 3001 },
      { key: 'b', doc_count: 2500 },
      { key: 'c', doc_count: 1 },
    ]
    const { t } = (await aggregate(index, { t: { terms: { field: 'tag' } } })) as { t: { buckets: unknown } }
    expect(t.buckets).toEqual(buckets)
  })

  test('of dates, addresses, booleans and paths of several types', async () => {
    const day = 86_400_000_000_000n
    const index = await indexOf([
      [
        { d: [day], ip: [0xffff_7f00_0001n], b: [true], json: [{ a: 1 } as never] },
        { d: [day + 5n], ip: [1n], json: [{ a: 'x' } as never] },
        { d: [day], json: [{ a: new JsonFloat(1) } as never] },
        { json: [{ a: true } as never] },
        {},
      ] as Row[],
    ])
    const terms = (field: string, more: object = {}): object => ({ terms: { field, order: { _key: 'asc' }, ...more } })
    const result = await aggregate(index, {
      d: terms('d'),
      ip: terms('ip'),
      b: terms('b'),
      j: terms('json.a'),
      m: terms('json.a', { missing: 'none' }),
      n: terms('nowhere', { missing: 7 }),
    })
    const buckets = (name: string): unknown => (result[name] as { buckets: unknown }).buckets
    expect(buckets('d')).toEqual([
      { key: '1970-01-02T00:00:00.000000005Z', doc_count: 1 },
      { key: '1970-01-02T00:00:00Z', doc_count: 2 },
    ])
    expect(buckets('ip')).toEqual([
      { key: '127.0.0.1', doc_count: 1 },
      { key: '::1', doc_count: 1 },
    ])
    expect(buckets('b')).toEqual([{ key: 1, key_as_string: 'true', doc_count: 1 }])
    expect(buckets('j')).toEqual([
      { key: 'x', doc_count: 1 },
      { key: 1, doc_count: 2 },
      { key: 1, key_as_string: 'true', doc_count: 1 },
    ])
    expect(buckets('m')).toEqual([
      { key: 'none', doc_count: 1 },
      { key: 'x', doc_count: 1 },
      { key: 1, doc_count: 2 },
      { key: 1, key_as_string: 'true', doc_count: 1 },
    ])
    expect(buckets('n')).toEqual([{ key: 7, doc_count: 5 }])
  })

  test('by a metric, with filters and without documents', async () => {
    const index = await indexOf([
      [
        { tag: ['apple'], u: [1] },
        { tag: ['banana'], u: [9] },
        { tag: ['apricot'], u: [5] },
      ],
    ])
    const of = async (parameters: object): Promise<unknown> => {
      const aggs = { t: { terms: { field: 'tag', ...parameters }, aggs: { s: { stats: { field: 'u' } } } } }
      return ((await aggregate(index, aggs))['t'] as { buckets: { key: string }[] }).buckets.map(({ key }) => key)
    }
    expect(await of({ order: { 's.max': 'desc' } })).toEqual(['banana', 'apricot', 'apple'])
    expect(await of({ include: 'ap.*', order: { _key: 'asc' } })).toEqual(['apple', 'apricot'])
    expect(await of({ exclude: ['apple'], order: { _key: 'asc' } })).toEqual(['apricot', 'banana'])
    await expect(of({ order: { none: 'desc' } })).rejects.toThrow('could not find aggregation with name none')
    const request = parseAggregations({ t: { terms: { field: 'tag', min_doc_count: 0 } } })
    const collector = await AggregationCollector.forSegment(index.segments[0]!, request)
    collector.collect(Uint32Array.of(1))
    expect(finishAggregations(await collector.partial(), request)).toMatchObject({
      t: {
        buckets: [
          { key: 'banana', doc_count: 1 },
          { key: 'apple', doc_count: 0 },
          { key: 'apricot', doc_count: 0 },
        ],
      },
    })
  })

  test('of several fields together', async () => {
    const index = await indexOf([[{ tag: ['a', 'b'], u: [1] }, { tag: ['a'], u: [1] }, { tag: ['b'] }]])
    const terms = [{ field: 'tag' }, { field: 'u', missing: 0 }]
    expect(await aggregate(index, { m: { multi_terms: { terms }, aggs: { n: { sum: { field: 'u' } } } } })).toEqual({
      m: {
        buckets: [
          { key: ['a', 1], key_as_string: 'a|1', doc_count: 2, n: { value: 2 } },
          { key: ['b', 0], key_as_string: 'b|0', doc_count: 1, n: { value: 0 } },
          { key: ['b', 1], key_as_string: 'b|1', doc_count: 1, n: { value: 1 } },
        ],
        sum_other_doc_count: 0,
        doc_count_error_upper_bound: 0,
      },
    })
  })
})

test('dates fall into intervals of milliseconds, with bounds', async () => {
  const hour = 3_600_000_000_000n
  const index = await indexOf([[{ d: [hour + 1n] }, { d: [3n * hour] }, { d: [-1n] }]])
  const histogram = async (more: object): Promise<unknown> =>
    (await aggregate(index, { h: { date_histogram: { field: 'd', fixed_interval: '1h', ...more } } }))['h']
  expect(await histogram({ min_doc_count: 1 })).toEqual({
    buckets: [
      { key_as_string: '1969-12-31T23:00:00Z', key: -3_600_000, doc_count: 1 },
      { key_as_string: '1970-01-01T01:00:00Z', key: 3_600_000, doc_count: 1 },
      { key_as_string: '1970-01-01T03:00:00Z', key: 10_800_000, doc_count: 1 },
    ],
  })
  const bounded = { hard_bounds: { min: 0, max: '1970-01-01T03:00:00Z' }, extended_bounds: { min: 0, max: 0 } }
  expect(await histogram(bounded)).toMatchObject({
    buckets: [{ doc_count: 0 }, { doc_count: 1 }, { doc_count: 0 }, { doc_count: 1 }],
  })
  const sources = [{ w: { date_histogram: { field: 'd', calendar_interval: 'month' } } }]
  expect(await aggregate(index, { c: { composite: { size: 5, sources } } })).toEqual({
    c: {
      buckets: [
        { key: { w: -2_678_400_000 }, doc_count: 1 },
        { key: { w: 0 }, doc_count: 2 },
      ],
      after_key: { w: 'dt:0' },
    },
  })
})

test('integers are summed without rounding where that is asked for', async () => {
  const big = (1n << 62n) + 1n
  const index = await indexOf([[{ i: [big] }, { i: [big, -3n] }], [{ i: [big] }], [{ u: [1] }]])
  const aggs = { s: { stats: { field: 'i' } }, t: { terms: { field: 'u' }, aggs: { x: { sum: { field: 'i' } } } } }
  const merged = (await partialsOf(index, aggs)).reduce(mergePartials)
  const exact = finishAggregations(merged, parseAggregations(aggs), { exactIntegers: true })
  expect(exact['s']).toMatchObject({ count: 4, sum: 3n * big - 3n, min: -3, max: big })
  expect(finishAggregations(merged, parseAggregations(aggs))['s']).toMatchObject({ sum: Number(3n * big), min: -3 })
})

test('filters by a query, with sub-aggregations', async () => {
  const index = await indexOf([
    [
      { tag: ['a'], u: [1] },
      { tag: ['b'], u: [2] },
      { tag: ['a'], u: [4] },
    ],
  ])
  expect(await aggregate(index, { f: { filter: 'tag:a', aggs: { s: { sum: { field: 'u' } } } } })).toEqual({
    f: { doc_count: 2, s: { value: 5 } },
  })
})

test('best hits of a bucket by fast fields', async () => {
  const index = await indexOf([
    [
      { tag: ['a'], u: [1], f: [0.5] },
      { tag: ['b'], u: [2] },
    ],
    [{ tag: ['a'], u: [4], f: [1.5] }],
  ])
  const top_hits = { size: 1, sort: [{ u: 'desc' }], docvalue_fields: ['f', 'ta*'] }
  const aggs = { t: { terms: { field: 'tag' }, aggs: { h: { top_hits } } } }
  expect(await aggregate(index, aggs)).toMatchObject({
    t: {
      buckets: [
        { key: 'a', h: { hits: [{ sort: [4], docvalue_fields: { f: [1.5], tag: ['a'] } }] } },
        { key: 'b', h: { hits: [{ sort: [2], docvalue_fields: { f: [], tag: ['b'] } }] } },
      ],
    },
  })
})

describe('sketches', () => {
  const rows = Array.from({ length: 3000 }, (_, k): Row => ({ f: [1.001 ** (k + 1)], i: [k * 31], tag: [`term ${k}`] }))

  test('percentiles are within one percent, zeros and negative values too', async () => {
    const percents = [0, 1, 10, 50, 99, 100]
    const index = await indexOf([rows.slice(0, 1000), rows.slice(1000)])
    const result = await aggregate(index, { p: { percentiles: { field: 'f', percents, keyed: false } } })
    const { values } = result['p'] as { values: { key: number; value: number }[] }
    for (const { key, value } of values) {
      const exact = rows[Math.trunc((key / 100) * 2999)]!['f']![0] as number
      expect(Math.abs(value - exact) / exact).toBeLessThan(0.0101)
    }
    const signed = await indexOf([[{ f: [-10] }, { f: [0] }, { f: [0] }, { f: [10] }]])
    const ends = await aggregate(signed, { p: { percentiles: { field: 'f', percents: [0, 10, 50, 99, 100] } } })
    expect(rounded(ends['p'])).toEqual({
      values: { '0.0': -10, '10.0': -10.0746967, '50.0': 0, '99.0': 0, '100.0': 10 },
    })
    const none = await aggregate(signed, { p: { percentiles: { field: 'u', percents: [50] } } })
    expect(none['p']).toEqual({ values: { '50.0': null } })
  })

  test('cardinality is within five percent, merged or not', async () => {
    const aggs = Object.fromEntries(['i', 'tag', 'f'].map((field) => [field, { cardinality: { field } }]))
    for (const parts of [[rows], [rows.slice(0, 100), rows.slice(100, 2000), rows.slice(1000)]]) {
      for (const result of Object.values(await aggregate(await indexOf(parts), aggs))) {
        expect(Math.abs((result as { value: number }).value - 3000) / 3000).toBeLessThan(0.05)
      }
    }
  })
})

describe('refusals', () => {
  test.each([
    [{ a: { missing: { field: 'u' } } }, 'unknown variant `missing`'],
    [{ a: { terms: { field: 'u', sizes: 3 } } }, 'unknown parameter `sizes`'],
    [{ a: { terms: {} } }, 'missing field `field`'],
    [{ a: { avg: { field: 'u' }, aggs: { b: { avg: { field: 'u' } } } } }, 'a metric has no sub-aggregations'],
    [{ a: { histogram: { field: 'u', interval: 0 } } }, 'interval must be a positive value'],
    [{ a: { date_histogram: { field: 'd', calendar_interval: 'month' } } }, '`calendar_interval` parameter'],
    [{ a: { date_histogram: { field: 'd', fixed_interval: '3y' } } }, 'unit not recognized'],
    [{ a: { percentiles: { field: 'u', percents: [101] } } }, 'between 0.0 and 100.0'],
    [{ a: { composite: { size: 0, sources: [{ a: { terms: { field: 'u' } } }] } } }, "'size' must be > 0"],
    [{ a: {} }, 'has 0 kinds'],
    [{ a: 3 }, 'is not an object'],
  ])('%j', (aggs, message) => {
    expect(() => parseAggregations(aggs)).toThrow(message)
  })

  test('more buckets than the limit', async () => {
    const index = await indexOf([[{ u: [0] }, { u: [100_000] }]])
    const aggs = { h: { histogram: { field: 'u', interval: 1 } } }
    await expect(aggregate(index, aggs)).rejects.toThrow('bucket limit was exceeded')
    const request = parseAggregations(aggs)
    const merged = (await partialsOf(index, aggs)).reduce(mergePartials)
    const options = { bucketLimit: 200_000 }
    expect((finishAggregations(merged, request, options)['h'] as { buckets: unknown[] }).buckets).toHaveLength(100_001)
  })

  test('a field that is not fast', async () => {
    const schema = IndexSchema.fromJson([{ name: 'u', type: 'u64', options: { ...number, fast: false } }])
    const writer = new SegmentWriter(schema, { dictionary: 'sstable', tokenizers: TokenizerManager.tantivy() })
    writer.add({ u: 1 })
    const index = await openIndex(new MemoryDirectory(writeIndex([writer.finish()], schema)))
    await expect(aggregate(index, { a: { avg: { field: 'u' } } })).rejects.toThrow('field u is not a fast field')
  })
})
