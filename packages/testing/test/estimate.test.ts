import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { queryRows } from '../src/index.ts'
import { corpora, sampleDocuments } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
let table: string

beforeAll(async () => {
  const [corpus] = fc.sample(corpora({ minDocs: 100, maxSplits: 3, evolved: false }), { numRuns: 1, seed: 11 })
  table = (await sessions.tree.publish(corpus!)).indexId
})

async function onColdSession<T>(use: (session: VolleySession) => Promise<T>): Promise<T> {
  const session = await connect({ metastore: sessions.tree.uri, settings: { target_partitions: '1' } })
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

const queries = [
  'SELECT count(level), min(n) FROM $t',
  "SELECT level, count(*), sum(n) FROM $t WHERE match(body, 'alpha') GROUP BY level",
  'SELECT id, score() FROM $t WHERE body @@ \'body:"alpha beta" OR body:gam*\' ORDER BY score() DESC LIMIT 3',
  'SELECT min(ts), max(u) FROM $t WHERE f > 0',
  'SELECT id, body FROM $t',
]

test.for(queries)('the estimate of %s is near what is read', async (query) => {
  const sql = query.replace('$t', `"${table}"`)
  const estimate = await queryRows(sessions.local, `EXPLAIN (ESTIMATE) ${sql}`)
  const [, , splits, requests, bytes] = estimate.at(-1)!.map(Number)
  const plan = await onColdSession((session) => analyzed(session, sql))
  expect(splits).toBeGreaterThan(1)
  expect(counter(plan, 'bytes_read')).toBeGreaterThan(0)
  expect(bytes! / counter(plan, 'bytes_read')).toBeGreaterThan(0.9)
  expect(bytes! / counter(plan, 'bytes_read')).toBeLessThan(1.5)
  expect(requests! / counter(plan, 'requests')).toBeGreaterThan(0.5)
})

const BY_DAY = '1970-01-04'
/**
 * Queries over four splits of a day each, how many of them the estimate has, and the part of its bytes that is read at least:
 * what is skipped while a query runs, and what planning has opened, is not read.
 */
const shapes: readonly (readonly [sql: string, splits: number, least: number])[] = [
  [`SELECT id FROM $t WHERE ts >= TIMESTAMP '${BY_DAY}'`, 1, 0.9],
  [`SELECT id FROM $t WHERE level = 'L1' AND u > 1`, 1, 0.9],
  [`SELECT id FROM $t WHERE match(body, 'alpha')`, 4, 0.9],
  [`SELECT count(*) FROM $t WHERE match(body, 'alpha') OR tag = 'tag-1'`, 4, 0.9],
  [`SELECT attrs->>'host', count(*) FROM $t WHERE attrs->>'host' <> 'db' GROUP BY 1`, 4, 0.9],
  [`SELECT id, note FROM $t ORDER BY ts DESC LIMIT 3`, 4, 0.3],
  [`SELECT id FROM $t WHERE match(body, 'alpha') ORDER BY score() DESC LIMIT 3`, 4, 0.3],
  [
    `SELECT level, count(*), sum(u) FROM $t WHERE ts < TIMESTAMP '1970-01-03' GROUP BY level HAVING count(*) > 1`,
    2,
    0.9,
  ],
  [`SELECT DISTINCT ON (level) level, note FROM $t ORDER BY level, id`, 4, 0.3],
  [`SELECT a.id, b.note FROM $t a JOIN $t b ON a.n = b.u`, 4, 0.9],
  [`SELECT t.id FROM (VALUES ('tag-1')) k(x) JOIN $t t ON t.tag = k.x`, 4, 0.9],
  [`SELECT id FROM $t WHERE ts >= TIMESTAMP '${BY_DAY}' UNION ALL SELECT n FROM $t WHERE u > 1`, 5, 0.5],
  [`SELECT id FROM $t WHERE n = (SELECT max(u) FROM $t)`, 4, 0.9],
  [`WITH late AS (SELECT * FROM $t WHERE ts >= TIMESTAMP '${BY_DAY}') SELECT sum(n) FROM late`, 1, 0.9],
  [`SELECT sum(n) FROM late_view`, 1, 0.9],
  [`SELECT t.id, p.y FROM read_parquet('$p') p JOIN $t t ON t.n = p.x WHERE t.level = 'L2'`, 1, 0.03],
  [`SELECT body FROM $t LIMIT 3`, 4, 0.3],
  [`SELECT id FROM $t WHERE FALSE`, 0, 1],
]

test('an estimate is the most that is read, of any query', { timeout: 60_000 }, async () => {
  const placed = sampleDocuments(240, 41).map((document, i) => ({
    document: { ...document, ts: BigInt(i % 4) * 86_400_000n + BigInt(i), level: `L${i % 4}` },
    split: i % 4,
    segment: i % 2,
    deleted: false,
  }))
  const { indexId } = await sessions.tree.publish({ placed, ages: [] })
  const parquet = path.join(sessions.tree.root, 'few.parquet')
  const view = `CREATE VIEW late_view AS SELECT n FROM "${indexId}" WHERE ts >= TIMESTAMP '${BY_DAY}'`
  const queries = shapes.map(([sql]) => sql.replaceAll('$t', `"${indexId}"`).replace('$p', parquet))
  const estimates = await onColdSession(async (session) => {
    await queryRows(session, view)
    await queryRows(session, `COPY (SELECT 1 AS x, 'a' AS y) TO '${parquet}'`)
    const totals: number[][] = []
    for (const sql of queries)
      totals.push((await queryRows(session, `EXPLAIN (ESTIMATE) ${sql}`)).at(-1)!.slice(2, 5).map(Number))
    return totals
  })
  let less = 0
  for (const [i, [, splits, least]] of shapes.entries()) {
    const sql = queries[i]!
    const [ofSplits, , bytes] = estimates[i]!
    expect(ofSplits, sql).toBe(splits)
    const read = await onColdSession(async (session) => {
      await queryRows(session, view)
      return counter(await analyzed(session, sql), 'bytes_read')
    })
    // Heads of columns whose places no footer knows are not in it.
    expect(read, sql).toBeLessThanOrEqual(bytes! * 1.02)
    expect(read, sql).toBeGreaterThanOrEqual(bytes! * least)
    less += +(read < bytes! * 0.9)
  }
  expect(less).toBeGreaterThan(2)
})

test('the number of documents is in the metadata, and nothing is read for it', async () => {
  const sql = `SELECT count(*) FROM "${table}"`
  expect((await queryRows(sessions.local, `EXPLAIN (ESTIMATE) ${sql}`)).at(-1)!.slice(2, 5).map(Number)).toEqual([
    0, 0, 0,
  ])
  const plan = await onColdSession((session) => analyzed(session, sql))
  expect([counter(plan, 'bytes_read'), counter(plan, 'splits_by_metadata') > 1]).toEqual([0, true])
  expect(plan).toContain('by=metadata')
})

test('says of each part how it was come by, also as JSON', async () => {
  const sql = `SELECT id, body FROM "${table}" WHERE match(body, 'alpha')`
  const rows = await queryRows(sessions.local, `EXPLAIN (ESTIMATE) ${sql}`)
  expect(rows.map(([name, part, , , , by]) => [name, part, by])).toEqual([
    [table, 'footers', 'metastore'],
    [table, 'postings', 'term dictionaries'],
    [table, 'documents', 'blocks of about 10 documents of the stores'],
    [null, 'total', `${String(rows[0]![2])} splits opened`],
  ])
  const [[json]] = (await queryRows(sessions.local, `EXPLAIN (ESTIMATE, FORMAT JSON) ${sql}`)) as [[string]]
  expect(JSON.parse(json)).toMatchObject({ bytes: Number(rows.at(-1)![4]), tables: [{ table }] })
  await expect(queryRows(sessions.local, `EXPLAIN (ESTIMATE, ANALYZE) ${sql}`)).rejects.toMatchObject({ code: '22023' })
})

test('a query that would read more than it may is refused before it runs', async () => {
  const run = (limit: string) =>
    onColdSession((session) => queryRows(session, `SELECT id, body FROM "${table}"`, { max_bytes_scanned: limit }))
  await expect(run('1kB')).rejects.toMatchObject({
    code: '54000',
    message: expect.stringMatching(/^the query would read [\d.]+ kB, more than max_bytes_scanned allows \(1\.0 kB\)$/),
  })
  expect((await run('10MB')).length).toBeGreaterThan(90)
})

test('whichever way a query is run, it is refused before a split is read', { timeout: 60_000 }, async () => {
  const sql = `SELECT id, body FROM "${table}"`
  const ways: Readonly<Record<string, (session: VolleySession) => Promise<unknown>>> = {
    chunks: async (session) => {
      for await (const rows of (await session.sql(sql)).chunks()) return rows
    },
    batches: async (session) => {
      for await (const batch of (await session.sql(sql)).batches()) return batch
    },
    parameters: (session) => session.sql(`${sql} WHERE id >= $1`, { params: [0] }),
    prepared: async (session) => {
      await session.sql(`PREPARE all_of AS ${sql}`)
      await session.sql('EXECUTE all_of')
    },
    'remembered plan': async (session) => {
      session.set('max_bytes_scanned', '10MB')
      await queryRows(session, sql)
      session.set('max_bytes_scanned', '1kB')
      await session.sql(sql)
    },
    analyzed: (session) => session.sql(`EXPLAIN ANALYZE ${sql}`),
    'a new table': (session) => session.sql(`CREATE TABLE copied AS ${sql}`),
    'a file': (session) => session.sql(`COPY (${sql}) TO '${path.join(sessions.tree.root, 'refused.parquet')}'`),
    'a subquery': (session) => session.sql(`SELECT 1 WHERE EXISTS (${sql} WHERE body = 'x')`),
    threads: (session) => {
      session.set('threads', '2')
      return session.sql(sql)
    },
  }
  for (const [way, run] of Object.entries(ways)) {
    await onColdSession(async (session) => {
      session.set('max_bytes_scanned', '1kB')
      await expect(run(session), way).rejects.toMatchObject({
        code: '54000',
        message: expect.stringContaining('would read'),
      })
    })
  }
  expect(fs.existsSync(path.join(sessions.tree.root, 'refused.parquet'))).toBe(false)
})

test('a query that has read more than it may is stopped', async () => {
  await onColdSession(async (session) => {
    session.set('max_bytes_scanned', '1kB')
    // Only statements that are run are estimated before.
    const ran = session.explain(`SELECT id, body FROM "${table}"`, { analyze: true })
    await expect(ran).rejects.toMatchObject({
      code: '54000',
      message: expect.stringMatching(/^the query has read [\d.]+ kB, more than max_bytes_scanned allows \(1\.0 kB\)$/),
    })
  })
})
