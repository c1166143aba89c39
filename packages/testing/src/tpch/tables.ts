import fs from 'node:fs'
import path from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { VolleySession } from 'volley'

export const TPCH_TABLES: readonly string[] = [
  'region',
  'nation',
  'supplier',
  'customer',
  'part',
  'partsupp',
  'orders',
  'lineitem',
]

export interface TpchQuery {
  readonly number: number
  readonly sql: string
  /** Whether ORDER BY leaves no ties, so that the order of the rows is part of the answer. */
  readonly ordered: boolean
}

/** Queries whose ORDER BY may leave ties. */
const WITH_TIES = new Set([3, 5, 10, 11, 18])

/** The queries of a folder of files `q01.sql` and so on. */
export function tpchQueries(folder: string): TpchQuery[] {
  const files = fs.readdirSync(folder).filter((name) => /^q\d+\.sql$/.test(name))
  return files.sort().map((name) => {
    const number = Number(name.slice(1, -4))
    return { number, sql: fs.readFileSync(path.join(folder, name), 'utf8'), ordered: !WITH_TIES.has(number) }
  })
}

const fileOf = (folder: string, table: string): string => path.join(folder, `${table}.parquet`)

/** Makes the tables known to a session: the Parquet files of a folder, or copies of them in memory. */
export async function openInVolley(session: VolleySession, folder: string, memory: boolean): Promise<void> {
  for (const table of TPCH_TABLES) {
    const file = fileOf(folder, table)
    await session.sql(
      memory
        ? `CREATE TABLE ${table} AS SELECT * FROM read_parquet('${file}')`
        : `CREATE EXTERNAL TABLE ${table} STORED AS PARQUET LOCATION '${file}'`,
    )
  }
}

/** The same in DuckDB. */
export async function openInDuckdb(duckdb: DuckDBConnection, folder: string, memory: boolean): Promise<void> {
  for (const table of TPCH_TABLES) {
    await duckdb.run(`CREATE ${memory ? 'TABLE' : 'VIEW'} ${table} AS FROM '${fileOf(folder, table)}'`)
  }
}
