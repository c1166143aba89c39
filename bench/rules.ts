/**
 * CPU time and bytes read of queries with everything on, and with one rule or setting off at a time:
 *
 *   npm run bench:rules -- DIR --rounds 3 --only TopK
 *
 * DIR is what `npm run hits-splits` wrote; queries over documents, JSON and time ranges have an index of events, which is
 * written here. Each rule has queries that it is for. Ends with `N passed, N failed`, by whether the rows are the same
 * without it and the plan is another one; a rule without a query fails.
 */
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { bytesRead, multisetDifference, queryRows } from '@volley/testing'
import { connect, physicalRuleNames, type VolleySession } from 'volley'
import { logicalRules } from '@volley/planner'
import { writeEvents } from './events.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    events: { type: 'string', default: '100000' },
  },
})
const [dir] = positionals
if (dir === undefined) throw new Error('the folder that hits-splits wrote is missing')
const rounds = Number(options.rounds)
const WARM_ROUNDS = 50
const WARM_MS = 1000

interface Case {
  /** A rule, or a setting and what it is instead of its default. */
  readonly off: string | readonly [setting: string, value: string]
  readonly sql: string
  /** Not a matter of the plan: it shows in the work that is done. */
  readonly samePlan?: boolean
}

const GOOGLE = `match("URL", 'google')`
const cases: readonly Case[] = [
  { off: 'FastFieldFilterPushdown', sql: `SELECT "WatchID" FROM hits WHERE "URL" LIKE '%google%'` },
  {
    off: 'FastFieldFilterPushdown',
    sql: `SELECT "URL", "Title" FROM hits WHERE "UserID" = 435090932899640449 OR "CounterID" = 62 AND "RegionID" = 5`,
  },
  {
    off: 'FastFieldFilterPushdown',
    sql: `SELECT ms FROM events WHERE date_trunc('hour', ts) = TIMESTAMP '2024-01-01 00:00:00' AND level <> 'INFO'`,
  },
  {
    off: 'FastFieldFilterPushdown',
    sql: `SELECT ts, ms FROM events WHERE attrs->'http'->>'status' = '500' AND (service LIKE 'service-1%' OR ms > 900)`,
  },
  { off: 'FastFieldFilterPushdown', sql: `SELECT ms, body FROM events WHERE span = '0012ab'` },
  { off: 'DocumentsLast', sql: 'SELECT body, attrs FROM events WHERE ms < 40 ORDER BY ts DESC LIMIT 10' },
  {
    off: 'DocumentsLast',
    sql: `SELECT DISTINCT ON (service) service, body FROM events WHERE level = 'ERROR' ORDER BY service, ts DESC`,
  },
  {
    off: 'DocumentsLast',
    sql: `SELECT e.body, s.n FROM events e JOIN (VALUES ('service-1', 1), ('service-2', 2)) s(name, n) ON e.service = s.name WHERE e.level = 'ERROR' ORDER BY e.ts LIMIT 20`,
  },
  {
    off: 'TopKPushdown',
    sql: `SELECT "WatchID", "EventTime" FROM hits WHERE "SearchPhrase" <> '' ORDER BY "EventTime", "WatchID" LIMIT 10`,
  },
  {
    off: 'TopKPushdown',
    sql: `SELECT score() FROM hits WHERE match("URL", 'google catalog') ORDER BY score() DESC LIMIT 10`,
  },
  { off: 'TopKPushdown', sql: 'SELECT ts, ms FROM events ORDER BY ts DESC, ms NULLS FIRST LIMIT 10' },
  {
    off: 'AggPushdown',
    sql: `SELECT date_trunc('hour', ts), level, count(DISTINCT service), stddev(ms) FROM events WHERE match(body, 'retry') GROUP BY 1, 2 HAVING count(*) > 3`,
  },
  { off: 'AggPushdown', sql: 'SELECT COUNT(*), MIN("EventTime"), MAX("EventTime") FROM hits' },
  { off: 'AggPushdown', sql: 'SELECT "URL", COUNT(*) AS c FROM hits GROUP BY "URL" ORDER BY c DESC, "URL" LIMIT 10' },
  { off: 'AggPushdown', sql: `SELECT "RegionID", COUNT(*) FROM hits WHERE ${GOOGLE} GROUP BY "RegionID"` },
  {
    off: 'SplitPruning',
    sql: `SELECT service, count(*), avg(ms) FROM events WHERE ts < TIMESTAMP '2024-01-01 01:00:00' GROUP BY service`,
  },
  {
    off: 'RuntimeFilters',
    sql: `SELECT h."URL", g.c FROM hits h JOIN (SELECT "UserID", COUNT(*) AS c FROM hits WHERE ${GOOGLE} GROUP BY "UserID" ORDER BY c DESC, 1 LIMIT 20) g ON h."UserID" = g."UserID"`,
  },
  {
    off: 'RuntimeFilters',
    sql: `SELECT e.ms, e.ts FROM events e JOIN (VALUES ('trace-17'), ('trace-4711')) t(trace) ON e.trace = t.trace`,
  },
  {
    off: 'RuntimeFilters',
    sql: `SELECT e.ms, e.body FROM events e JOIN (VALUES ('0012ab'), ('000fff')) s(span) ON e.span = s.span`,
  },
  {
    off: 'PathColumns',
    sql: `SELECT attrs->>'host' AS host, ms FROM events ORDER BY 1 DESC, ms, ts LIMIT 10`,
  },
  {
    off: ['resident_paths', 'off'],
    sql: `SELECT attrs->>'host' AS host, count(*), avg(ms) FROM events WHERE attrs->'http'->>'status' = '500' GROUP BY 1`,
    samePlan: true,
  },
  {
    off: 'aggregate_once',
    sql: 'SELECT "UserID", COUNT(*) AS c FROM hits GROUP BY "UserID" ORDER BY c DESC, 1 LIMIT 10',
  },
  {
    off: 'common_subexpressions',
    sql: `SELECT upper("Title" || "URL") || 'x' AS a, upper("Title" || "URL") || 'y' AS b FROM hits WHERE ${GOOGLE}`,
  },
  {
    off: 'common_subplans',
    sql: `SELECT a."RegionID" FROM (SELECT "RegionID", COUNT(DISTINCT "UserID") AS u FROM hits GROUP BY 1) a JOIN (SELECT "RegionID", COUNT(DISTINCT "UserID") AS u FROM hits GROUP BY 1) b ON a.u = b.u AND a."RegionID" < b."RegionID"`,
  },
  {
    off: 'eliminate_distinct',
    sql: 'SELECT DISTINCT "UserID", c FROM (SELECT "UserID", COUNT(*) AS c FROM hits GROUP BY "UserID") g ORDER BY c DESC, 1 LIMIT 10',
  },
  {
    off: 'eliminate_outer_joins',
    sql: `SELECT COUNT(*) FROM (SELECT "UserID" FROM hits) a LEFT JOIN (SELECT "UserID", "RegionID" FROM hits WHERE ${GOOGLE}) b ON a."UserID" = b."UserID" WHERE b."RegionID" = 229`,
  },
  { off: 'extract_json_paths', sql: `SELECT ts, attrs->'http'->>'status' FROM events WHERE ms < 500` },
  {
    off: 'merge_projections',
    sql: 'SELECT c + 1 AS d FROM (SELECT b + 1 AS c FROM (SELECT "UserID" % 100 + 1 AS b FROM hits) x) y WHERE c > 50',
  },
  {
    off: 'propagate_empty',
    sql: 'SELECT COUNT(*) FROM hits a JOIN (SELECT * FROM hits WHERE 1 = 2) b ON a."UserID" = b."UserID"',
  },
  {
    off: 'prune_columns',
    sql: 'SELECT "RegionID", "Age" FROM (SELECT * FROM hits) a WHERE "CounterID" = 62 ORDER BY "UserID", "WatchID" LIMIT 100',
  },
  {
    off: 'push_down_limits',
    sql: `SELECT ms FROM (SELECT ms FROM events WHERE service = 'service-1' UNION ALL SELECT ms FROM events WHERE service = 'service-1') u LIMIT 0`,
  },
  {
    off: 'push_down_predicates',
    sql: 'SELECT "RegionID", c FROM (SELECT "RegionID", "CounterID", COUNT(*) AS c FROM hits GROUP BY 1, 2) g WHERE "CounterID" = 62',
  },
  {
    off: 'push_down_text_filters',
    sql: `SELECT a."RegionID", COUNT(*) FROM hits a JOIN (VALUES (229), (2)) r(id) ON a."RegionID" = r.id WHERE match(a."URL", 'google') GROUP BY 1`,
  },
  {
    off: 'reduce_group_keys',
    sql: 'SELECT "ClientIP", "ClientIP" - 1, "ClientIP" - 2, COUNT(*) FROM hits GROUP BY 1, 2, 3 HAVING COUNT(*) > 50',
  },
  {
    off: 'reorder_joins',
    sql: `SELECT COUNT(*) FROM (SELECT "UserID", "RegionID" FROM hits WHERE ${GOOGLE} ORDER BY "WatchID" LIMIT 300) a, (SELECT "RegionID" FROM hits WHERE match("Title", 'google') ORDER BY "WatchID" LIMIT 200) b, (SELECT "UserID", "RegionID" FROM hits) c WHERE a."UserID" = c."UserID" AND b."RegionID" = c."RegionID"`,
  },
  {
    off: 'shift_sums',
    sql: `SELECT ${Array.from({ length: 30 }, (_, i) => `SUM("ResolutionWidth" + ${i})`).join(', ')} FROM hits`,
  },
  {
    off: 'simplify_expressions',
    sql: `SELECT COUNT(*) FROM hits WHERE "RegionID" + 0 = 229 AND ("Age" > 20 OR 1 = 1)`,
  },
  { off: 'single_distinct_to_group_by', sql: 'SELECT "RegionID", COUNT(DISTINCT "UserID") FROM hits GROUP BY 1' },
  {
    off: ['join_mode', 'partitioned'],
    sql: `SELECT e.ms, e.ts FROM events e JOIN (SELECT trace FROM events WHERE ms = 17 AND level = 'ERROR') t ON e.trace = t.trace`,
  },
  {
    off: ['resident_terms', 'off'],
    samePlan: true,
    sql: 'SELECT "URL", COUNT(*) FROM hits GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10',
  },
  { off: ['remember_plans', 'off'], samePlan: true, sql: `SELECT COUNT(*) FROM hits WHERE ${GOOGLE}` },
]

