/**
 * ClickBench's 43 queries, queries by words, and the first rows by columns, over a `hits` index of splits and over the same rows in DuckDB's native
 * table, in one process, in turn:
 *
 *   npm run hits-splits -- --rows 1000000 --out DIR
 *   npm run clickbench-splits -- DIR --queries 1,5-9 --rounds 3 --warm 500 --threads 1 --no-words --no-top --no-off
 *
 * Prints of each query the least time of the processor with the rules over splits on and off, the bytes that a first run reads, and DuckDB's
 * time; ends with `N passed, N failed`, by whether all three have the same rows.
 */
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { typeName, unitOf } from '@volley/core'
import { splitRules } from '@volley/splits'
import { bytesRead, hitsDifference, hitsQueries, type HitsQuery, type RunSql } from '@volley/testing'
import { connect, type VolleySession } from 'volley'
import { topQueries } from './hits-top.ts'
import { wordQueries } from './hits-words.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    queries: { type: 'string', default: '1-43' },
    words: { type: 'boolean', default: true },
    top: { type: 'boolean', default: true },
    off: { type: 'boolean', default: true },
    cold: { type: 'boolean', default: true },
    rounds: { type: 'string', default: '3' },
    warm: { type: 'string', default: '500' },
    threads: { type: 'string', default: '1' },
  },
  allowNegative: true,
})
const [dir] = positionals
if (dir === undefined) throw new Error('the folder that hits-splits wrote is missing')
const metastore = pathToFileURL(path.join(dir, 'indexes')).href
const rounds = Number(options.rounds)
/** A round of each engine takes so long, or one run. */
const ROUND_MS = 40
/** Runs of each query in each engine before it is timed, as many as a second has room for. */
const warm = Number(options.warm)
const rulesOff = Object.fromEntries(splitRules.map(({ name }) => [`rules.${name}`, 'off']))

interface Measured {
  readonly on: number
  readonly off: number
  readonly peer: number
  readonly bytes: number | null
  readonly difference: string | null
}

const open = (settings: Record<string, string> = {}): Promise<VolleySession> =>
  connect({
    metastore,
    threads: Number(options.threads),
    settings: { target_partitions: options.threads, ...settings },
  })
