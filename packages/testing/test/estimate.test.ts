import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'
import { queryRows } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
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
