import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { connect, type VolleySession } from 'volley'
import { answerDifference, duckdbRows, volleyRows } from '../oracle/answers.ts'
import { openInDuckdb, openInVolley, TPCH_TABLES, tpchQueries, type TpchQuery } from './tables.ts'

const usage =
  'usage: npm run tpch -- [--scale N] [--data DIR] [--memory] [--parquet] [--threads N] [--rounds N] [--query N ...]'

interface Timed {
  readonly wall: number
  readonly cpu: number
}

interface Outcome {
  readonly query: number
  readonly rows: number
  readonly volley: Timed
  readonly duckdb: Timed
  readonly difference: string | null
}

/**
 * Runs the 22 queries of TPC-H in Volley and in DuckDB, in turn, over the same Parquet files or copies of them in memory;
 * compares the answers and prints the least time of each, in milliseconds.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scale: { type: 'string', default: '1' },
      data: { type: 'string' },
      memory: { type: 'boolean', default: false },
      parquet: { type: 'boolean', default: false },
      threads: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '3' },
      query: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.error(usage)
    return 2
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-tpch-'))
  try {
    const folder = values.data ?? (await makeTables(values.scale, scratch))
    if (folder === null) {
      console.log('SKIPPED: neither tpchgen-cli (pip install tpchgen-cli) nor the extension tpch of DuckDB is there')
      console.log('0 passed, 0 failed')
      return 0
    }
    const all = tpchQueries(fileURLToPath(new URL('../../../../fixtures/tpch/queries', import.meta.url)))
    const queries = all.filter(({ number }) => values.query.length === 0 || values.query.includes(String(number)))
    const sources = values.memory === values.parquet ? [false, true] : [values.memory]
    let failed = 0
    for (const memory of sources) {
      const outcomes = await compare(queries, folder, memory, Number(values.threads), Number(values.rounds))
      print(outcomes, `${memory ? 'memory' : 'Parquet'}, ${values.threads} thread(s)`)
      failed += outcomes.filter((outcome) => outcome.difference !== null).length
    }
    console.log(`${sources.length * queries.length - failed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

/** Makes the Parquet files with whatever can; null where nothing can. */
async function makeTables(scale: string, scratch: string): Promise<string | null> {
  try {
    const command = process.env.TPCHGEN_CLI ?? 'tpchgen-cli'
    execFileSync(command, ['parquet', '-s', scale, '-o', scratch], { stdio: ['ignore', 'ignore', 'pipe'] })
    return scratch
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const duckdb = await (await DuckDBInstance.create()).connect()
  try {
    await duckdb.run('INSTALL tpch')
    await duckdb.run('LOAD tpch')
  } catch {
    return null
  }
  await duckdb.run(`CALL dbgen(sf = ${Number(scale)})`)
  for (const table of TPCH_TABLES) await duckdb.run(`COPY ${table} TO '${path.join(scratch, `${table}.parquet`)}'`)
  return scratch
}

async function compare(
  queries: readonly TpchQuery[],
  folder: string,
  memory: boolean,
  threads: number,
  rounds: number,
): Promise<Outcome[]> {
  const session = await connect({ settings: { threads: String(threads), target_partitions: String(threads) } })
  const duckdb = await (await DuckDBInstance.create()).connect()
  try {
    await duckdb.run(`SET threads = ${threads}`)
    await openInDuckdb(duckdb, folder, memory)
    await openInVolley(session, folder, memory)
    const outcomes: Outcome[] = []
    for (const query of queries) {
      const outcome = await compareQuery(query, session, duckdb, rounds)
      if (outcome.difference !== null) console.log(`query ${query.number}: ${outcome.difference}`)
      outcomes.push(outcome)
    }
    return outcomes
  } finally {
    await session.close()
    duckdb.closeSync()
  }
}

async function compareQuery(
  { number, sql, ordered }: TpchQuery,
  session: VolleySession,
  duckdb: DuckDBConnection,
  rounds: number,
): Promise<Outcome> {
  let volley: Timed = { wall: Infinity, cpu: Infinity }
  let peer = volley
  let rows = 0
  let difference: string | null = null
  for (let round = 0; round < rounds && difference === null; round++) {
    try {
      const ours = await timed(async () => volleyRows(await session.sql(sql)))
      const theirs = await timed(() => duckdbRows(duckdb, sql))
      volley = least(volley, ours)
      peer = least(peer, theirs)
      rows = theirs.result.length
      difference = answerDifference(ours.result, theirs.result, ordered)
    } catch (error) {
      difference = (error as Error).message
    }
  }
  return { query: number, rows, volley, duckdb: peer, difference }
}

function least(a: Timed, b: Timed): Timed {
  return { wall: Math.min(a.wall, b.wall), cpu: Math.min(a.cpu, b.cpu) }
}

async function timed<T>(run: () => Promise<T>): Promise<Timed & { result: T }> {
  const [start, before] = [performance.now(), process.cpuUsage()]
  const result = await run()
  const { user, system } = process.cpuUsage(before)
  return { wall: performance.now() - start, cpu: (user + system) / 1000, result }
}

function print(outcomes: readonly Outcome[], title: string): void {
  const mean = (ratios: readonly number[]): string =>
    Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length).toFixed(2)
  const good = outcomes.filter((outcome) => outcome.difference === null)
  console.log(`\n${title}; load ${os.loadavg()[0]!.toFixed(1)}; ${os.cpus()[0]!.model}, node ${process.version}\n`)
  console.log('| query | rows | Volley ms | DuckDB ms | ratio | Volley CPU ms | DuckDB CPU ms | ratio of CPU |')
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const { query, rows, volley, duckdb } of good) {
    const cells = (by: 'wall' | 'cpu'): string =>
      `${volley[by].toFixed(0)} | ${duckdb[by].toFixed(0)} | ${(volley[by] / duckdb[by]).toFixed(2)}`
    console.log(`| ${query} | ${rows} | ${cells('wall')} | ${cells('cpu')} |`)
  }
  if (good.length === 0) return
  const ratios = (by: 'wall' | 'cpu'): number[] => good.map(({ volley, duckdb }) => volley[by] / duckdb[by])
  console.log(`| geometric mean | | | | ${mean(ratios('wall'))} | | | ${mean(ratios('cpu'))} |\n`)
}

process.exitCode = await main()
