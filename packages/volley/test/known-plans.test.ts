import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { FLOAT64, INT64 } from '@volley/core'
import type { DistributedPlan } from '@volley/planner'
import type { AstStatement } from '@volley/sql'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest'
import { connect, type RunOptions, type VolleySession } from '../src/index.ts'
import { KnownPlans } from '../src/known-plans.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-known-plans-'))
let session: VolleySession
/** Plans nothing twice alike. */
let forgetful: VolleySession
let hits: number
let found: MockInstance<KnownPlans['find']>

/** How many plans the session has that was asked last. */
const remembered = (): number => (found.mock.contexts.at(-1) as KnownPlans).size

beforeAll(() => {
  const { find } = KnownPlans.prototype
  found = vi.spyOn(KnownPlans.prototype, 'find')
  found.mockImplementation(async function (this: KnownPlans, ...args) {
    const plan = await find.apply(this, args)
    hits += plan === null ? 0 : 1
    return plan
  })
})

beforeEach(async () => {
  session = await connect({ threads: 1 })
  forgetful = await connect({ threads: 1, settings: { remember_plans: 'off' } })
  hits = 0
})

afterEach(async () => {
  await session.close()
  await forgetful.close()
})

afterAll(() => {
  vi.restoreAllMocks()
  fs.rmSync(folder, { recursive: true, force: true })
})

async function rowsOf(from: VolleySession, sql: string, options: RunOptions = {}): Promise<unknown[][]> {
  const rows: unknown[][] = []
  for await (const chunk of (await from.sql(sql, options)).chunks()) for (const row of chunk) rows.push([...row])
  return rows
}

/** Runs it in both sessions, twice where it may, and expects the same rows. */
async function same(sql: string, options: RunOptions = {}): Promise<unknown[][]> {
  const rows = await rowsOf(forgetful, sql, options)
  expect(await rowsOf(session, sql, options), sql).toEqual(rows)
  if (/^(?:SELECT|WITH|TABLE|EXECUTE|VALUES)/.test(sql)) {
    expect(await rowsOf(session, sql, options), `${sql}, again`).toEqual(rows)
  }
  return rows
}

/** How often a plan came from memory in `work`. */
async function hitsOf(work: () => Promise<unknown>): Promise<number> {
  const before = hits
  await work()
  return hits - before
}

