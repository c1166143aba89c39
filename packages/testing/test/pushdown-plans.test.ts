import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { explainQuery, multisetDifference, queryRows } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
let table: string

beforeAll(async () => {
  const [corpus] = fc.sample(corpora({ minDocs: 100, maxSplits: 3, evolved: false }), { numRuns: 1, seed: 11 })
  table = (await sessions.tree.publish(corpus!)).indexId
})

async function planOf(sql: string): Promise<string> {
  const { plan } = await explainQuery(sessions.local, sql.replaceAll('$t', `"${table}"`), { target_partitions: 2 })
  return plan.replaceAll(/layout=\w+/g, 'layout=L').replaceAll(table, 't')
}

test('filters of every form go into the source', async () => {
  const sql = `SELECT id FROM $t WHERE level ~ 'E' AND n BETWEEN 1 AND 3 AND date_trunc('day', ts) >= TIMESTAMP '1970-01-01 10:00:00'
    AND (f IS NULL OR upper(tag) LIKE 'TAG-1%') AND attrs->>'host' = 'db'`
  expect(await planOf(sql)).toMatchInlineSnapshot(`
    "CoalescePartitionsExec: partitions=2
      NetworkCoalesceExec: stage=1, tasks=1, partitions=2
    ProjectionExec: exprs=[id]
      ProjectionExec: exprs=[id, ts, level, tag, n, f, json_get_text(attrs, 'host')]
        ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, id, ts, level, tag, n, f, _split_id, _segment_ord, _doc_id, json_get_text(attrs, 'host')]
          FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, ts, level, tag, n, f, json_get_text(attrs, 'host')], filters=[regexp_like(level, 'E'), n >= 1, n <= 3, ts >= TIMESTAMP '1970-01-02 00:00:00', (f IS NULL) OR (upper(tag) LIKE 'TAG-1%'), json_get_text(attrs, 'host') = 'db']"
  `)
})

test('an aggregate goes into the source with its filter, keys and FILTER', async () => {
  const sql = `SELECT level, date_trunc('day', ts) AS day, count(*) FILTER (WHERE b), stddev_pop(f) FROM $t
    WHERE match(body, 'alpha') AND u > 1 GROUP BY level, day HAVING count(*) > 1`
  expect(await planOf(sql)).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[level, date_trunc('day', ts) AS day, count(*) FILTER (WHERE b) AS count, stddev_pop(f) AS stddev_pop]
      FilterExec: predicate=count(*) > 1
        AggregateExec: mode=final, groups=[level, date_trunc('day', ts)], aggregates=[count(*) FILTER (WHERE b), stddev_pop(f), count(*)]
          CoalescePartitionsExec: partitions=2
            NetworkCoalesceExec: stage=1, tasks=1, partitions=2
    TantivyAggregateExec: table=t, splits=3, layout=L/2, query=[match(body, 'alpha')], filters=[u > 1], groups=[level, date_trunc('day', ts)], aggregates=[count(*) FILTER (WHERE b), stddev_pop(f), count(*)]"
  `)
})

test('counts and bounds of everything are statistics', async () => {
  expect(await planOf('SELECT count(*), min(ts), max(level) FROM $t')).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[count(*) AS count, min(ts) AS min, max(level) AS max]
      AggregateExec: mode=final, groups=[], aggregates=[count(*), min(ts), max(level)]
        CoalescePartitionsExec: partitions=2
          NetworkCoalesceExec: stage=1, tasks=1, partitions=2
    TantivyAggregateExec: table=t, splits=3, layout=L/2, aggregates=[count(*), min(ts), max(level)], by=statistics"
  `)
})

