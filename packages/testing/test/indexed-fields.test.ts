import { DocMapping } from '@volley/splits'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { queryRows, TestTree } from '../src/index.ts'
import { analyzed, counter } from './support/counters.ts'

const DOCS = 240
const OFF = { 'rules.fast_field_filter_pushdown': 'off' }
const field = (name: string, type: string, more: Record<string, unknown> = {}) => ({
  name,
  type,
  indexed: true,
  stored: true,
  ...more,
})
const fields = [
  { name: 'id', type: 'u64', fast: true },
  field('u', 'u64'),
  field('i', 'i64'),
  field('f', 'f64'),
  field('b', 'bool'),
  field('t', 'datetime', { input_formats: ['rfc3339'], fast: false }),
  field('word', 'text', { tokenizer: 'raw' }),
  field('body', 'text', { tokenizer: 'default' }),
  field('hex', 'bytes', { input_format: 'hex', output_format: 'hex' }),
  field('b64', 'bytes'),
  field('ip', 'ip'),
  field('attrs', 'json', { tokenizer: 'raw' }),
]
const mapping = DocMapping.fromJson({
  doc_mapping_uid: '01J00000000000000000000001',
  mode: 'strict',
  field_mappings: fields,
})
/** The one before: numbers and words could be several. */
const lists = new Map([
  ['u', 'array<u64>'],
  ['word', 'array<text>'],
])
const before = DocMapping.fromJson({
  doc_mapping_uid: '01J00000000000000000000000',
  mode: 'strict',
  field_mappings: fields.map((each) => ({ ...each, type: lists.get(each.name) ?? each.type })),
})

/** No value is written so, or it is the second of several. */
const NOTHING = new Set([
  "f < '-Infinity'",
  'u = 77',
  "word = 'other'",
  "hex = '09FF'",
  "hex = 'no bytes'",
  "b64 = 'CQ'",
  "ip = '::ffff:10.0.0.9'",
])
const hosts = ['web-1', ['web-1'], 'true', true, null, { a: 1 }, '12', 12]
const documents = (first: number) =>
  Array.from({ length: DOCS }, (_, k) => {
    const n = first + k
    return {
      deleted: k % 17 === 5,
      input: {
        id: BigInt(n),
        ...(k % 11 === 3
          ? {}
          : {
              u: BigInt(n % 40),
              i: BigInt((n % 40) - 20),
              f: (n % 8) / 2 - 1,
              b: n % 6 === 0,
              // before and behind 1970, with and without a part of a second
              t: BigInt((n % 60) - 30) * 500_000_000n,
              word: n % 40 === 7 ? 'x'.repeat(300) : `word-${n % 40}`,
              body: `some word-${n % 40} here`,
              hex: new Uint8Array([n % 40, 255]),
              b64: new Uint8Array([n % 40]),
              ip: BigInt(n % 40) + 0xffff0a000000n,
              attrs: { host: hosts[n % hosts.length] },
            }),
      },
    }
  })

let tree: TestTree
let session: VolleySession
let table: string
beforeAll(async () => {
  tree = await TestTree.create()
  const several = documents(1000).map(({ input, deleted }) => ({
    deleted,
    input: 'u' in input ? { ...input, u: [input.u!, 77n], word: [input.word!, 'other'] } : input,
  }))
  const { indexId } = await tree.publishMapped(mapping, [
    { mapping, segments: [documents(0).slice(0, 100), documents(0).slice(100)] },
    { mapping, segments: [documents(500)] },
    { mapping: before, segments: [several] },
  ] as never)
  table = `"${indexId}"`
  session = await connect({ metastore: tree.uri, poison: true })
})
afterAll(async () => {
  await session.close()
  tree.remove()
})