const named = (off: Case['off']): string => (typeof off === 'string' ? off : off.join(' = '))
const settingsOf = (off: Case['off'] | null): Record<string, string> => ({
  target_partitions: '1',
  threads: '1',
  ...(off === null ? {} : typeof off === 'string' ? { [`rules.${off}`]: 'off' } : { [off[0]]: off[1] }),
})

let [passed, failed] = [0, 0]
const check = (what: string, problem: string | null): void => {
  if (problem === null) passed++
  else {
    failed++
    console.log(`FAILED: ${what}: ${problem}`)
  }
}

const tested = cases.filter(({ off }) => new RegExp(options.only, 'i').test(named(off)))
if (options.only === '') {
  const optional = logicalRules.filter(({ required }) => required !== true)
  const without = [...optional.map(({ name }) => name), ...physicalRuleNames].filter((rule) =>
    cases.every(({ off }) => off !== rule),
  )
  check('each rule has a query', without.length === 0 ? null : without.join(', '))
}
const events = await writeEvents(Number(options.events))
try {
  console.log('| off | query | ms | ms off | MB read | MB off |')
  console.log('| :--- | :--- | ----: | ----: | ----: | ----: |')
  for (const each of tested) await measure(each)
} finally {
  events.remove()
}
console.log(
  `\nCPU of one thread, least of ${rounds} rounds or more in turn, bytes of the first run; load ${os.loadavg()[0]!.toFixed(2)}; ${os.cpus()[0]!.model}, node ${process.version}`,
)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function measure({ off, sql, samePlan = false }: Case): Promise<void> {
  const metastore = / events\b/.test(sql) ? events.uri : pathToFileURL(path.join(dir!, 'indexes')).href
  const open = (without: Case['off'] | null): Promise<VolleySession> =>
    connect({ metastore, settings: settingsOf(without) })
  // Sessions of their own: what one has read, the other has not.
  const [on, without] = [await open(null), await open(off)]
  try {
    const bytes = [await bytesRead(on, sql), await bytesRead(without, sql)]
    const plans = [await planOf(on, sql, null), await planOf(without, sql, off)]
    if (!samePlan) check(`${named(off)}: ${sql}`, plans[0] === plans[1] ? 'the plan is the same without' : null)
    const rows = [await queryRows(on, sql, settingsOf(null)), await queryRows(without, sql, settingsOf(off))] as const
    check(`${named(off)}: ${sql}`, multisetDifference(rows[1], rows[0]))
    let times = [Infinity, Infinity]
    // What is short is compiled after some runs only.
    const start = performance.now()
    for (let round = 0; round < rounds || (round < WARM_ROUNDS && performance.now() - start < WARM_MS); round++) {
      times = [Math.min(times[0]!, await cpuOf(on, sql)), Math.min(times[1]!, await cpuOf(without, sql))]
    }
    const cells = [...times.map((ms) => ms.toFixed(1)), ...bytes.map((count) => (count / 1e6).toFixed(2))]
    console.log(`| ${named(off)} | \`${sql}\` | ${cells.join(' | ')} |`)
  } finally {
    await on.close()
    await without.close()
  }
}

async function planOf(session: VolleySession, sql: string, off: Case['off'] | null): Promise<string> {
  return (await queryRows(session, `EXPLAIN ${sql}`, settingsOf(off))).flat().join('\n')
}

async function cpuOf(session: VolleySession, sql: string): Promise<number> {
  const start = process.cpuUsage()
  for await (const _ of (await session.sql(sql)).chunks()) continue
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