test('a top k of a search by two fields, documents last', async () => {
  const sql = `SELECT id, upper(body) FROM $t WHERE match(body, 'alpha') ORDER BY ts DESC NULLS LAST, level LIMIT 3 OFFSET 1`
  expect(await planOf(sql)).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[id, upper]
      ProjectionExec: exprs=[id, upper(body) AS upper, ts, level]
        SortPreservingMergeExec: keys=[ts DESC NULLS LAST, level NULLS LAST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST]
          NetworkCoalesceExec: stage=3, tasks=1, partitions=1
    SortExec: keys=[ts DESC NULLS LAST, level NULLS LAST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=4, preserve_partitioning=true
      ProjectionExec: exprs=[id, ts, level, _split_id, _segment_ord, _doc_id]
        ProjectionExec: exprs=[id, ts, level, _split_id, _segment_ord, _doc_id]
          ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, _split_id, _segment_ord, _doc_id, id, ts, level]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, ts, level], query=[match(body, 'alpha')], top_k=4 by [ts DESC NULLS LAST, level NULLS LAST]
    LimitExec: skip=1, fetch=3
      SortPreservingMergeExec: keys=[ts DESC NULLS LAST, level NULLS LAST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=4
        NetworkCoalesceExec: stage=1, tasks=1, partitions=2
    DocumentFetchExec: table=t, splits=3, fields=[body]
      NetworkBroadcastExec: stage=2, tasks=1, partitions=1"
  `)
})

test('the best by score, documents last', async () => {
  expect(await planOf(`SELECT body FROM $t WHERE match(body, 'alpha') ORDER BY score() DESC LIMIT 2`))
    .toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[body]
      ProjectionExec: exprs=[body, score()]
        SortPreservingMergeExec: keys=[score() DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST]
          NetworkCoalesceExec: stage=3, tasks=1, partitions=1
    SortExec: keys=[score() DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=2, preserve_partitioning=true
      ProjectionExec: exprs=[_score AS score(), _split_id, _segment_ord, _doc_id]
        ProjectionExec: exprs=[_score, _split_id, _segment_ord, _doc_id]
          InvertedIndexExec: table=t, splits=3, layout=L/2, query=[match(body, 'alpha')], score=bm25, top_k=2
    LimitExec: fetch=2
      SortPreservingMergeExec: keys=[score() DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=2
        NetworkCoalesceExec: stage=1, tasks=1, partitions=2
    DocumentFetchExec: table=t, splits=3, fields=[body]
      NetworkBroadcastExec: stage=2, tasks=1, partitions=1"
  `)
})

