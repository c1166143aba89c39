/**
 * How soon queries end that are cancelled: each operator over a large input, cancelled at several moments of its run.
 *
 *   npm run bench:cancel -- [--rows N] [--moments N] [--only REGEXP]
 *
 * Latency is counted from the moment at which the query was to be cancelled to that at which it has ended and everything
 * is closed, so it includes the time in which the thread hears nothing. Each query is run to its end first, for at most four
 * seconds, and then cancelled at even parts of that time. Ends with `N passed, N failed`: a query fails that ends with
 * another error than 57014, or whose median is above 100 ms.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { connect, type VolleySession } from 'volley'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    moments: { type: 'string', default: '9' },
    only: { type: 'string', default: '' },
  },
})
const rows = Number(values.rows)
const moments = Number(values.moments)
const MOST_MS = 4000

interface Case {
  readonly name: string
  readonly sql: string
  /** Of the session; spilled variants have a small memory_limit. */
  readonly settings?: Readonly<Record<string, string>>
}

const SPILLED = { memory_limit: '24MB' }

const cases: readonly Case[] = [
  { name: 'sort of integers', sql: 'SELECT id, n FROM m ORDER BY n, id' },
  { name: 'sort of text', sql: 'SELECT id, s FROM m ORDER BY s, id' },
  { name: 'sort, spilled', sql: 'SELECT id, s FROM m ORDER BY s, id', settings: SPILLED },
  { name: 'many groups', sql: 'SELECT id, count(*), sum(n) FROM m GROUP BY id' },
  { name: 'many groups of text', sql: 'SELECT u, count(*) FROM m GROUP BY u' },
  { name: 'many groups, spilled', sql: 'SELECT id, count(*) FROM m GROUP BY id', settings: SPILLED },
  { name: 'DISTINCT', sql: 'SELECT DISTINCT id, h FROM m' },
  { name: 'count DISTINCT', sql: 'SELECT g % 2, count(DISTINCT u) FROM m GROUP BY 1' },
  { name: 'one large group', sql: 'SELECT array_agg(u ORDER BY h), string_agg(s, n) FROM m'.replace(', n)', ", ',')") },
  {
    name: 'percentiles',
    sql: 'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f), mode() WITHIN GROUP (ORDER BY h) FROM m',
  },
  { name: 'grouping sets', sql: 'SELECT h, g, count(*) FROM m GROUP BY CUBE (h, g)' },
  { name: 'hash join, building', sql: 'SELECT count(*) FROM m a JOIN m b ON a.id = b.id + 1' },
  { name: 'hash join, probing', sql: 'SELECT count(*) FROM m a JOIN small b ON a.g = b.g' },
  { name: 'hash join, many pairs', sql: 'SELECT count(*) FROM m a JOIN m b ON a.g = b.g WHERE a.f + b.f < -1' },
  { name: 'hash join of text', sql: 'SELECT count(*) FROM m a FULL JOIN m b ON a.u = b.u' },
  { name: 'hash join, spilled', sql: 'SELECT count(*) FROM m a JOIN m b ON a.u = b.u', settings: SPILLED },
  { name: 'anti join of NULLs', sql: 'SELECT count(*) FROM m WHERE n NOT IN (SELECT h + 100 FROM m)' },
  { name: 'nested loop', sql: 'SELECT count(*) FROM m a JOIN m b ON a.f < b.n * 0 - 1' },
  { name: 'nested loop, spilled', sql: 'SELECT count(*) FROM m a JOIN m b ON a.f < b.n * 0 - 1', settings: SPILLED },
  { name: 'cross join', sql: 'SELECT count(*) FROM m a, m b' },
  { name: 'window, whole', sql: 'SELECT id, sum(n) OVER (ORDER BY id), lag(s) OVER (ORDER BY id) FROM m' },
  { name: 'window, partitions', sql: 'SELECT id, rank() OVER (PARTITION BY h ORDER BY id) FROM m' },
  { name: 'window, two orders', sql: 'SELECT row_number() OVER (ORDER BY f), row_number() OVER (ORDER BY s) FROM m' },
  {
    name: 'window, sliding frames',
    sql: 'SELECT min(f) OVER (ORDER BY id ROWS BETWEEN 999 PRECEDING AND CURRENT ROW) FROM m',
  },
  { name: 'window, spilled', sql: 'SELECT id, rank() OVER (PARTITION BY h ORDER BY id) FROM m', settings: SPILLED },
  {
    name: 'recursive query, long',
    sql: 'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10000000) SELECT count(*) FROM t',
  },
  {
    name: 'recursive query, wide',
    sql: 'WITH RECURSIVE t(n, d) AS (SELECT id, 1 FROM m UNION SELECT n + 1, d + 1 FROM t WHERE d < 50) SELECT count(*) FROM t',
  },
  { name: 'UNNEST', sql: 'SELECT count(*) FROM (SELECT unnest(generate_series(1, 2000)) FROM m)' },
  { name: 'UNNEST of one list', sql: `SELECT count(*) FROM (SELECT unnest(generate_series(1, ${rows * 4})))` },
  { name: 'generate_series', sql: 'SELECT sum(value) FROM generate_series(1, 20000000)' },
  {
    name: 'regular expressions',
    sql: `SELECT count(*) FROM m WHERE regexp_like(repeat(u, 50), '(a|b|c)+[0-9]{3,}x$')`,
  },
  { name: 'text functions', sql: `SELECT max(length(reverse(upper(repeat(u, 200))))) FROM m` },
  { name: 'LIKE', sql: `SELECT count(*) FROM m WHERE u || s LIKE '%7%1%9%'` },
  { name: 'CASE and decimals', sql: `SELECT sum(CASE WHEN g % 3 = 0 THEN id * 1.25 ELSE n / 7.0 END) FROM m` },
  { name: 'EXCEPT', sql: 'SELECT id, h FROM m EXCEPT SELECT id + 5, h FROM m' },
  { name: 'Parquet, scan', sql: 'SELECT max(s), sum(f), max(u) FROM p' },
  { name: 'Parquet, groups', sql: 'SELECT u, count(*) FROM p GROUP BY u' },
  { name: 'sort, 2 threads', sql: 'SELECT id, s FROM m ORDER BY s, id', settings: { threads: '2' } },
  { name: 'groups, 2 threads', sql: 'SELECT u, count(*) FROM p GROUP BY u', settings: { threads: '2' } },
  { name: 'join, 2 threads', sql: 'SELECT count(*) FROM p a JOIN p b ON a.u = b.u', settings: { threads: '2' } },
]