const on = await open()
const off = options.off ? await open(rulesOff) : null
const instance = await DuckDBInstance.create(':memory:', { threads: options.threads })
const duckdb = await instance.connect()
await duckdb.run(`CREATE TABLE hits AS FROM '${path.join(dir, 'hits.parquet')}'`)
const [[rows]] = (await duckdb.runAndReadAll('SELECT count(*) FROM hits')).getRows() as [[bigint]]
let failed = 0
let total = 0
try {
  await section(
    'ClickBench',
    hitsQueries().filter(({ number }) => numbersOf(options.queries).has(number)),
    (query) => query.sql,
  )
  if (options.words) await section('by words', wordQueries, ({ like }) => like)
  for (const k of options.top ? [10, 1000] : []) await section(`top ${k}`, topQueries(k), ({ sql }) => sql)
} finally {
  await on.close()
  await off?.close()
  duckdb.closeSync()
  instance.closeSync()
}
console.log(
  `\n${rows} rows, ${options.threads} thread(s) each, CPU time, least of ${rounds} rounds in turn of ${ROUND_MS} ms each (their mean run), after up to ${warm} runs of each that were not timed (for a second at most); load ${os.loadavg()[0]!.toFixed(2)}; ` +
    `${os.cpus()[0]!.model}, node ${process.version}`,
)
console.log(`${total - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function section<Q extends HitsQuery>(name: string, queries: readonly Q[], timed: (query: Q) => string) {
  console.log(`\n| ${name} | Volley ms | rules off ms | MB read | DuckDB ms | ratio |`)
  console.log('| ----: | ----: | ----: | ----: | ----: | ----: |')
  const ratios: number[] = []
  for (const query of queries) {
    total++
    const { difference, ...m } = await measure(query, timed(query))
    if (difference !== null) failed++
    else ratios.push(m.on / m.peer)
    const off = options.off ? m.off.toFixed(1) : ''
    const bytes = m.bytes === null ? '' : (m.bytes / 1e6).toFixed(2)
    const cells = [query.number, m.on.toFixed(2), off, bytes, m.peer.toFixed(1), (m.on / m.peer).toFixed(3)]
    console.log(`| ${cells.join(' | ')} |${difference === null ? '' : ` ${difference}`}`)
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / Math.max(1, ratios.length))
  console.log(`| **geometric mean** | | | | | **${mean.toFixed(3)}** |`)
}

async function measure(query: HitsQuery, peerSql: string): Promise<Measured> {
  let best = { on: Infinity, off: Infinity, peer: Infinity }
  let bytes: number | null = null
  try {
    if (options.cold) bytes = await onCold((session) => bytesRead(session, query.sql))
    let difference = await hitsDifference(query, volley(on), peer)
    if (difference === null && off !== null) {
      const without = await hitsDifference(query, volley(off), peer)
      difference = without === null ? null : `rules off: ${without}`
    }
    await warmUp(() => volley(on)(query.sql))
    if (off !== null) await warmUp(() => volley(off)(query.sql))
    await warmUp(() => run(duckdb, peerSql))
    for (let round = 0; round < rounds; round++) {
      best = {
        on: Math.min(best.on, await timeOf(() => volley(on)(query.sql))),
        off: off === null ? NaN : Math.min(best.off, await timeOf(() => volley(off)(query.sql))),
        peer: Math.min(best.peer, await timeOf(() => run(duckdb, peerSql))),
      }
    }
    return { ...best, bytes, difference }
  } catch (error) {
    return { ...best, bytes, difference: (error as Error).message }
  }
}

async function warmUp(work: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  for (let i = 0; i < warm && performance.now() - start < 1000; i++) await work()
}

async function onCold<T>(use: (session: VolleySession) => Promise<T>): Promise<T> {
  const session = await open()
  try {
    return await use(session)
  } finally {
    await session.close()
  }
}

/**
 * Milliseconds of the processor, of the runs that there is room for in `ROUND_MS`, one at least: their mean. What else runs on
 * the machine counts little. Both engines are in this process.
 */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  const start = process.cpuUsage()
  let runs = 0
  do {
    await work()
    runs++
  } while (performance.now() - began < ROUND_MS)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000 / runs
}

function volley(session: VolleySession): RunSql {
  return async (sql) => {
    const result = await session.sql(sql)
    // Moments as counts of microseconds, whatever their unit.
    const scales = result.schema.fields.map(({ type }) =>
      typeName(type) === 'Timestamp' ? 1_000_000n / 1000n ** BigInt(unitOf(type)) : null,
    )
    const found: unknown[][] = []
    for await (const chunk of result.chunks()) {
      for (const row of chunk) {
        found.push(row.map((value, i) => (scales[i] == null || value === null ? value : (value as bigint) * scales[i])))
      }
    }
    return found
  }
}

/** For comparing: words and days as the index has them. */
async function peer(sql: string): Promise<unknown[][]> {
  const rows = await run(duckdb, wordsToPatterns(sql))
  return rows.map((row) =>
    row.map((value) =>
      typeof value === 'object' && value !== null && 'days' in value
        ? BigInt(value.days as number) * 86_400_000_000n
        : value,
    ),
  )
}

/** `match("Title", 'word')` for DuckDB. */
function wordsToPatterns(sql: string): string {
  return sql.replaceAll(
    /match\(("\w+"), '(\w+)'\)/g,
    String.raw`regexp_matches(lower($1), '(^|[^\p{L}\p{N}])$2($|[^\p{L}\p{N}])')`,
  )
}

async function run(duckdb: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await duckdb.runAndReadAll(sql)).getRows() as unknown[][]
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
