/**
 * CPU time of queries over one table in memory, in Volley and in other engines written in JavaScript:
 *
 *   npm run bench:js -- --engines DIR [--rows N] [--rounds N]
 *
 * DIR is a folder where the engines are installed: `npm install arquero@7 alasql squirreling` there (alasql brings 248
 * packages with it, so they are no dependencies of the repository). Engines that are not there are left out. Each query's
 * rows are compared; the least of the rounds counts, in Volley with one thread. Ends with `N passed, N failed`.
 */
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { connect } from 'volley'

const { values: options } = parseArgs({
  options: {
    engines: { type: 'string', default: '.' },
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '12' },
  },
})
const rows = Number(options.rows)
const rounds = Number(options.rounds)

/** Rounds of one query that take longer together are not begun. */
const MOST_MS = 4000

type Cells = readonly (readonly unknown[])[]

interface Query {
  readonly name: string
  /** Over `m(id, g, n, f, s)` and `d(g, w)`. */
  readonly sql: string
  /** The same for arquero. */
  readonly arquero: (aq: Any, m: Any, d: Any) => Any
}

// The engines have types of their own, which are not there when this file is compiled.
type Any = any

const queries: readonly Query[] = [
  {
    name: 'filter, count',
    sql: 'SELECT count(*) AS c FROM m WHERE n > 50',
    arquero: (aq, m) => m.filter((row: Any) => row.n > 50).rollup({ c: aq.op.count() }),
  },
  {
    name: 'group by an integer',
    sql: 'SELECT g, count(*) AS c, sum(n) AS t FROM m GROUP BY g',
    arquero: (aq, m) => m.groupby('g').rollup({ c: aq.op.count(), t: aq.op.sum('n') }),
  },
  {
    name: 'group by text, top 10',
    sql: 'SELECT s, count(*) AS c FROM m GROUP BY s ORDER BY c DESC, s LIMIT 10',
    arquero: (aq, m) => m.groupby('s').rollup({ c: aq.op.count() }).orderby(aq.desc('c'), 's').slice(0, 10),
  },
  {
    name: 'join, count',
    sql: 'SELECT count(*) AS c FROM m JOIN d ON m.g = d.g WHERE d.w < 10',
    arquero: (aq, m, d) =>
      m
        .join(
          d.filter((row: Any) => row.w < 10),
          'g',
        )
        .rollup({ c: aq.op.count() }),
  },
  {
    name: 'order by, limit 10',
    sql: 'SELECT id, f FROM m ORDER BY f DESC, id LIMIT 10',
    arquero: (aq, m) => m.orderby(aq.desc('f'), 'id').slice(0, 10).select('id', 'f'),
  },
  {
    name: 'LIKE, count',
    sql: "SELECT count(*) AS c FROM m WHERE s LIKE '%77%'",
    arquero: (aq, m) => m.filter(aq.escape((row: Any) => row.s.includes('77'))).rollup({ c: aq.op.count() }),
  },
]

const columns = {
  id: Array.from({ length: rows }, (_, i) => i),
  g: Array.from({ length: rows }, (_, i) => (i * 7919) % 1000),
  n: Array.from({ length: rows }, (_, i) => i % 77),
  f: Array.from({ length: rows }, (_, i) => ((i * 104729) % 1000003) * 0.5),
  s: Array.from({ length: rows }, (_, i) => `name-${(i * 31) % 50000}`),
}
const small = { g: Array.from({ length: 1000 }, (_, i) => i), w: Array.from({ length: 1000 }, (_, i) => i % 50) }

function objectsOf(table: Readonly<Record<string, readonly unknown[]>>): Record<string, unknown>[] {
  const [first] = Object.values(table)
  return first!.map((_, i) => Object.fromEntries(Object.entries(table).map(([name, column]) => [name, column[i]])))
}

/** An engine with the tables loaded: runs a query. */
type Engine = (query: Query) => Promise<Cells>