const onWorker: readonly Case[] = [
  { name: 'sort, 1 worker', sql: 'SELECT id, s FROM p ORDER BY s, id' },
  { name: 'groups, 1 worker', sql: 'SELECT u, count(*) FROM p GROUP BY u' },
  { name: 'join, 1 worker', sql: 'SELECT count(*) FROM p a JOIN p b ON a.u = b.u' },
  { name: 'nested loop, 1 worker', sql: 'SELECT count(*) FROM p a JOIN p b ON a.f < b.n * 0 - 1' },
]

interface Ended {
  readonly code: string | null
  /** Since the moment of cancelling; since the start where there was none. */
  readonly ms: number
}

async function runUntil(session: VolleySession, sql: string, ms: number): Promise<Ended> {
  const controller = new AbortController()
  const due = performance.now() + ms
  const timer = setTimeout(() => controller.abort(), ms)
  try {
    const result = await session.sql(sql, { signal: controller.signal })
    for await (const _ of result.batches()) continue
    return { code: null, ms: performance.now() - due + ms }
  } catch (error) {
    return { code: codeOf(error), ms: performance.now() - due }
  } finally {
    clearTimeout(timer)
  }
}

function codeOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'AbortError') return '57014'
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? String(error.code) : error.message
}

let passed = 0
let failed = 0

async function measure(session: VolleySession, { name, sql, settings = {} }: Case): Promise<void> {
  for (const [key, value] of Object.entries({ threads: '1', ...settings })) session.set(key, value)
  try {
    const whole = await runUntil(session, sql, MOST_MS)
    const length = whole.code === null ? whole.ms : MOST_MS
    const latencies: number[] = []
    const others = new Set<string>()
    if (whole.code !== null && whole.code !== '57014') others.add(whole.code)
    for (let k = 0; k < moments; k++) {
      const ended = await runUntil(session, sql, (length * (k + 0.5)) / moments)
      if (ended.code === '57014') latencies.push(ended.ms)
      else if (ended.code !== null) others.add(ended.code)
    }
    latencies.sort((a, b) => a - b)
    const median = latencies[latencies.length >>> 1] ?? Infinity
    const ok = others.size === 0 && median < 100
    if (ok) passed++
    else failed++
    const cells = [length, median, latencies.at(-1) ?? Infinity].map((value) => value.toFixed(0))
    console.log(`| ${name} | ${cells.join(' | ')} | ${latencies.length} |${ok ? '' : ` ${[...others].join(', ')} ✗`}`)
  } finally {
    for (const key of Object.keys(settings)) await session.sql(`RESET ${key}`)
  }
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-cancel-'))
const file = path.join(scratch, 't.parquet')
const external = `CREATE EXTERNAL TABLE p STORED AS PARQUET LOCATION '${file}'`
const chosen = (list: readonly Case[]): readonly Case[] => list.filter(({ name }) => new RegExp(values.only).test(name))
try {
  const session = await connect({ threads: 1 })
  try {
    await session.sql(
      `CREATE TABLE m AS SELECT i AS id, (i * 7919) % 1000 AS g, (i * 104729) % 100003 AS h, CAST(i AS DOUBLE) * 0.5 AS f,
        'name-' || (i % 5000) AS s, 'u' || (i * 7919 % ${rows}) AS u, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 77 END AS n
      FROM generate_series(1, ${rows}) AS t(i);
      CREATE TABLE small AS SELECT DISTINCT g FROM m`,
    )
    await session.sql(`COPY m TO '${file}' STORED AS PARQUET`)
    await session.sql(external)
    console.log('| operator | ms in all | median ms | most ms | cancelled |')
    console.log('| :--- | ---: | ---: | ---: | ---: |')
    for (const entry of chosen(cases)) await measure(session, entry)
  } finally {
    await session.close()
  }
  if (chosen(onWorker).length > 0) {
    const workers = await connect({ localWorkers: 1 })
    try {
      await workers.sql(external)
      for (const entry of chosen(onWorker)) await measure(workers, entry)
    } finally {
      await workers.close()
    }
  }
} finally {
  fs.rmSync(scratch, { recursive: true, force: true })
}
console.log(
  `\n${rows} rows; load ${os.loadavg()[0]!.toFixed(1)}, ${os.availableParallelism()} cores, node ${process.version}`,
)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