describe('a plan that is remembered', () => {
  test('is not used when a table or a view has changed', async () => {
    const queries = [
      'SELECT * FROM t ORDER BY a',
      'SELECT count(*), sum(a) FROM v',
      'SELECT v.a, t.b FROM v JOIN t USING (a) ORDER BY 1',
      'WITH RECURSIVE r(n) AS (SELECT min(a) FROM t UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT count(*) FROM r',
      'SELECT a, rank() OVER (ORDER BY b) FROM t ORDER BY a',
    ]
    const steps = [
      'CREATE OR REPLACE VIEW v AS SELECT a FROM t WHERE a > 1',
      "INSERT INTO t VALUES (3, 'z')",
      'CREATE OR REPLACE VIEW v AS SELECT a + 10 AS a FROM t',
      'CREATE OR REPLACE VIEW v AS SELECT a FROM u',
      'INSERT INTO u SELECT a * 2 FROM t',
      "CREATE OR REPLACE TABLE t (a BIGINT, b TEXT, c DOUBLE) AS VALUES (7, 'q', 0.5)",
      'DROP TABLE u; CREATE TABLE u AS SELECT * FROM generate_series(1, 4) AS s(a)',
    ]
    await same('CREATE TABLE t (a INT, b TEXT); CREATE TABLE u (a INT); CREATE VIEW v AS SELECT a FROM t')
    for (const step of steps) {
      await same(step)
      expect(
        await hitsOf(async () => {
          for (const query of queries) await same(query)
        }),
        step,
      ).toBeGreaterThanOrEqual(queries.length)
    }
    await same('DROP VIEW v; DROP TABLE t')
    for (const query of queries) {
      await expect(rowsOf(session, query)).rejects.toMatchObject({ code: '42P01' })
    }
  })

  test('does not keep the rows of a table that is gone', async () => {
    await rowsOf(session, 'CREATE TABLE t AS SELECT * FROM generate_series(1, 10) AS s(a)')
    await rowsOf(session, 'SELECT sum(a) FROM t')
    await rowsOf(session, 'SELECT 1')
    expect(remembered()).toBe(2)
    await rowsOf(session, 'INSERT INTO t VALUES (11)')
    expect(remembered()).toBe(1)
    expect(await rowsOf(session, 'SELECT sum(a) FROM t')).toEqual([[66n]])
    await rowsOf(session, 'DROP TABLE t')
    expect(remembered()).toBe(1)
  })

  test('is one of the last ones, and of few where plans name many splits', () => {
    const plans = new KnownPlans()
    const basis = { tables: [], settings: 0, workers: 'local' }
    const add = (splits: number): void => {
      const tasks = [{ splits: Array.from({ length: splits }, String) }]
      plans.add({} as AstStatement, { stages: [{ tasks }] } as unknown as DistributedPlan, basis)
    }
    for (let i = 0; i < 300; i++) add(8)
    expect(plans.size).toBe(256)
    for (let i = 0; i < 5; i++) add(40_000)
    expect(plans.size).toBe(2)
    add(200_000)
    expect(plans.size).toBe(1)
  })

  test('is not used under another setting', async () => {
    const query = "SELECT CAST(timestamptz '2024-07-01 12:00:00' AS text)"
    const utc = await same(query)
    await same("SET timezone = 'America/New_York'")
    expect(await same(query)).not.toEqual(utc)
    await same('RESET timezone')
    expect(await same(query)).toEqual(utc)
    expect(hits).toBe(3)
  })

  test('is of its parameters', async () => {
    await same('CREATE TABLE t AS SELECT * FROM generate_series(1, 10) AS s(a)')
    for (const x of [3, 4, 3n, '3', 0.5, -0, 0, null]) {
      await same('SELECT count(*), sum(a) FROM t WHERE a > $1', { params: [x] })
      await same('SELECT $x', { params: { x } })
    }
    expect(hits).toBe(16)
    const when = [new Date(0), new Date(1)]
    const shown = await Promise.all(when.map((at) => rowsOf(session, 'SELECT CAST($1 AS text)', { params: [at] })))
    expect(shown[0]).not.toEqual(shown[1])
    await same('PREPARE p (INT) AS SELECT max(a) FROM t WHERE a < $1')
    expect(await hitsOf(() => same('EXECUTE p(4)'))).toBe(1)
    await same('DEALLOCATE p; PREPARE p (INT) AS SELECT min(a) FROM t WHERE a < $1')
    expect(await same('EXECUTE p(4)')).toEqual([[1n]])
  })

  test('is run anew: what is of the moment is', async () => {
    const [[first]] = (await rowsOf(session, 'SELECT random()')) as [[number]]
    const [[second]] = (await rowsOf(session, 'SELECT random()')) as [[number]]
    expect(second).not.toBe(first)
    expect(hits).toBe(1)
    const now = await rowsOf(session, 'SELECT CAST(now() AS text)')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await rowsOf(session, 'SELECT CAST(now() AS text)')).not.toEqual(now)
    expect(hits).toBe(1)
    let calls = 0n
    session.registerFunction({ name: 'tick', args: [], returns: INT64, call: () => ++calls, volatile: true })
    expect(await rowsOf(session, 'SELECT tick()')).toEqual([[1n]])
    expect(await rowsOf(session, 'SELECT tick()')).toEqual([[2n]])
    await expect(rowsOf(session, 'SELECT half(3)')).rejects.toMatchObject({ code: '42883' })
    session.registerFunction({ name: 'half', args: [FLOAT64], returns: FLOAT64, call: (x) => Number(x) / 2 })
    expect(await rowsOf(session, 'SELECT half(3)')).toEqual([[1.5]])
    const names = 'SELECT count(*) FROM information_schema.tables'
    const [[before]] = (await same(names)) as [[bigint]]
    await same('CREATE TABLE one_more (a INT)')
    expect(await same(names)).toEqual([[before + 1n]])
  })

  test('may run twice at a time', async () => {
    await same('CREATE TABLE t AS SELECT * FROM generate_series(1, 20000) AS s(a)')
    const query =
      'WITH c AS (SELECT a % 7 AS k, sum(a) AS s FROM t GROUP BY 1) SELECT x.k, y.s FROM c x JOIN c y USING (k)'
    const expected = (await same(query)).map(String).sort()
    const [one, two] = await Promise.all([rowsOf(session, query), rowsOf(session, query)])
    expect([one.map(String).sort(), two.map(String).sort()]).toEqual([expected, expected])
    expect(hits).toBe(3)
  })

  test('is not used when files have changed', async () => {
    const file = path.join(folder, 'a.csv')
    const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 80))
    const queries = [`SELECT * FROM '${file}' ORDER BY 1`, `SELECT sum(x) FROM read_csv('${folder}')`]
    const expectHits = async (count: number): Promise<void> => {
      expect(
        await hitsOf(async () => {
          for (const query of queries) await same(query)
        }),
      ).toBe(count)
    }
    fs.writeFileSync(file, 'x\n1\n2\n')
    for (const query of queries) await same(query)
    await settled()
    for (const query of queries) await rowsOf(session, query)
    await expectHits(4)
    fs.writeFileSync(file, 'x\n3\n4\n')
    await same(queries[0]!)
    await settled()
    fs.writeFileSync(path.join(folder, 'b.csv'), 'x\n9\n')
    expect(await same(queries[1]!)).toEqual([[16n]])
    await settled()
    for (const query of queries) await rowsOf(session, query)
    await expectHits(4)
    fs.rmSync(file)
    await expect(rowsOf(session, queries[0]!)).rejects.toMatchObject({ code: '58P01' })
    expect(await same(queries[1]!)).toEqual([[9n]])
  })
})
