import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { jsonValue } from '@volley/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type RunOptions, type VolleySession } from '../src/index.ts'

let session: VolleySession
let folder: string

beforeAll(async () => {
  session = await connect()
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-session-'))
})

afterAll(async () => {
  await session.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

async function rows(sql: string, options: RunOptions = {}): Promise<unknown[][]> {
  const result = await session.sql(sql, options)
  const { fields } = result.schema
  const found: unknown[][] = []
  for await (const chunk of result.chunks()) {
    for (const row of chunk) found.push(row.map((value, i) => jsonValue(value, fields[i]!.type)))
  }
  return found
}

describe('tables of a session', () => {
  test('are made, filled, read and dropped', async () => {
    await rows("CREATE TABLE t (id INT NOT NULL, name TEXT DEFAULT 'none', at TIMESTAMP, PRIMARY KEY (id))")
    expect(await rows("INSERT INTO t (id, at) VALUES (1, '2024-01-02 03:04:05'), (2, NULL)")).toEqual([['2']])
    expect(await rows('SELECT id, name, at FROM t ORDER BY id')).toEqual([
      [1, 'none', '2024-01-02T03:04:05.000000Z'],
      [2, 'none', null],
    ])
    await expect(rows('INSERT INTO t (id) VALUES (NULL)')).rejects.toMatchObject({ code: '23502' })
    expect(await rows('SELECT id, name, count(*) FROM t GROUP BY id ORDER BY id')).toEqual([
      [1, 'none', '1'],
      [2, 'none', '1'],
    ])
    await expect(rows('CREATE TABLE t (a INT)')).rejects.toMatchObject({ code: '42P07' })
    await rows('DROP TABLE t')
    await expect(rows('SELECT * FROM t')).rejects.toMatchObject({ code: '42P01' })
  })

  test('a view is its query, with the names it was given', async () => {
    await rows('CREATE TABLE base AS VALUES (1, 2), (3, 4); CREATE VIEW v (a, b) AS SELECT * FROM base')
    await rows('INSERT INTO base VALUES (5, 6)')
    expect(await rows('SELECT sum(a), x.b FROM v AS x WHERE b > 2 GROUP BY b ORDER BY b')).toEqual([
      ['3', 4],
      ['5', 6],
    ])
    expect(await rows("SELECT table_type FROM information_schema.tables WHERE table_name = 'v'")).toEqual([['VIEW']])
    await rows('DROP VIEW v; DROP TABLE base')
  })

  test('text that the parser does not know: frames with EXCLUDE, SYMMETRIC, TABLE', async () => {
    await rows('CREATE TABLE series AS SELECT * FROM generate_series(1, 3) AS s(n)')
    const over = 'OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW)'
    expect(
      await rows(`SELECT n, sum(n) ${over}, count(*) OVER (ROWS 1 PRECEDING EXCLUDE NO OTHERS) FROM series`),
    ).toEqual([
      ['1', '2', '1'],
      ['2', '4', '2'],
      ['3', '2', '2'],
    ])
    expect(await rows('SELECT n FROM series WHERE n BETWEEN SYMMETRIC 3 AND 2')).toEqual([['2'], ['3']])
    expect(await rows('TABLE series')).toEqual([['1'], ['2'], ['3']])
    expect(await rows("SELECT 'exclude ties' AS exclude")).toEqual([['exclude ties']])
    await rows('DROP TABLE series')
  })

  test('now() as a default is that of each INSERT', async () => {
    await rows('CREATE TABLE stamped (id INT, at TIMESTAMP DEFAULT now())')
    await rows('INSERT INTO stamped (id) VALUES (1)')
    await new Promise((resolve) => setTimeout(resolve, 2))
    await rows('INSERT INTO stamped (id) VALUES (2)')
    expect(await rows('SELECT count(DISTINCT at) FROM stamped')).toEqual([['2']])
    await rows('DROP TABLE stamped')
  })

  test('maps, lateral rows with a condition, and zones of the session', async () => {
    expect(
      await rows("SELECT m['b'], map_keys(m), map_extract(m, 'z') FROM (SELECT MAP {'a': 1, 'b': 2} AS m)"),
    ).toEqual([[2, ['a', 'b'], [null]]])
    await expect(rows("SELECT MAP {'a': 1, 'a': 2}")).rejects.toMatchObject({ code: '22023' })
    const lateral = `SELECT a.n, b.c FROM generate_series(1, 2) AS a(n)
      LEFT JOIN LATERAL (SELECT count(*) AS c FROM generate_series(1, 3) AS s(n) WHERE s.n > a.n) b ON b.c > 1 ORDER BY 1`
    expect(await rows(lateral)).toEqual([
      ['1', '2'],
      ['2', null],
    ])
    await rows("SET TIME ZONE 'America/New_York'")
    expect(await rows("SELECT CAST(timestamptz '2024-07-01 12:00:00' AS text)")).toEqual([['2024-07-01 12:00:00-04']])
    await rows('RESET timezone')
  })

  test('prepared statements and parameters are constants', async () => {
    await rows('PREPARE p (INT, TEXT) AS SELECT $1 + 1, upper($2)')
    expect(await rows("EXECUTE p(41, 'a')")).toEqual([[42, 'A']])
    await rows('DEALLOCATE p')
    await expect(rows('EXECUTE p(1, NULL)')).rejects.toMatchObject({ code: '26000' })
    expect(await rows('SELECT $1 || $2', { params: ['a', 'b'] })).toEqual([['ab']])
    expect(await rows('SELECT $x * 2', { params: { x: 21 } })).toEqual([[42]])
    await expect(rows('SELECT $3', { params: [1] })).rejects.toMatchObject({ code: '42P02' })
  })
})

describe('files', () => {
  test.each(['csv', 'json', 'arrow', 'parquet'])('%s goes out and in', async (format) => {
    const file = path.join(folder, `out.${format}`)
    await rows(
      "CREATE TABLE source (i BIGINT, f DOUBLE, s TEXT, d DATE) AS VALUES (1, 0.5, 'a,\"b\"', '2024-02-29'), (NULL, NULL, NULL, NULL)",
    )
    expect(await rows(`COPY source TO '${file}'`)).toEqual([['2']])
    await rows(`CREATE EXTERNAL TABLE back (i BIGINT, f DOUBLE, s TEXT, d DATE) STORED AS ${format} LOCATION '${file}'`)
    expect(await rows('SELECT i, f, s, d FROM back')).toEqual(await rows('SELECT i, f, s, d FROM source'))
    expect(await rows('SELECT count(*) FROM back')).toEqual([['2']])
    expect(await rows(`SELECT s FROM '${file}' f WHERE f.i = 1`)).toEqual([['a,"b"']])
    await rows('DROP TABLE back; DROP TABLE source')
  })

  test('are refused where a session has none', async () => {
    const closed = await connect({ files: false })
    try {
      await expect(closed.sql("COPY (SELECT 1) TO 'x.csv'")).rejects.toMatchObject({ code: '42501' })
      await expect(closed.sql("SELECT * FROM 'x.csv'")).rejects.toMatchObject({ code: '42P01' })
      await expect(rows("SELECT * FROM 'no such.csv'")).rejects.toMatchObject({ code: '58P01' })
    } finally {
      await closed.close()
    }
  })
})

describe('series', () => {
  test('are exact over all of 64 bits, in both directions', async () => {
    expect(await rows('SELECT * FROM generate_series(9223372036854775800, 9223372036854775807, 3)')).toEqual([
      ['9223372036854775800'],
      ['9223372036854775803'],
      ['9223372036854775806'],
    ])
    expect(await rows('SELECT value FROM generate_series(4294967297, -4294967297, -4294967297)')).toEqual([
      ['4294967297'],
      ['0'],
      ['-4294967297'],
    ])
    expect(await rows('SELECT count(*), sum(value), min(value), max(value) FROM range(-70000, 70000)')).toEqual([
      ['140000', '-70000', '-70000', '69999'],
    ])
    expect(await rows('SELECT * FROM generate_series(1, NULL)')).toEqual([])
    expect(await rows('SELECT value FROM generate_series(1, 300000) ORDER BY value DESC LIMIT 1')).toEqual([['300000']])
  })

  test('take expressions, moments, and columns of tables before them', async () => {
    expect(await rows('SELECT n, g FROM (VALUES (0), (2)) t(n), generate_series(1, t.n) g')).toEqual([
      [2, '1'],
      [2, '2'],
    ])
    expect(
      await rows(
        "SELECT CAST(d AS text) FROM generate_series(DATE '2024-01-31', DATE '2024-03-31', INTERVAL '1 month') s(d)",
      ),
    ).toEqual([['2024-01-31'], ['2024-02-29'], ['2024-03-31']])
  })

  test('the name of one stands for its value', async () => {
    expect(await rows('SELECT g + 1, g.value FROM generate_series(1, 1) g')).toEqual([['2', '1']])
    await expect(rows('SELECT g FROM (VALUES (1)) g')).rejects.toMatchObject({ code: '42703' })
  })

  test('and unnest are counted WITH ORDINALITY', async () => {
    expect(await rows("SELECT * FROM unnest(['a', NULL], [7]) WITH ORDINALITY t(a, b, n)")).toEqual([
      ['a', 7, '1'],
      [null, null, '2'],
    ])
    expect(await rows('SELECT value, ordinality FROM generate_series(8, 9) WITH ORDINALITY')).toEqual([
      ['8', '1'],
      ['9', '2'],
    ])
  })
})

test('ANY and ALL over lists that are computed know three values', async () => {
  const table = '(VALUES (1, [1, 2]), (3, [1, NULL]), (NULL, [1]), (1, NULL), (NULL, []), (5, [1, 2])) t(x, l)'
  expect(await rows(`SELECT x = ANY (l), x <> ALL (l), x < ANY (l), x >= ALL (l) FROM ${table}`)).toEqual([
    [true, false, true, false],
    [null, null, null, null],
    [null, null, null, null],
    [null, null, null, null],
    [false, true, false, true],
    [false, true, false, true],
  ])
  expect(await rows("SELECT 1.5 = ANY ([1, 2]), 1 = ANY (NULL), 'a' = ANY (string_to_array('b,a', ','))")).toEqual([
    [false, null, true],
  ])
  await expect(rows('SELECT 1 = ANY (2)')).rejects.toMatchObject({ code: '42804' })
})

test('queries are lists, in their order', async () => {
  const inner = 'SELECT x FROM (VALUES (3), (1), (2)) t(x) WHERE x <= k ORDER BY x DESC'
  expect(await rows(`SELECT k, ARRAY(${inner}) FROM (VALUES (0), (2)) o(k) ORDER BY k`)).toEqual([
    [0, []],
    [2, [2, 1]],
  ])
  expect(
    await rows(
      "SELECT ARRAY(SELECT b FROM (VALUES (1, 'x'), (2, 'y'), (3, 'x')) t(a, b) ORDER BY -a LIMIT 2), ARRAY(SELECT DISTINCT a % 2 AS a FROM (VALUES (1), (2), (3)) t(a) ORDER BY a)",
    ),
  ).toEqual([
    [
      ['x', 'y'],
      [0, 1],
    ],
  ])
  expect(await rows('SELECT k FROM (VALUES (0), (3)) o(k) WHERE 2 = ANY (ARRAY(SELECT k - 1))')).toEqual([[3]])
  await expect(rows('SELECT ARRAY(SELECT 1, 2)')).rejects.toMatchObject({ code: '42601' })
})

test('lists and structs unnest', async () => {
  expect(await rows("SELECT unnest([1, 2]) AS a, unnest(['x']) AS b")).toEqual([
    [1, 'x'],
    [2, null],
  ])
  expect(await rows('SELECT k, x FROM (VALUES ([1, 2], 7), ([], 8)) t(l, k), UNNEST(l) u(x)')).toEqual([
    [7, 1],
    [7, 2],
  ])
  expect(await rows("SELECT s.a, s['b'] FROM (SELECT {a: 1, b: 'z'} AS s)")).toEqual([[1, 'z']])
})

test('rows of tables in memory that go beyond memory_limit end a statement, and leave nothing', async () => {
  const own = await connect()
  try {
    await own.sql("SET memory_limit = '1MB'")
    await own.sql('CREATE TABLE few AS SELECT i FROM generate_series(1, 1000) AS t(i)')
    const many = 'SELECT i FROM generate_series(1, 200000) AS t(i)'
    const beyond = { code: '53200', message: expect.stringMatching(/^tables in memory would take .* memory_limit/) }
    await expect(own.sql(`CREATE TABLE many AS ${many}`)).rejects.toMatchObject(beyond)
    await expect(own.sql(`INSERT INTO few ${many}`)).rejects.toMatchObject(beyond)
    await expect(own.sql('SELECT * FROM many')).rejects.toMatchObject({ code: '42P01' })
    const counted = await own.sql('SELECT count(*) AS n FROM few')
    expect((await counted.toTable()).get(0)?.['n']).toBe(1000n)
  } finally {
    await own.close()
  }
})
