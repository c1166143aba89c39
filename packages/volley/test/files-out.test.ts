import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { scalarKey, type ScalarValue } from '@volley/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, type VolleySession } from '../src/index.ts'

let folder: string
let session: VolleySession

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-out-'))
  session = await connect({ settings: { threads: '1' } })
  await rows(`CREATE TABLE source AS SELECT value AS id,
    CASE WHEN value % 5 <> 0 THEN CAST(value AS DECIMAL(7, 2)) END AS d7, CAST(value * 1000000007 AS DECIMAL(18, 3)) AS d18,
    CAST('12345678901234567890123456789.12345' AS DECIMAL(38, 5)) * CASE WHEN value % 2 = 0 THEN 1 ELSE -1 END AS d38,
    TIMESTAMP '1969-12-31 23:59:59.123456' + INTERVAL '1 day' * value AS moment,
    TIMESTAMPTZ '2020-05-05 00:00:00+02' AS instant, TIME '12:34:56.789' AS clock, DATE '2020-01-01' AS day,
    ['a', NULL, 'b' || value] AS texts, [1.23, NULL] AS decimals, [[value], NULL, []] AS lists,
    CASE WHEN value <> 2 THEN struct(value, CASE WHEN value <> 3 THEN 'x' END) END AS pair, [struct(value, NULL)] AS pairs,
    CASE WHEN value = 3 THEN '' WHEN value <> 4 THEN 'te,"xt' || chr(10) END AS text, value % 2 = 0 AS flag,
    CAST('\\x00ff' AS BYTEA) AS bytes, CAST(value AS REAL) / 3 AS single, CAST('NaN' AS DOUBLE) AS nan
    FROM generate_series(1, 7)`)
})

afterAll(async () => {
  await session.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

async function rows(sql: string, signal?: AbortSignal): Promise<ScalarValue[][]> {
  const result = await session.sql(sql, signal === undefined ? {} : { signal })
  const all: ScalarValue[][] = []
  for await (const chunk of result.chunks()) all.push(...chunk.map((row) => [...row]))
  return all
}

const keys = (values: readonly ScalarValue[][]): string[] => values.map((row) => row.map(scalarKey).join(' '))
const file = (name: string): string => path.join(folder, name)

describe('COPY TO', () => {
  test.each(['parquet', 'arrow'])('%s keeps every type and value', async (format) => {
    expect(await rows(`COPY source TO '${file(`all.${format}`)}'`)).toEqual([[7n]])
    const back = await rows(`SELECT * FROM '${file(`all.${format}`)}' ORDER BY id`)
    expect(keys(back)).toEqual(keys(await rows('SELECT * FROM source ORDER BY id')))
    expect(back).toHaveLength(7)
  })

  test.each(['csv', 'csv.gz', 'ndjson', 'ndjson.gz'])('%s comes back, packed where its name says so', async (end) => {
    const name = file(`plain.${end}`)
    await rows(`COPY (SELECT id, text, flag, day FROM source) TO '${name}'`)
    const plain = fs.readFileSync(name)
    if (end.endsWith('.gz')) expect(zlib.gunzipSync(plain).toString()).toContain('te,')
    const casts = 'id, text, flag, CAST(day AS DATE)'
    const back = await rows(`SELECT ${casts} FROM '${name}' ORDER BY id`)
    expect(keys(back)).toEqual(keys(await rows('SELECT id, text, flag, day FROM source ORDER BY id')))
  })

  test('a column alone keeps its NULLs and its empty texts in CSV', async () => {
    await rows(`COPY (SELECT text FROM source WHERE id > 2 ORDER BY id) TO '${file('one.csv')}'`)
    expect(keys(await rows(`SELECT text FROM '${file('one.csv')}'`))).toEqual(
      keys(await rows('SELECT text FROM source WHERE id > 2 ORDER BY id')),
    )
  })

  test('many rows go out as they come, in row groups', async () => {
    const name = file('many.parquet')
    const options = "OPTIONS (compression 'gzip', max_row_group_size 3000)"
    await rows(
      `COPY (SELECT value AS i, CASE WHEN value % 3 > 0 THEN 'v' || value END AS s FROM generate_series(1, 10000)) TO '${name}' STORED AS PARQUET ${options}`,
    )
    expect(await rows(`SELECT count(*), sum(i), count(s), max(s) FROM '${name}'`)).toEqual([
      [10000n, 50005000n, 6667n, 'v9998'],
    ])
    const scanned = await session.explain(`SELECT i FROM '${name}' WHERE i > 9500`, { analyze: true })
    const metrics = JSON.stringify(scanned.metrics, (_, value: unknown) =>
      value instanceof Map ? Object.fromEntries(value) : typeof value === 'bigint' ? String(value) : value,
    )
    expect(metrics).toMatch(/"row_groups_skipped":3/)
  })

  test('an empty result is a file with columns', async () => {
    for (const format of ['parquet', 'arrow', 'csv']) {
      await rows(`COPY (SELECT id, text FROM source WHERE id < 0) TO '${file(`empty.${format}`)}'`)
      expect(await rows(`SELECT * FROM '${file(`empty.${format}`)}'`)).toEqual([])
      expect((await rows(`DESCRIBE SELECT * FROM '${file(`empty.${format}`)}'`)).map(([name]) => name)).toEqual([
        'id',
        'text',
      ])
    }
  })

  test('what fails or is cancelled half-way leaves no file, and what was there stays', async () => {
    for (const format of ['csv', 'ndjson', 'arrow', 'parquet']) {
      const name = file(`half.${format}`)
      fs.writeFileSync(name, 'before')
      const failing = `COPY (SELECT 1 / (150000 - value) AS x FROM generate_series(1, 200000)) TO '${name}'`
      await expect(rows(failing)).rejects.toMatchObject({ code: '22012' })
      const signal = AbortSignal.timeout(20)
      await expect(rows(`COPY (SELECT * FROM generate_series(1, 100000000)) TO '${name}'`, signal)).rejects.toThrow()
      expect(fs.readFileSync(name, 'utf8')).toBe('before')
    }
    expect(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('options that a format does not take are refused', async () => {
    const copy = (options: string): Promise<unknown> =>
      rows(`COPY source TO '${file('bad.parquet')}' STORED AS PARQUET OPTIONS (${options})`)
    await expect(copy("compression 'best'")).rejects.toMatchObject({ code: '22023' })
    await expect(copy('max_row_group_size 0')).rejects.toMatchObject({ code: '22023' })
    expect(fs.existsSync(file('bad.parquet'))).toBe(false)
  })
})

describe('Arrow files', () => {
  test('that are cut anywhere end in one error', async () => {
    await rows(`COPY (SELECT id, text FROM source) TO '${file('whole.arrow')}'`)
    const whole = fs.readFileSync(file('whole.arrow'))
    let cuts = 0
    for (let length = 0; length < whole.length; length += 7, cuts++) {
      fs.writeFileSync(file('cut.arrow'), whole.subarray(0, length))
      await expect(rows(`SELECT * FROM '${file('cut.arrow')}'`)).rejects.toMatchObject({ code: 'XX001' })
    }
    expect(cuts).toBeGreaterThan(50)
  })
})
