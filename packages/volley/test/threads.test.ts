import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { enableCompileCache } from 'node:module'
import { INT64, UTF8, VolleyError } from '@volley/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type VolleySession } from '../src/index.ts'

let session: VolleySession
let folder: string

beforeAll(async () => {
  // Threads read sources here, whose types are stripped once then.
  enableCompileCache()
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-threads-'))
  session = await connect({ threads: 2, poison: true, settings: { min_rows_per_thread: '10' } })
  await session.sql(`
    CREATE TABLE t AS SELECT value AS id, value % 7 AS g, nullif('name ' || value % 13, 'name 12') AS s,
      CASE WHEN value % 5 = 0 THEN NULL ELSE value END AS n FROM generate_series(1, 5000);
    INSERT INTO t VALUES (5001, 100, NULL, NULL);
    COPY t TO '${folder}/t.parquet' STORED AS PARQUET;
    COPY t TO '${folder}/t.ndjson' STORED AS JSON;
    COPY t TO '${folder}/t.csv' STORED AS CSV;
    CREATE EXTERNAL TABLE p STORED AS PARQUET LOCATION '${folder}/t.parquet';
    CREATE EXTERNAL TABLE j STORED AS JSON LOCATION '${folder}/t.ndjson';
    CREATE EXTERNAL TABLE c STORED AS CSV LOCATION '${folder}/t.csv' OPTIONS ('has_header' 'true');`)
}, 120_000)

afterAll(async () => {
  await session.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

async function rows(sql: string, threads: number): Promise<unknown[][]> {
  session.set('threads', String(threads))
  const found: unknown[][] = []
  for await (const chunk of (await session.sql(sql)).chunks()) for (const row of chunk) found.push([...row])
  return found
}

async function plan(sql: string, threads = 2): Promise<string> {
  return (await rows(`EXPLAIN ${sql}`, threads)).map(([line]) => line).join('\n')
}

describe('queries in threads', () => {
  test.each(['t', 'p', 'j', 'c'])('give the rows of one thread: %s', async (table) => {
    const queries = [
      `SELECT count(*), sum(n), min(s), max(id) FROM ${table}`,
      `SELECT g, count(*), sum(id) FROM ${table} GROUP BY g ORDER BY g`,
      `SELECT a.g, count(*) FROM ${table} a JOIN ${table} b ON a.id = b.n WHERE b.g < 3 GROUP BY a.g ORDER BY a.g`,
      `SELECT id, s FROM ${table} WHERE s LIKE '%1' ORDER BY s, id DESC LIMIT 20`,
      `SELECT id, row_number() OVER (PARTITION BY g ORDER BY id) AS r FROM ${table} ORDER BY id LIMIT 30 OFFSET 4980`,
    ]
    for (const sql of queries) {
      expect(await plan(sql)).toMatch(/task 1 on local:1: splits=0, part 2 of 2[^]*-- threads=2: reads about/)
      expect(await rows(sql, 2)).toEqual(await rows(sql, 1))
    }
  })

  test('see a table as it is', async () => {
    const count = 'SELECT count(*), count(DISTINCT id) FROM grows'
    await rows('CREATE TABLE grows AS SELECT id FROM t WHERE id <= 100', 2)
    expect(await rows(count, 2)).toEqual([[100n, 100n]])
    await rows('INSERT INTO grows SELECT id FROM t WHERE id > 100 AND id <= 250', 2)
    expect(await rows(count, 2)).toEqual([[250n, 250n]])
    await rows('DROP TABLE grows', 2)
    await rows('CREATE TABLE grows AS SELECT 7 AS id FROM t', 2)
    expect(await rows(count, 2)).toEqual([[5001n, 1n]])
  })

  test('are not for small ones, nor for functions that only this thread has', async () => {
    expect(await plan('SELECT 1')).toContain('-- threads=1: reads about 1 rows, too few for more')
    session.set('min_rows_per_thread', '5000')
    expect(await plan('SELECT sum(n) FROM t')).toContain('-- threads=1: reads about 5,001 rows, too few for more')
    session.set('min_rows_per_thread', '10')
    let calls = 0
    session.registerFunction({
      name: 'Twice',
      args: [INT64],
      returns: INT64,
      call: (value) => (calls++, 2n * (value as bigint)),
    })
    const sql = 'SELECT sum(twice(n)) / 2 = sum(n) FROM t'
    expect(await plan(sql)).toContain('-- threads=1: the function twice is of this session')
    expect(await rows(sql, 2)).toEqual([[true]])
    expect(calls).toBe(4000)
    const again = { name: 'twice', args: [UTF8], returns: UTF8, call: (value: unknown) => value as string }
    expect(() => session.registerFunction(again)).toThrow('function "twice" exists already')
  })

  test('that fail say why, and that are cancelled end', async () => {
    await expect(rows('SELECT sum(1 / (id - 4900)) FROM t', 2)).rejects.toMatchObject({ code: '22012' })
    const controller = new AbortController()
    const endless = 'SELECT count(*) FROM t a, t b, t c WHERE a.id + b.id = c.id * 3 + a.g'
    session.set('threads', '2')
    const running = (async () => {
      for await (const _ of (await session.sql(endless, { signal: controller.signal })).chunks()) continue
    })()
    setTimeout(() => controller.abort(), 100)
    await expect(running).rejects.toBeInstanceOf(VolleyError)
    expect(await rows('SELECT count(*) FROM t', 2)).toEqual([[5001n]])
  })
})
