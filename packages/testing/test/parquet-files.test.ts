import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { connect, type VolleySession } from 'volley'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerDifference, duckdbRows, volleyRows } from '../src/index.ts'

let scratch: string
let session: VolleySession
let duckdb: DuckDBConnection

beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-parquet-'))
  session = await connect({ settings: { threads: '1', target_partitions: '2' } })
  duckdb = await (await DuckDBInstance.create()).connect()
  // NULLs everywhere, texts with few and with many values, runs, and decimals of 4, 8 and 16 bytes.
  await duckdb.run(`CREATE TABLE rows AS SELECT
    i AS id,
    CASE WHEN hash(i) % 5 <> 0 THEN (i * 7919) % 1000 END::INTEGER AS small,
    CASE WHEN hash(i + 1) % 7 <> 0 THEN i * 4294967311 - 9007199254740993 END AS large,
    CASE WHEN hash(i + 2) % 3 <> 0 THEN i / 8.0 - 300 END::DOUBLE AS ratio,
    CASE WHEN i % 11 <> 0 THEN i % 2 = 0 END AS flag,
    CASE WHEN hash(i + 3) % 4 <> 0 THEN 'word ' || (i % 37) END AS word,
    CASE WHEN hash(i + 4) % 6 <> 0 THEN repeat('é', (i % 20)::INTEGER) || i END AS text,
    CASE WHEN i % 9 <> 0 THEN (i - 4000) / 100.0 END::DECIMAL(9, 2) AS money,
    ((i - 4000) * 10000019)::DECIMAL(18, 3) AS wide,
    ((i - 4000)::HUGEINT * 1000000000000000000000)::DECIMAL(38, 4) AS widest,
    CASE WHEN i % 10 <> 0 THEN DATE '1990-01-01' + i::INTEGER END AS day,
    (i // 1000)::TINYINT AS tiny
    FROM range(9000) t(i)`)
})

afterAll(async () => {
  await session.close()
  duckdb.closeSync()
  fs.rmSync(scratch, { recursive: true, force: true })
})

const options = [
  'COMPRESSION snappy',
  'COMPRESSION zstd, ROW_GROUP_SIZE 2048',
  'COMPRESSION gzip, ROW_GROUP_SIZE 4096, DICTIONARY_SIZE_LIMIT 1',
  'COMPRESSION uncompressed, PARQUET_VERSION v2, ROW_GROUP_SIZE 6144',
  'COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 500',
]

const queries = [
  'SELECT * FROM rows',
  "SELECT id, text, word FROM rows WHERE small < 20 AND word <> 'word 3'",
  "SELECT id, money, widest FROM rows WHERE day >= DATE '2013-01-01' AND tiny = 8",
  'SELECT a.id, b.text FROM rows a JOIN rows b ON a.small = b.id WHERE a.tiny = 2 AND b.flag',
  'SELECT word, count(*), sum(wide), max(large) FROM rows WHERE ratio IS NOT NULL GROUP BY word',
]

test.each(options)('Parquet written with %s reads as DuckDB reads it', async (option) => {
  const name = `rows_${options.indexOf(option)}`
  const file = path.join(scratch, `${name}.parquet`)
  await duckdb.run(`COPY rows TO '${file}' (FORMAT parquet, ${option})`)
  await session.sql(`CREATE EXTERNAL TABLE ${name} STORED AS PARQUET LOCATION '${file}'`)
  for (const query of queries) {
    const ours = await volleyRows(
      await session.sql(query.replaceAll('FROM rows', `FROM ${name}`).replaceAll('JOIN rows', `JOIN ${name}`)),
    )
    const theirs = await duckdbRows(duckdb, query)
    expect(theirs.length).toBeGreaterThan(0)
    expect(answerDifference(ours, theirs, false), query).toBeNull()
  }
})

test('nested Parquet reads as DuckDB reads it', async () => {
  const file = path.join(scratch, 'nested.parquet')
  await duckdb.run(`COPY (SELECT i AS id, CASE WHEN i % 7 <> 2 THEN MAP {'a': i, 'b': NULL} END AS map,
    CASE WHEN i % 5 <> 1 THEN {'x': i, 'y': [i, NULL], 'z': {'q': (i * 10000000000000000001)::DECIMAL(30, 4)}} END AS record,
    [(i * 10000000000000000001)::DECIMAL(38, 10), NULL] AS decimals, CASE WHEN i % 3 > 0 THEN [{'a': i, 'b': 't'}, NULL] END AS records,
    [[i, 2], NULL, []] AS lists, MAP {} AS nothing, TIME '01:02:03.5' + to_microseconds(i) AS clock
    FROM range(500) t(i)) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
  const query = `SELECT id, record IS NULL, record['x'], record['y'][1], record['y'][2], record['z']['q'], decimals[1],
    decimals[2], records IS NULL, records[1]['a'], records[1]['b'], records[2] IS NULL, lists[1][1], lists[1][2],
    lists[2] IS NULL, lists[3] IS NULL, lists[3][1], clock, map IS NULL, cardinality(map)::BIGINT, cardinality(nothing)::BIGINT
    FROM '${file}'`
  const ours = await volleyRows(await session.sql(query))
  const theirs = await duckdbRows(duckdb, query)
  expect(theirs).toHaveLength(500)
  expect(answerDifference(ours, theirs, false)).toBeNull()
})

test('DuckDB reads the Parquet that COPY writes', async () => {
  for (const [i, option] of ['snappy', 'zstd', 'gzip', 'uncompressed'].entries()) {
    const [from, to] = [path.join(scratch, `given_${i}.parquet`), path.join(scratch, `copied_${i}.parquet`)]
    await duckdb.run(
      `COPY (SELECT *, [text, NULL] AS texts, {'a': small, 'b': [money]} AS record FROM rows) TO '${from}'`,
    )
    await session.sql(
      `COPY (SELECT * FROM '${from}') TO '${to}' STORED AS PARQUET OPTIONS (compression '${option}', max_row_group_size 4000)`,
    )
    for (const query of [
      'SELECT * EXCLUDE (texts, record) FROM rows',
      'SELECT id, texts, record.a, record.b FROM rows',
    ]) {
      const ours = await duckdbRows(duckdb, query.replace('FROM rows', `FROM '${to}'`))
      const theirs = await duckdbRows(duckdb, query.replace('FROM rows', `FROM '${from}'`))
      expect(theirs).toHaveLength(9000)
      expect(answerDifference(ours, theirs, false), query).toBeNull()
    }
  }
})
