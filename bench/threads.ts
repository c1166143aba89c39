/**
 * Times queries with one thread and with two, in Volley and in DuckDB, in turn within each round, over Parquet and over a table
 * in memory, and prints the least time of each: of the wall, or with `--busiest` (Linux) of the processor that the busiest
 * thread had, which is what the wall would show on a machine with nothing else to do: `node -C @volley/source bench/threads.ts [--rows N] [--rounds N]
 * [--busiest] [--metastore URI --index NAME]`.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { connect, type VolleySession } from 'volley'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    rounds: { type: 'string', default: '7' },
    busiest: { type: 'boolean', default: false },
    metastore: { type: 'string' },
    index: { type: 'string', default: 'corpus' },
  },
})
const THREADS = [1, 2]

const queries = (table: string): readonly string[] => [
  `SELECT count(*), sum(id), avg(f), min(n), max(n) FROM ${table}`,
  `SELECT g, count(*) AS c, sum(f) FROM ${table} GROUP BY g ORDER BY c DESC, g LIMIT 10`,
  `SELECT h, count(*) AS c, sum(n) FROM ${table} GROUP BY h ORDER BY c DESC, h LIMIT 10`,
  `SELECT s, count(*) AS c FROM ${table} WHERE s LIKE '%77%' GROUP BY s ORDER BY c DESC, s LIMIT 10`,
  `SELECT id, f FROM ${table} ORDER BY n DESC NULLS LAST, id LIMIT 10`,
  `SELECT count(*) FROM ${table} a JOIN ${table} b ON a.id = b.h WHERE a.n < 20`,
]

const documents = (index: string): readonly string[] => [
  `SELECT status, count(*), avg(latency), sum(bytes) FROM ${index} GROUP BY status ORDER BY 2 DESC, 1 LIMIT 5`,
  `SELECT service, level, count(*) FROM ${index} WHERE latency > 10 GROUP BY service, level ORDER BY 3 DESC LIMIT 5`,
]

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-bench-'))
const file = path.join(scratch, 't.parquet')
const connection = await (await DuckDBInstance.create(':memory:')).connect()
const session = await connect(values.metastore === undefined ? {} : { metastore: values.metastore })
try {
  await connection.run(
    `CREATE TABLE m AS SELECT i AS id, (i * 7919) % 1000 AS g, (i * 104729) % 100003 AS h, i * 0.5::DOUBLE AS f,
      'name-' || (i % 5000) AS s, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 77 END AS n FROM range(${Number(values.rows)}) t(i)`,
  )
  await connection.run(`COPY m TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 122880)`)
  await connection.run(`CREATE VIEW p AS SELECT * FROM '${file}'`)
  await session.sql(`CREATE EXTERNAL TABLE p STORED AS PARQUET LOCATION '${file}'; CREATE TABLE m AS SELECT * FROM p`)
  console.log('| query | 1 thread | 2 threads | speed-up | DuckDB 1 | DuckDB 2 | speed-up | ratio at 2 |')
  console.log('| --- | --: | --: | --: | --: | --: | --: | --: |')
  for (const table of ['p', 'm']) for (const sql of queries(table)) await compare(sql, sql)
  if (values.metastore !== undefined) for (const sql of documents(values.index)) await compare(sql, null)
  console.log(
    `\n${values.rows} rows, least of ${values.rounds} rounds, ${values.busiest ? 'busiest thread, ' : ''}ms; load ${os.loadavg()[0]!.toFixed(1)}, ${os.availableParallelism()} cores, node ${process.version}`,
  )
} finally {
  await session.close()
  fs.rmSync(scratch, { recursive: true, force: true })
}

async function compare(sql: string, peer: string | null): Promise<void> {
  const best = { volley: THREADS.map(() => Infinity), duckdb: THREADS.map(() => Infinity) }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [i, threads] of THREADS.entries()) {
      best.volley[i] = Math.min(best.volley[i]!, await timed(() => runVolley(session, sql, threads)))
      if (peer === null) continue
      best.duckdb[i] = Math.min(best.duckdb[i]!, await timed(() => runDuckdb(connection, peer, threads)))
    }
  }
  const ms = (value: number): string => (value === Infinity ? '' : value.toFixed(1))
  const ratio = (a: number, b: number): string => (Number.isFinite(a / b) ? (a / b).toFixed(2) : '')
  const [one, two] = best.volley as [number, number]
  const [theirOne, theirTwo] = best.duckdb as [number, number]
  const cells = [
    ms(one),
    ms(two),
    ratio(one, two),
    ms(theirOne),
    ms(theirTwo),
    ratio(theirOne, theirTwo),
    ratio(two, theirTwo),
  ]
  console.log(`| ${sql.replaceAll('|', '\\|')} | ${cells.join(' | ')} |`)
}

async function timed(run: () => Promise<void>): Promise<number> {
  const before = processorTimes()
  const start = performance.now()
  await run()
  const wall = performance.now() - start
  if (!values.busiest) return wall
  return Math.max(...[...processorTimes()].map(([thread, ms]) => ms - (before.get(thread) ?? 0)))
}

/** Milliseconds on a processor of each thread of this process so far. */
function processorTimes(): Map<string, number> {
  const times = new Map<string, number>()
  if (!values.busiest) return times
  for (const thread of fs.readdirSync('/proc/self/task')) {
    const text = fs.readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8')
    times.set(thread, Number(text.split(' ')[0]) / 1e6)
  }
  return times
}

async function runVolley(volley: VolleySession, sql: string, threads: number): Promise<void> {
  volley.set('threads', String(threads))
  for await (const _ of (await volley.sql(sql)).chunks()) continue
}

async function runDuckdb(duckdb: DuckDBConnection, sql: string, threads: number): Promise<void> {
  await duckdb.run(`SET threads = ${threads}`)
  await duckdb.runAndReadAll(sql)
}