async function volley(): Promise<{ run: Engine; close: () => Promise<void> }> {
  const session = await connect({ threads: 1 })
  await session.sql(`
    CREATE TABLE m AS SELECT CAST(i AS INT) AS id, CAST((i * 7919) % 1000 AS INT) AS g, CAST(i % 77 AS INT) AS n,
      CAST((i * 104729) % 1000003 AS DOUBLE) * 0.5 AS f, 'name-' || (i * 31) % 50000 AS s FROM range(0, ${rows}) t(i);
    CREATE TABLE d AS SELECT CAST(i AS INT) AS g, CAST(i % 50 AS INT) AS w FROM range(0, 1000) t(i)`)
  const run: Engine = async ({ sql }) => {
    const cells: (readonly unknown[])[] = []
    for await (const chunk of (await session.sql(sql)).chunks()) cells.push(...chunk)
    return cells
  }
  return { run, close: () => session.close() }
}

const require = createRequire(pathToFileURL(path.join(path.resolve(options.engines), 'x.js')))

async function load(name: string): Promise<Any> {
  try {
    return await import(pathToFileURL(require.resolve(name)).href)
  } catch {
    return null
  }
}

const others: Readonly<Record<string, (module: Any) => Engine>> = {
  arquero: (aq) => {
    const m = aq.table(columns)
    const d = aq.table(small)
    return async (query) => {
      const result = query.arquero(aq, m, d)
      return result.objects().map((row: object) => Object.values(row))
    }
  },
  alasql: (module) => {
    const m = objectsOf(columns)
    const d = objectsOf(small)
    const alasql = module.default
    return async ({ sql }) => {
      const text = sql.replace(/\bFROM m\b/, 'FROM ? m').replace(/\bJOIN d\b/, 'JOIN ? d')
      return alasql(text, [m, d]).map((row: object) => Object.values(row))
    }
  },
  squirreling: ({ collect, executeSql }) => {
    const tables = { m: objectsOf(columns), d: objectsOf(small) }
    return async ({ sql }) =>
      (await collect(executeSql({ tables, query: sql }))).map((row: object) => Object.values(row))
  },
}

function sorted(cells: Cells): string {
  return cells
    .map((row) => row.map((cell) => (typeof cell === 'string' ? cell : Number(cell))).join('|'))
    .sort()
    .join('\n')
}

async function timed(run: Engine, query: Query, times: number): Promise<{ ms: number; cells: Cells }> {
  let ms = Infinity
  let cells: Cells = []
  const began = performance.now()
  for (let round = 0; round < times && (round === 0 || performance.now() - began < MOST_MS); round++) {
    const before = process.cpuUsage()
    cells = await run(query)
    const used = process.cpuUsage(before)
    ms = Math.min(ms, (used.user + used.system) / 1000)
  }
  return { ms, cells }
}

const own = await volley()
const results = new Map<string, { ms: number; text: string }>()
for (const query of queries) {
  const { ms, cells } = await timed(own.run, query, rounds)
  results.set(query.name, { ms, text: sorted(cells) })
}
await own.close()

let passed = 0
let failed = 0
console.log('| engine | query | ms | Volley, ms | ratio |')
console.log('| :--- | :--- | ---: | ---: | ---: |')
for (const [name, open] of Object.entries(others)) {
  const module = await load(name)
  if (module === null) {
    console.log(`| ${name} | not in ${options.engines} | | | |`)
    continue
  }
  const run = open(module)
  const ratios: number[] = []
  for (const query of queries) {
    const volleys = results.get(query.name)!
    try {
      const { ms, cells } = await timed(run, query, rounds)
      const same = sorted(cells) === volleys.text
      if (same) passed++
      else failed++
      ratios.push(ms / volleys.ms)
      const ratio = (ms / volleys.ms).toFixed(1)
      console.log(
        `| ${name} | ${query.name} | ${ms.toFixed(0)} | ${volleys.ms.toFixed(1)} | ${ratio} |${same ? '' : ' other rows'}`,
      )
    } catch (error) {
      failed++
      console.log(`| ${name} | ${query.name} | ${error instanceof Error ? error.message : String(error)} | | |`)
    }
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  console.log(`| ${name} | geometric mean | | | ${mean.toFixed(1)} |`)
}
console.log(
  `\n${rows} rows, least CPU of ${rounds} rounds; load ${os.loadavg()[0]!.toFixed(1)}, node ${process.version}`,
)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