describe('a field that is stored and indexed, and not fast, is filtered by its terms', () => {
  test.each([
    ['u = 5', true],
    ['u IN (3, 5, NULL)', true],
    ['u BETWEEN 3 AND 5', true],
    ['u > 37', true],
    ['7 > u', true],
    ['u = 77', true],
    ['i = -20', true],
    ['i < -17', true],
    ['i BETWEEN -2 AND 1', true],
    ['f = 0', true],
    ['f > 2', true],
    ['f <= -0.5', true],
    ["f < '-Infinity'", true],
    ["f > '-Infinity' AND f < 0", true],
    ['b', true],
    ['NOT b', true],
    ["t = '1969-12-31T23:59:59.500Z'", true],
    ["t >= '1970-01-01T00:00:14Z'", true],
    ["t < '1969-12-31T23:59:46.5Z'", true],
    ["t BETWEEN '1969-12-31T23:59:59.1Z' AND '1970-01-01T00:00:00.9Z'", true],
    ["word = 'word-9'", true],
    ["word IN ('word-9', 'word-10', 'nothing')", true],
    ["word = 'other'", true],
    [`word = '${'x'.repeat(300)}'`, false],
    ["word LIKE 'word-9%'", false],
    ["body = 'some word-9 here'", false],
    ["hex = '09ff'", true],
    ["hex = '09FF'", true],
    ["hex = 'no bytes'", true],
    ["hex IN ('09ff', '0aff')", true],
    ["b64 = 'CQ=='", true],
    ["b64 = 'CQ'", true],
    ["ip = '10.0.0.9'", true],
    ["ip = '::ffff:10.0.0.9'", true],
    ["attrs->>'host' = 'web-1'", true],
    ["attrs->>'host' = 'true'", false],
    ["attrs->>'host' IN ('12', 'web-1')", false],
    ['u <> 5', false],
    ['u IS NULL', false],
    ["word = 'word-9' OR i = 3", true],
    ["word = 'word-9' AND i > -20", true],
  ])('%s', async (predicate, byTerms) => {
    const sql = `SELECT id, u, word FROM ${table} WHERE ${predicate} ORDER BY id`
    const rows = await queryRows(session, sql)
    expect(rows.length > 0).toBe(!NOTHING.has(predicate))
    expect(rows).toEqual(await queryRows(session, sql, { ...OFF, resident_paths: 'off' }))
    const plan = await analyzed(session, sql, { resident_paths: 'off' })
    expect(counter(plan, 'filters_by_postings') > 0).toBe(byTerms)
    const matching = await queryRows(session, `SELECT count(*) FROM ${table} WHERE ${predicate}`)
    expect(matching).toEqual([[BigInt(rows.length)]])
  })

  test('no more documents are read than are found, and none to count where the mapping is the one in use', async () => {
    const where = `WHERE hex = '09ff' AND word = 'word-9'`
    const plan = await analyzed(session, `SELECT id, body FROM ${table} ${where}`)
    expect(counter(plan, 'rows', 'FastFieldExec')).toBeGreaterThan(3)
    // Of the older mapping, the one predicate that may be of several values is read once more.
    const rows = await queryRows(session, `SELECT id FROM ${table} ${where}`)
    const older = rows.filter(([id]) => (id as bigint) >= 1000n).length
    expect(older).toBeGreaterThan(0)
    const counted = await analyzed(session, `SELECT count(*) FROM ${table} ${where}`)
    expect(counter(counted, 'docs_fetched')).toBe(
      counter(await analyzed(session, `SELECT count(*) FROM ${table} ${where} AND id >= 1000`), 'docs_fetched'),
    )
    expect(
      counter(await analyzed(session, `SELECT count(*) FROM ${table} ${where} AND id < 1000`), 'docs_fetched'),
    ).toBe(0)
  })

  test('the estimate of what is read knows the documents from the terms', async () => {
    const sql = `SELECT id, body FROM ${table} WHERE hex = '09ff' AND word LIKE 'word%'`
    const [{ length: found }, estimated, all] = await Promise.all([
      queryRows(session, `SELECT id FROM ${table} WHERE hex = '09ff'`),
      queryRows(session, `EXPLAIN (ESTIMATE) ${sql}`),
      queryRows(session, `EXPLAIN (ESTIMATE) SELECT id, body FROM ${table}`),
    ])
    const documentsIn = (rows: typeof estimated): number =>
      Number(/about (\d+) documents/.exec(String(rows.find(([, part]) => part === 'documents')![5]))![1])
    expect(documentsIn(estimated)).toBeGreaterThanOrEqual(found)
    expect(documentsIn(estimated)).toBeLessThan(DOCS / 4)
    expect(documentsIn(all)).toBeGreaterThan(2 * DOCS)
  })

  test('keys of a join are looked up there before documents are read', async () => {
    const sql = `SELECT h.id, h.word FROM (VALUES ('09ff'), ('0bff')) AS keys (k) JOIN ${table} h ON h.hex = k ORDER BY 1`
    const rows = await queryRows(session, sql)
    expect(rows.length).toBeGreaterThan(20)
    expect(rows).toEqual(await queryRows(session, sql, { 'rules.runtime_filters': 'off' }))
    const plan = await analyzed(session, sql)
    expect(counter(plan, 'docs_fetched')).toBeLessThan(3 * rows.length)
    const none = `SELECT h.id FROM (SELECT id FROM ${table} WHERE id = 9999999) AS few JOIN ${table} h ON h.u = few.id`
    const skipped = await analyzed(session, none)
    expect(counter(skipped, 'docs_fetched')).toBe(0)
  })
})
