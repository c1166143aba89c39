import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { connect, type VolleySession } from 'volley'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hitsDifference, hitsQueries, hitsSelect, queryRows } from '../src/index.ts'

const ROWS = 4000
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-hits-'))
const file = path.join(folder, 'hits.parquet')
let duckdb: DuckDBConnection
let session: VolleySession

beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  await duckdb.run(`COPY (${hitsSelect({ rows: ROWS })}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`)
  await duckdb.run(`CREATE TABLE hits AS FROM '${file}'`)
  session = await connect({ poison: true, settings: { target_partitions: '1' } })
})

afterAll(async () => {
  duckdb?.closeSync()
  await session?.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

test.each([
  ['from Parquet', `CREATE EXTERNAL TABLE hits STORED AS PARQUET LOCATION '${file}'`],
  ['from memory', `CREATE TABLE hits AS SELECT * FROM read_parquet('${file}')`],
])('the 43 queries of ClickBench %s have the rows that DuckDB has', async (_, ddl) => {
  await session.sql(ddl)
  const differences: string[] = []
  let found = 0
  const queries = hitsQueries({ having: 100, offset: 3 })
  for (const query of queries) {
    const difference = await hitsDifference(
      query,
      async (sql) => {
        const rows = await queryRows(session, sql, { target_partitions: 1 })
        if (rows.length > 0) found++
        return rows
      },
      async (sql) => (await duckdb.runAndReadAll(sql)).getRows(),
    )
    if (difference !== null) differences.push(`${query.number}: ${difference}`)
  }
  await session.sql('DROP TABLE hits')
  expect(differences).toEqual([])
  expect(queries).toHaveLength(43)
  expect(found).toBeGreaterThanOrEqual(42)
})
