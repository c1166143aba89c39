import { Arena } from '@volley/kernels'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { connect, type VolleySession } from 'volley'

/** Columns of every kind, with NULLs, some clustered; texts that repeat and others. `seed` and `rows` say which. */
function select(seed: number, rows: number): string {
  const h = `((i * 7919 + ${seed} * 104729) % 9973)`
  return `SELECT i AS id, CAST(${h} % 50 AS INT) AS n, CAST(i / 300 AS BIGINT) AS grown,
    CASE WHEN ${h} % 7 = 0 THEN NULL ELSE CAST(${h} AS BIGINT) * 1000000007 END AS wide,
    CASE ${h} % 5 WHEN 0 THEN NULL WHEN 1 THEN CAST('NaN' AS DOUBLE) ELSE ${h} / 8.0 END AS f,
    CASE ${h} % 3 WHEN 0 THEN NULL ELSE ${h} % 2 = 0 END AS b,
    CASE ${h} % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'wörd ' || (${h} % 11) END AS word,
    CASE WHEN ${h} % 6 = 0 THEN NULL ELSE 'text ' || i END AS text,
    CAST(${h} AS DECIMAL(12, 2)) / 4 AS amount,
    DATE '2024-01-01' + CAST(i / 40 AS INT) AS day,
    [${h} % 3, NULL, i] AS list, {'x': ${h} % 4, 'y': 'in ' || (${h} % 5)} AS pair
    FROM range(0, ${rows}) t(i)`
}

const QUERIES = [
  'SELECT count(*), sum(n), min(wide), max(f), count(word), min(text), sum(amount), max(day) FROM t',
  'SELECT * FROM t WHERE id % 97 = 3 ORDER BY id',
  'SELECT * FROM t ORDER BY n, id DESC LIMIT 9',
  'SELECT count(*) FROM t WHERE grown = 2',
  'SELECT id, text FROM t WHERE grown >= 3 AND n <> 7 ORDER BY id LIMIT 40',
  'SELECT count(*) FROM t WHERE grown >= 0 AND grown < 100000',
  "SELECT word, count(*), sum(n) FROM t WHERE word LIKE '%rd%' GROUP BY word ORDER BY word",
  "SELECT id, word, list, pair FROM t WHERE word = 'wörd 3' ORDER BY id",
  'SELECT b, f, count(*) FROM t WHERE n < 4 GROUP BY b, f ORDER BY b, f',
  'SELECT a.id, c.text FROM t a JOIN t c ON a.n = c.id WHERE a.wide IS NULL ORDER BY a.id, c.id',
  "SELECT max(upper(word)), count(DISTINCT text) FROM t WHERE day > DATE '2024-01-05' AND wide IS NOT NULL",
  'SELECT id FROM t LIMIT 3',
]

async function rows(session: VolleySession, sql: string): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const chunk of (await session.sql(sql)).chunks()) found.push(...chunk)
  return found
}

/** The arenas of a session of this thread, which is opened. */
async function opened(
  settings: Readonly<Record<string, string>>,
): Promise<{ session: VolleySession; arenas: Arena[] }> {
  const arenas = new Set<Arena>()
  const alloc = Arena.prototype.alloc
  const spy = vi.spyOn(Arena.prototype, 'alloc').mockImplementation(function (this: Arena, bytes) {
    arenas.add(this)
    return alloc.call(this, bytes)
  })
  const session = await connect({ poison: true, threads: 1, settings })
  await rows(session, 'SELECT count(*) FROM (VALUES (1), (2)) v(a) WHERE a > 1')
  spy.mockRestore()
  return { session, arenas: [...arenas] }
}

const live = (arenas: readonly Arena[]): number => arenas.reduce((sum, arena) => sum + arena.liveBytes, 0)

test('rows are the same whether columns stay in the arena or not, and nothing stays after the session', async () => {
  let stayed = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(1000),
        size: fc.constantFrom(0, 65, 700),
        more: fc.constantFrom(1, 90),
        batch: fc.constantFrom('7', '64', '4096'),
        partitions: fc.constantFrom('1', '2'),
      }),
      async ({ seed, size, more, batch, partitions }) => {
        const { session, arenas } = await opened({ batch_size: batch, target_partitions: partitions })
        await rows(session, `CREATE TABLE t AS ${select(seed, size)}`)
        const check = async (): Promise<void> => {
          for (const sql of QUERIES) {
            await rows(session, 'SET resident_columns = off')
            const expected = await rows(session, sql)
            await rows(session, 'SET resident_columns = on')
            const isOrdered = !sql.endsWith('LIMIT 3')
            for (let time = 0; time < 2; time++) {
              const found = await rows(session, sql)
              if (isOrdered) expect(found, sql).toEqual(expected)
              else expect(found.length).toBe(expected.length)
            }
          }
        }
        await check()
        stayed += +(live(arenas) > 0)
        await rows(session, `INSERT INTO t ${select(seed + 1, more)}`)
        await check()
        // Queries at once, of which some end early.
        const all = await Promise.all(QUERIES.slice(0, 5).map((sql) => rows(session, sql)))
        for (const [i, sql] of QUERIES.slice(0, 5).entries()) expect(await rows(session, sql)).toEqual(all[i])
        const first = (await session.sql('SELECT * FROM t')).chunks()
        await first.next()
        const second = (await session.sql('SELECT * FROM t ORDER BY id')).chunks()
        await second.next()
        await rows(session, 'DROP TABLE t')
        await first.return()
        let left = 0
        for await (const chunk of second) left += chunk.length
        expect(left).toBeLessThanOrEqual(size + more)
        expect(live(arenas)).toBe(0)
        await session.close()
        expect(live(arenas)).toBe(0)
      },
    ),
    { numRuns: 4, seed: 20 },
  )
  expect(stayed).toBeGreaterThan(1)
})

test('under a small memory limit nothing stays, and what stays makes room for operators', async () => {
  const { session, arenas } = await opened({ target_partitions: '1' })
  await rows(session, `CREATE TABLE t AS ${select(3, 30_000)}`)
  await rows(session, 'SET resident_columns = off')
  const sql = 'SELECT text, count(*), sum(n) FROM t GROUP BY text ORDER BY text DESC LIMIT 5'
  const expected = await rows(session, sql)
  await rows(session, "SET resident_columns = on; SET memory_limit = '10kB'")
  expect(await rows(session, 'SELECT max(n) FROM t')).toEqual([[49]])
  expect(live(arenas)).toBe(0)
  await rows(session, "SET memory_limit = '6MB'")
  await rows(session, 'SELECT count(f), count(wide), count(amount) FROM t')
  const before = live(arenas)
  expect(before).toBeGreaterThan(500_000)
  expect(await rows(session, sql)).toEqual(expected)
  await rows(session, 'SELECT id, n, text FROM t ORDER BY text')
  expect(live(arenas)).toBeLessThan(6_000_000)
  await rows(session, 'CREATE OR REPLACE TABLE t AS SELECT 1 AS a')
  expect(live(arenas)).toBe(0)
  await session.close()
})
