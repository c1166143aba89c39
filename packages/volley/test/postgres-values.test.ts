import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonValue } from '@volley/core'
import { connect, type VolleySession } from '../src/index.ts'

let session: VolleySession

beforeAll(async () => {
  session = await connect({ threads: 1, files: false })
})

afterAll(async () => {
  await session.close()
})

async function rows(sql: string): Promise<unknown[][]> {
  const result = await session.sql(sql)
  const { fields } = result.schema
  const found: unknown[][] = []
  for await (const chunk of result.chunks()) {
    for (const row of chunk) found.push(row.map((value, i) => jsonValue(value, fields[i]!.type)))
  }
  return found
}

/** Each expression as text, as PostgreSQL writes it. */
async function texts(...expressions: readonly string[]): Promise<unknown[]> {
  const [row] = await rows(`SELECT ${expressions.map((expression) => `CAST(${expression} AS TEXT)`).join(', ')}`)
  return row!
}

/** https://www.postgresql.org/docs/current/functions-datetime.html: days and months are those of the session's clocks. */
describe('timestamps with a time zone', () => {
  beforeAll(async () => {
    await rows("SET timezone = 'America/Denver'")
  })

  afterAll(async () => {
    await rows('RESET timezone')
  })

  test('a day is no 24 hours where clocks change, as the manual has it', async () => {
    const start = "TIMESTAMPTZ '2005-04-02 12:00:00-07'"
    expect(await texts(`${start} + INTERVAL '1 day'`, `${start} + INTERVAL '24 hours'`)).toEqual([
      '2005-04-03 12:00:00-06',
      '2005-04-03 13:00:00-06',
    ])
    expect(await texts("TIMESTAMPTZ '2005-10-31 12:00:00-07' - INTERVAL '1 day 1 hour'")).toEqual([
      '2005-10-30 11:00:00-07',
    ])
    expect(await texts("TIMESTAMPTZ '2005-10-15 12:00:00-06' + INTERVAL '1 month'")).toEqual(['2005-11-15 12:00:00-07'])
  })

  test('a local time that is not there is as if clocks had stayed; of two, it is the later', async () => {
    expect(await texts("TIMESTAMPTZ '2005-03-03 02:30:00' + INTERVAL '1 month'")).toEqual(['2005-04-03 03:30:00-06'])
    expect(
      await texts("TIMESTAMPTZ '2005-10-30 01:30:00'", "TIMESTAMPTZ '2005-10-29 01:30' + INTERVAL '1 day'"),
    ).toEqual(['2005-10-30 01:30:00-07', '2005-10-30 01:30:00-07'])
  })

  test('days are cut off and counted up by the zone', async () => {
    expect(await texts("date_trunc('day', TIMESTAMPTZ '2005-04-03 12:00:00-06')")).toEqual(['2005-04-03 00:00:00-07'])
    const days =
      "generate_series(TIMESTAMPTZ '2005-04-02 12:00-07', TIMESTAMPTZ '2005-04-04 12:00-06', INTERVAL '1 day')"
    expect(await rows(`SELECT CAST(day AS TEXT) FROM (SELECT unnest(${days}) AS day) ORDER BY 1`)).toEqual([
      ['2005-04-02 12:00:00-07'],
      ['2005-04-03 12:00:00-06'],
      ['2005-04-04 12:00:00-06'],
    ])
  })

  test('over a column, as over literals', async () => {
    expect(
      await rows(`SELECT CAST(t + i AS TEXT) FROM (VALUES
        (TIMESTAMPTZ '2005-04-02 12:00-07', INTERVAL '1 day'), (TIMESTAMPTZ '2005-04-02 12:00-07', INTERVAL '24 hours'),
        (NULL, INTERVAL '1 day')) v(t, i)`),
    ).toEqual([['2005-04-03 12:00:00-06'], ['2005-04-03 13:00:00-06'], [null]])
  })
})

/** https://www.postgresql.org/docs/current/functions-math.html */
describe('width_bucket', () => {
  test('has equal buckets between two bounds, up or down, and one at each side', async () => {
    expect(
      await rows(`SELECT width_bucket(5.35, 0.024, 10.06, 5), width_bucket(9, 10, 0, 10), width_bucket(0, 1, 10, 3),
        width_bucket(10, 1, 10, 3), width_bucket(1e-1::DOUBLE, 0, 1, 10), width_bucket(NULL, 0, 1, 10)`),
    ).toEqual([[3, 2, 0, 4, 2, null]])
    expect(await rows("SELECT width_bucket(DATE '2024-02-01', ARRAY[DATE '2024-01-01', DATE '2024-02-01'])")).toEqual([
      [2],
    ])
  })

  test.each([
    ['width_bucket(1, 1, 1, 3)', 'lower bound cannot equal upper bound'],
    ['width_bucket(1, 0, 1, 0)', 'count must be greater than zero'],
    ["width_bucket('NaN'::DOUBLE, 0, 1, 3)", 'operand, lower bound, and upper bound cannot be NaN'],
    ["width_bucket(1, 0, 'Infinity'::DOUBLE, 3)", 'lower and upper bounds must be finite'],
  ])('%s is refused', async (call, message) => {
    await expect(rows(`SELECT ${call}`)).rejects.toMatchObject({ code: '2201G', message })
  })
})

