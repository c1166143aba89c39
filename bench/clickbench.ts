/**
 * ClickBench's 43 queries over a table like its `hits`, in Volley and DuckDB, a process each, in turn, with the same rows:
 *
 *   npm run clickbench -- --rows 1000000 --source parquet|memory --queries 1,5-9 --rounds 3 --threads 1 --clock wall|cpu --file hits.parquet
 *
 * Prints the least time of each query (of the process, with `--clock cpu`) and the ratios; ends with `N passed, N failed`, by whether the rows are the same.
 * A `--file` that is not there is made, and stays.
 */
import { fork, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { hitsDifference, hitsQueries, hitsSelect, type HitsQuery } from '@volley/testing'
import { connect } from 'volley'

type Row = readonly unknown[]
type Request = { readonly sql: string } | { readonly end: true }
type Answer = { readonly rows: Row[]; readonly ms: number; readonly error?: string } | { readonly peakBytes: number }

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    source: { type: 'string', default: 'parquet' },
    queries: { type: 'string', default: '1-43' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    clock: { type: 'string', default: 'wall' },
    file: { type: 'string' },
    engine: { type: 'string' },
  },
})
const rounds = Number(options.rounds)
const fromMemory = options.source === 'memory'

async function compare(): Promise<void> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-clickbench-'))
  const file = path.resolve(options.file ?? path.join(scratch, 'hits.parquet'))
  const peers: Peer[] = []
  try {
    if (!fs.existsSync(file)) await makeHits(Number(options.rows), file)
    peers.push(await Peer.start('volley', file), await Peer.start('duckdb', file))
    process.exitCode = await run(peers[0]!, peers[1]!)
  } finally {
    for (const peer of peers) peer.stop()
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

async function makeHits(rows: number, file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const duckdb = await instance.connect()
  await duckdb.run(`COPY (${hitsSelect({ rows })}) TO '${file}' (FORMAT parquet)`)
  duckdb.closeSync()
  instance.closeSync()
}

async function run(volley: Peer, duckdb: Peer): Promise<number> {
  const wanted = numbersOf(options.queries)
  const queries = hitsQueries().filter(({ number }) => wanted.has(number))
  const ratios: number[] = []
  let failed = 0
  console.log('| query | Volley ms | DuckDB ms | ratio |\n| ----: | ----: | ----: | ----: |')
  for (const query of queries) {
    const { ours, theirs, difference } = await race(query, volley, duckdb)
    if (difference !== null) failed++
    else ratios.push(ours / theirs)
    const times = difference === null ? [ours.toFixed(1), theirs.toFixed(1), (ours / theirs).toFixed(2)] : ['', '', '']
    console.log(`| ${[query.number, ...times].join(' | ')} |${difference === null ? '' : ` ${difference}`}`)
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / Math.max(1, ratios.length))
  const beyond = ratios.filter((ratio) => ratio > 5).length
  console.log(`| **geometric mean** | | | **${mean.toFixed(2)}** |`)
  const peaks = [await volley.end(), await duckdb.end()].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`)
  console.log(
    `\n${options.file === undefined ? `${options.rows} rows` : path.basename(options.file)} from ${options.source}, ${options.threads} thread(s) each, least ${options.clock} time of ${rounds} rounds in turn; ` +
      `${beyond} beyond 5; peak memory Volley ${peaks[0]}, DuckDB ${peaks[1]}; ` +
      `load ${os.loadavg()[0]!.toFixed(2)}; ${os.cpus()[0]!.model}, node ${process.version}`,
  )
  console.log(`${queries.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function race(
  query: HitsQuery,
  volley: Peer,
  duckdb: Peer,
): Promise<{ ours: number; theirs: number; difference: string | null }> {
  let [ours, theirs] = [Infinity, Infinity]
  try {
    const difference = await hitsDifference(
      query,
      async (sql) => (await volley.sql(sql)).rows,
      async (sql) => (await duckdb.sql(sql)).rows,
    )
    for (let round = 0; round < rounds; round++) {
      ours = Math.min(ours, (await volley.sql(query.sql)).ms)
      theirs = Math.min(theirs, (await duckdb.sql(query.sql)).ms)
    }
    return { ours, theirs, difference }
  } catch (error) {
    return { ours, theirs, difference: (error as Error).message }
  }
}

/** `1,5-9` as the numbers that it names. */
function numbersOf(text: string): Set<number> {
  const numbers = new Set<number>()
  for (const part of text.split(',')) {
    const [from, to] = part.split('-').map(Number)
    for (let n = from!; n <= (to ?? from!); n++) numbers.add(n)
  }
  return numbers
}

/** An engine in a process of its own, so that its memory can be told. */
class Peer {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(engine: string, file: string): Promise<Peer> {
    const args = [
      '--engine',
      engine,
      '--file',
      file,
      '--source',
      options.source,
      '--threads',
      options.threads,
      '--clock',
      options.clock,
    ]
    const child = fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv, serialization: 'advanced' })
    const peer = new Peer(child)
    await peer.#answer()
    return peer
  }

  #answer(): Promise<Answer> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const onMessage = (answer: Answer): void => done(() => resolve(answer))
      const onExit = (code: number | null): void => done(() => reject(new Error(`the engine ended with ${code}`)))
      const done = (then: () => void): void => {
        child.off('message', onMessage).off('exit', onExit)
        then()
      }
      child.on('message', onMessage).on('exit', onExit)
    })
  }

  #ask(request: Request): Promise<Answer> {
    const answer = this.#answer()
    this.#child.send(request)
    return answer
  }

  async sql(sql: string): Promise<{ rows: Row[]; ms: number }> {
    const answer = (await this.#ask({ sql })) as Extract<Answer, { rows: Row[] }>
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }

  /** Bytes that the process had at most. */
  async end(): Promise<number> {
    return ((await this.#ask({ end: true })) as Extract<Answer, { peakBytes: number }>).peakBytes
  }

  stop(): void {
    this.#child.kill()
  }
}

async function serve(engine: string, file: string): Promise<void> {
  const sql = engine === 'volley' ? await openVolley(file) : await openDuckdb(file)
  const answer = (reply: Answer): void => void process.send!(reply)
  process.on('message', async (request: Request) => {
    if ('end' in request) return answer({ peakBytes: process.resourceUsage().maxRSS * 1024 })
    const start = clock()
    try {
      const rows = await sql(request.sql)
      answer({ rows, ms: clock() - start })
    } catch (error) {
      answer({ rows: [], ms: 0, error: (error as Error).message })
    }
  })
  answer({ rows: [], ms: 0 })
}

/** Milliseconds by the clock that is asked for. */
function clock(): number {
  if (options.clock !== 'cpu') return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function openVolley(file: string): Promise<(sql: string) => Promise<Row[]>> {
  const threads = Number(options.threads)
  const session = await connect({ threads, settings: { target_partitions: options.threads } })
  await session.sql(
    fromMemory
      ? `CREATE TABLE hits AS SELECT * FROM read_parquet('${file}')`
      : `CREATE EXTERNAL TABLE hits STORED AS PARQUET LOCATION '${file}'`,
  )
  return async (sql) => {
    const rows: Row[] = []
    for await (const chunk of (await session.sql(sql)).chunks()) rows.push(...chunk)
    return rows
  }
}

async function openDuckdb(file: string): Promise<(sql: string) => Promise<Row[]>> {
  const instance = await DuckDBInstance.create(':memory:', { threads: options.threads })
  const duckdb = await instance.connect()
  await duckdb.run(fromMemory ? `CREATE TABLE hits AS FROM '${file}'` : `CREATE VIEW hits AS FROM '${file}'`)
  return async (sql) => {
    const rows = (await duckdb.runAndReadAll(sql)).getRows()
    return rows.map((row) => row.map(plain))
  }
}

/** DuckDB's moments and days as counts, which go through between processes. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return 'micros' in value ? value.micros : 'days' in value ? value.days : value
}

if (options.engine === undefined) await compare()
else await serve(options.engine, options.file!)