test('DISTINCT ON, documents last', async () => {
  expect(await planOf('SELECT DISTINCT ON (level) level, body FROM $t ORDER BY level, ts')).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[level, body]
      ProjectionExec: exprs=[level, body, ts, row_number]
        SortPreservingMergeExec: keys=[level NULLS LAST, ts NULLS LAST]
          NetworkCoalesceExec: stage=4, tasks=1, partitions=1
    RepartitionExec: partitioning=hash([level], 2), input_partitions=2
      ProjectionExec: exprs=[level, ts, _split_id, _segment_ord, _doc_id]
        ProjectionExec: exprs=[ts, level, _split_id, _segment_ord, _doc_id]
          FastFieldExec: table=t, splits=3, layout=L/2, fields=[ts, level]
    SortExec: keys=[level NULLS LAST, ts NULLS LAST], preserve_partitioning=true
      FilterExec: predicate=row_number = 1
        WindowExec: calls=[row_number() OVER (PARTITION BY level ORDER BY level NULLS LAST, ts NULLS LAST)]
          NetworkShuffleExec: stage=1, tasks=1, partitioning=hash([level], 2)
    SortPreservingMergeExec: keys=[level NULLS LAST, ts NULLS LAST]
      NetworkCoalesceExec: stage=2, tasks=1, partitions=2
    DocumentFetchExec: table=t, splits=3, fields=[body]
      NetworkBroadcastExec: stage=3, tasks=1, partitions=1"
  `)
})

test('17: a limit that tasks share gives as many rows as there are, and no more', async () => {
  const matching = `FROM "${table}" WHERE match(body, 'alpha')`
  const total = (await queryRows(sessions.local, `SELECT id ${matching}`)).length
  expect(total).toBeGreaterThan(10)
  for (const session of [sessions.local, sessions.workers]) {
    for (const [limit, offset] of [
      [0, 0],
      [1, 0],
      [7, 2],
      [total - 1, 0],
      [total, 1],
      [1000, 0],
    ] as const) {
      const rows = await queryRows(session, `SELECT id ${matching} LIMIT ${limit} OFFSET ${offset}`, {
        target_partitions: 3,
      })
      expect(rows).toHaveLength(Math.min(limit, total - offset))
      expect(new Set(rows.map(([id]) => id)).size).toBe(rows.length)
    }
  }
})

test('16: the far side of a join fetches the documents that match', async () => {
  const sql = `SELECT b.id, b.body FROM (VALUES ('tag-1'), ('tag-2'), ('tag-3')) k(x) JOIN "${table}" b ON b.tag = k.x`
  for (const session of [sessions.local, sessions.workers]) {
    const rows = await queryRows(session, sql)
    expect(multisetDifference(rows, await queryRows(session, sql, { 'rules.RuntimeFilters': 'off' }))).toBeNull()
    expect(rows.length).toBeGreaterThan(2)
    expect(counter(await analyzed(session, sql), 'docs_fetched')).toBe(rows.length)
    const all = counter(await analyzed(session, sql, { 'rules.RuntimeFilters': 'off' }), 'docs_fetched')
    expect(all).toBeGreaterThan(rows.length)
  }
})

test.each([
  ['SELECT body, note FROM $t LIMIT 4'],
  ['SELECT body FROM $t WHERE n > 0 LIMIT 3 OFFSET 1'],
  ['SELECT id, body, attrs FROM $t ORDER BY n, id LIMIT 5'],
  ['SELECT DISTINCT ON (level) level, id, body FROM $t ORDER BY level, n, id'],
  [
    'SELECT level, id, body FROM (SELECT level, id, body, row_number() OVER (PARTITION BY tag ORDER BY id) AS r FROM $t) WHERE r = 2',
  ],
  ['SELECT a.id, a.body, b.id FROM $t a JOIN $t b ON a.n = b.u ORDER BY a.id, b.id LIMIT 5'],
  ['SELECT a.id, b.body FROM $t a JOIN $t b ON a.id = b.id AND a.n <> b.u ORDER BY a.id DESC LIMIT 5'],
  ['SELECT a.id, a.body, b.level FROM $t a LEFT JOIN $t b ON a.tag = b.level ORDER BY a.id, b.id LIMIT 4'],
  ['SELECT a.id, a.body, b.note FROM $t a LEFT JOIN $t b ON a.tag = b.level ORDER BY a.id, b.id LIMIT 4'],
  ['SELECT a.note, b.id, a._source FROM $t a RIGHT JOIN $t b ON a.n = b.u AND a.b ORDER BY b.id, a.id LIMIT 7'],
  ['SELECT a.note, b.id FROM $t b LEFT JOIN $t a ON a.id = b.id + 1000000 ORDER BY b.id LIMIT 3'],
  [
    "SELECT b.id, coalesce(a.body, '-') FROM $t b LEFT JOIN (SELECT id, body FROM $t) a ON a.id = b.u ORDER BY b.id, a.id LIMIT 9",
  ],
  ['SELECT a.id, b.note FROM $t a JOIN $t b ON a.n = b.u ORDER BY a.id, b.id LIMIT 5'],
  ['SELECT a.id, a.body FROM $t a WHERE EXISTS (SELECT 1 FROM $t b WHERE b.u = a.n) ORDER BY a.id LIMIT 4'],
  [
    `SELECT x.id, x.body, s.c FROM (SELECT id, body, level, row_number() OVER (PARTITION BY level ORDER BY id) AS r FROM $t) x
      LEFT JOIN (SELECT level, count(*) AS c FROM $t GROUP BY level) s ON s.level = x.level WHERE r = 1`,
  ],
  ["SELECT coalesce(body, '') || ':' || id FROM $t ORDER BY ts, id LIMIT 4"],
])('16: no document more than rows: %s', async (sql) => {
  const text = sql.replaceAll('$t', `"${table}"`)
  const limited = text.includes('LIMIT') && !text.includes('ORDER BY')
  for (const session of [sessions.local, sessions.workers]) {
    const rows = await queryRows(session, text)
    const off = await queryRows(session, text, { 'rules.DocumentsLast': 'off' })
    expect(rows.length).toBeGreaterThan(2)
    if (limited) expect(rows).toHaveLength(off.length)
    else expect(multisetDifference(rows, off)).toBeNull()
    const plan = await analyzed(session, text)
    expect(plan).toContain('DocumentFetchExec')
    expect(counter(plan, 'docs_fetched')).toBeLessThanOrEqual(rows.length)
  }
})

test('what is computed of stored columns before an outer join pads them is NULL where it pads', async () => {
  const sql = `SELECT b.id, a.body FROM "${table}" b LEFT JOIN (SELECT id, coalesce(body, 'none') AS body FROM "${table}") a
    ON a.id = b.u ORDER BY b.id, a.id LIMIT 30`
  for (const session of [sessions.local, sessions.workers]) {
    const rows = await queryRows(session, sql)
    expect(rows.filter(([, body]) => body === null).length).toBeGreaterThan(2)
    expect(multisetDifference(rows, await queryRows(session, sql, { 'rules.DocumentsLast': 'off' }))).toBeNull()
  }
})

test('keys that follow from other keys are computed above the aggregate', async () => {
  const sql = `SELECT b, n, NOT b, 'x', upper(level), level, count(*) FROM $t GROUP BY b, n, NOT b, 'x', upper(level), level, n`
  expect(await planOf(sql)).toMatch(/TantivyAggregateExec: .*groups=\[b, n, level\]/)
  const rows = await queryRows(sessions.local, sql.replace('$t', `"${table}"`))
  const without = await queryRows(sessions.local, sql.replace('$t', `"${table}"`), { 'rules.reduce_group_keys': 'off' })
  expect(rows.length).toBeGreaterThan(10)
  expect(multisetDifference(rows, without)).toBeNull()
  expect(await planOf(`SELECT 'x', 'y' FROM $t WHERE n = 12345 GROUP BY 1, 2`)).toMatch(/groups=\['x'\]/)
  expect(await queryRows(sessions.local, `SELECT 'x', 1 FROM "${table}" WHERE n = 12345 GROUP BY 1, 2`)).toEqual([])
})

test.each([
  `SELECT level, count(*), sum(n) FROM $t WHERE match(body, 'alpha') OR n > 1 GROUP BY level`,
  `SELECT match(body, 'alpha') AS m, level, count(*), max(tag) FROM $t WHERE NOT match(body, 'beta') GROUP BY 1, 2`,
  `SELECT count(*) FILTER (WHERE match(body, 'alpha') AND n IS NOT NULL), bool_or(match(body, 'gamma')) FROM $t`,
  `SELECT tag, count(*) FROM $t WHERE match(level, 'ERROR') AND CASE WHEN n > 1 THEN match(body, 'alpha') ELSE f > 0 END GROUP BY tag`,
])('13, 14: aggregates over text predicates anywhere are computed in their source: %s', async (sql) => {
  expect(await planOf(sql)).toMatch(/TantivyAggregateExec/)
  const text = sql.replace('$t', `"${table}"`)
  const off = await queryRows(sessions.local, text, { target_partitions: 3, 'rules.AggPushdown': 'off' })
  expect(off.length).toBeGreaterThan(0)
  for (const session of [sessions.local, sessions.workers]) {
    for (const target_partitions of [1, 3, 8]) {
      expect(multisetDifference(await queryRows(session, text, { target_partitions }), off)).toBeNull()
    }
  }
})

test.each([
  ['n NOT IN (1, NULL)', 0],
  ['NOT (n IN (1, NULL))', 0],
  ["level NOT IN ('ERROR', NULL)", 0],
  ['f NOT IN (0, NULL)', 0],
  ['n = NULL OR u <> NULL', 0],
  ['n IN (1, NULL)', 1],
  ['n IS DISTINCT FROM NULL', 1],
  ['n IS NOT DISTINCT FROM NULL', 1],
] as const)('12, 18: a NULL among literals: %s', async (condition, least) => {
  const sql = `SELECT id FROM "${table}" WHERE ${condition}`
  const rows = await queryRows(sessions.local, sql)
  if (least === 0) expect(rows).toEqual([])
  expect(rows.length).toBeGreaterThanOrEqual(least)
  expect(rows.length).toBeLessThan(100)
  const off = { 'rules.FastFieldFilterPushdown': 'off', 'rules.simplify_expressions': 'off' }
  expect(multisetDifference(rows, await queryRows(sessions.local, sql, off))).toBeNull()
  const unfolded = await queryRows(sessions.local, sql, { 'rules.simplify_expressions': 'off' })
  expect(multisetDifference(rows, unfolded)).toBeNull()
})