/** https://www.postgresql.org/docs/current/sql-select.html#SQL-GROUPBY: any expression of input columns. */
describe('groups by subqueries', () => {
  const series = '(VALUES (1), (2), (7)) t(x)'

  test.each([
    [
      '(SELECT max(y) FROM (VALUES (1), (5)) u(y) WHERE y > x)',
      [
        [5, '2'],
        [null, '1'],
      ],
    ],
    [
      'x IN (SELECT y FROM (VALUES (1), (5)) u(y))',
      [
        [false, '2'],
        [true, '1'],
      ],
    ],
    [
      'NOT EXISTS (SELECT 1 FROM (VALUES (1), (5)) u(y) WHERE y = x)',
      [
        [false, '1'],
        [true, '2'],
      ],
    ],
    ['x * 0 + (SELECT count(*) FROM (VALUES (1), (5)) u(y))', [['2', '3']]],
  ])('GROUP BY %s', async (key, groups) => {
    expect(await rows(`SELECT ${key}, count(*) FROM ${series} GROUP BY ${key} ORDER BY 1`)).toEqual(groups)
    expect(await rows(`SELECT ${key} AS key, count(*) FROM ${series} GROUP BY key ORDER BY ${key}`)).toEqual(groups)
  })

  test('another subquery over a column that is not grouped by is refused', async () => {
    const sql = `SELECT (SELECT x + 1) FROM ${series} GROUP BY (SELECT x + 2)`
    await expect(rows(sql)).rejects.toMatchObject({ code: '42803' })
  })
})

/** https://www.postgresql.org/docs/current/functions-aggregate.html: avg(numeric) is numeric, as sum / count. */
test('the mean of decimals is exact, and rounds half away from zero in its last digit', async () => {
  const of = (values: string): Promise<unknown[]> => texts(`(SELECT avg(x) FROM (VALUES ${values}) t(x))`)
  expect(await of('(1.00), (2.00), (2.00)')).toEqual(['1.6666666666666667'])
  expect(await of('(-1.00), (-2.00), (-2.00)')).toEqual(['-1.6666666666666667'])
  expect(await of('(9007199254740993.5), (9007199254740993.5), (NULL)')).toEqual(['9007199254740993.5000000000000000'])
  expect(await of('(0.00000000000000000001), (0.00000000000000000002)')).toEqual(['0.00000000000000000002'])
  expect(await rows('SELECT x, avg(x) OVER (ORDER BY x) FROM (VALUES (1.5), (2.5)) t(x) ORDER BY x')).toEqual([
    ['1.5', '1.5000000000000000'],
    ['2.5', '2.0000000000000000'],
  ])
  expect(await rows('SELECT avg(n) FROM (SELECT sum(x) AS n FROM (VALUES (1), (2), (4)) t(x) GROUP BY x)')).toEqual([
    ['2.3333333333333333'],
  ])
  const large = '9999999999999999999999999999999999'
  expect(await texts(`(SELECT avg(x) FROM (VALUES (${large}), (${large})) t(x))`)).toEqual([`${large}.0000`])
  expect(await rows('SELECT avg(x) FROM (VALUES (1), (2)) t(x)')).toEqual([[1.5]])
})

/** https://www.postgresql.org/docs/current/functions-datetime.html and functions-string.html#FUNCTIONS-STRING-FORMAT */
describe('adjusted intervals and formatted text', () => {
  test('parts of an interval take one sign', async () => {
    expect(
      await texts(
        "justify_hours(INTERVAL '-1 day 49 hours')",
        "justify_hours(INTERVAL '2 days -3 hours')",
        "justify_days(INTERVAL '1 mon -35 days')",
        "justify_interval(INTERVAL '1 mon -1 hour')",
        "justify_interval(INTERVAL '-1 mon 31 days 25 hours')",
      ),
    ).toEqual(['1 day 01:00:00', '1 day 21:00:00', '-5 days', '29 days 23:00:00', '2 days 01:00:00'])
  })

  test('format takes positions, widths and quotes', async () => {
    expect(
      await texts(
        "format('|%10s|%-5s|%2$s|%%', 'foo', 'bar')",
        "format('|%*s|%L|%I', -5, 'a', NULL, 'B c')",
        "format('Testing %3$s, %2$s, %s', 'one', 'two', 'three')",
        "num_nulls(1, NULL, 'x', NULL)",
      ),
    ).toEqual(['|       foo|bar  |bar|%', '|a    |NULL|"B c"', 'Testing three, two, three', '2'])
    await expect(rows("SELECT format('%s %s', 'a')")).rejects.toMatchObject({ code: '22023' })
    await expect(rows("SELECT format('%x', 'a')")).rejects.toMatchObject({ code: '22023' })
  })
})
