import { fileURLToPath } from 'node:url'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { connect, type VolleySession } from 'volley'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerDifference, duckdbRows, openInDuckdb, openInVolley, tpchQueries, volleyRows } from '../src/index.ts'

const folder = fileURLToPath(new URL('../../../fixtures/tpch', import.meta.url))
const queries = tpchQueries(`${folder}/queries`)

let session: VolleySession
let duckdb: DuckDBConnection

beforeAll(async () => {
  session = await connect({ settings: { threads: '1', target_partitions: '2' } })
  await openInVolley(session, folder, false)
  duckdb = await (await DuckDBInstance.create()).connect()
  await openInDuckdb(duckdb, folder, true)
})

afterAll(async () => {
  await session.close()
  duckdb.closeSync()
})

test('there are 22 queries', () => {
  expect(queries.map((query) => query.number)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
})

test.each(queries)('TPC-H query $number answers as DuckDB does', async ({ sql, ordered }) => {
  const ours = await volleyRows(await session.sql(sql))
  const theirs = await duckdbRows(duckdb, sql)
  expect(answerDifference(ours, theirs, ordered)).toBeNull()
  expect(theirs.length).toBeGreaterThan(0)
})
