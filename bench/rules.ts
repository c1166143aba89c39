/**
 * CPU time and bytes read of queries with all rules, and with one rule over splits off at a time, over a `hits` index:
 *
 *   npm run bench:rules -- DIR --rounds 3
 *
 * DIR is what `npm run hits-splits` wrote. Each rule has the queries that it is for. Ends with `N passed, N failed`, by
 * whether the rows are the same without the rule.
 */
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { bytesRead, multisetDifference, queryRows } from '@volley/testing'
import { connect, type VolleySession } from 'volley'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
})
const [dir] = positionals
if (dir === undefined) throw new Error('the folder that hits-splits wrote is missing')
const metastore = pathToFileURL(path.join(dir, 'indexes')).href
const rounds = Number(options.rounds)

const cases: readonly { readonly rule: string; readonly sql: string }[] = [
  { rule: 'FastFieldFilterPushdown', sql: `SELECT COUNT(*) FROM hits WHERE "URL" LIKE '%google%'` },
  {
    rule: 'FastFieldFilterPushdown',
    sql: `SELECT "URL", "Title" FROM hits WHERE "UserID" = 435090932899640449 OR "CounterID" = 62 AND "RegionID" = 5`,
  },
  {
    rule: 'TopKPushdown',
    sql: `SELECT "WatchID", "EventTime" FROM hits WHERE "SearchPhrase" <> '' ORDER BY "EventTime", "WatchID" LIMIT 10`,
  },
  {
    rule: 'TopKPushdown',
    sql: `SELECT score() FROM hits WHERE match("URL", 'google catalog') ORDER BY score() DESC LIMIT 10`,
  },
  { rule: 'AggPushdown', sql: 'SELECT COUNT(*), MIN("EventTime"), MAX("EventTime") FROM hits' },
  { rule: 'AggPushdown', sql: 'SELECT "URL", COUNT(*) AS c FROM hits GROUP BY "URL" ORDER BY c DESC, "URL" LIMIT 10' },
  {
    rule: 'AggPushdown',
    sql: `SELECT "RegionID", COUNT(*) FROM hits WHERE match("URL", 'google') GROUP BY "RegionID"`,
  },
  {
    rule: 'SplitPruning',
    sql: `SELECT COUNT(*) FROM hits WHERE "EventTime" < TIMESTAMP '2013-06-30 12:00:00' AND "Title" <> ''`,
  },
  {
    rule: 'reduce_group_keys',
    sql: 'SELECT "ClientIP", "ClientIP" - 1, "ClientIP" - 2, COUNT(*) FROM hits GROUP BY 1, 2, 3 HAVING COUNT(*) > 50',
  },
]

const settingsOf = (rule: string | null): Record<string, string> => ({
  target_partitions: '1',
  threads: '1',
  ...(rule === null ? {} : { [`rules.${rule}`]: 'off' }),
})
const open = (rule: string | null): Promise<VolleySession> => connect({ metastore, settings: settingsOf(rule) })
let failed = 0
console.log('| rule | query | ms | ms off | MB read | MB off |')
console.log('| :--- | :--- | ----: | ----: | ----: | ----: |')
for (const { rule, sql } of cases) {
  // Sessions of their own: what one has read, the other has not.
  const [on, off] = [await open(null), await open(rule)]
  try {
    const bytes = [await bytesRead(on, sql), await bytesRead(off, sql)]
    const difference = multisetDifference(
      await queryRows(off, sql, settingsOf(rule)),
      await queryRows(on, sql, settingsOf(null)),
    )
    if (difference !== null) failed++
    let times = [Infinity, Infinity]
    for (let round = 0; round < rounds; round++) {
      times = [Math.min(times[0]!, await cpuOf(on, sql)), Math.min(times[1]!, await cpuOf(off, sql))]
    }
    const cells = [...times.map((ms) => ms.toFixed(0)), ...bytes.map((count) => (count / 1e6).toFixed(2))]
    console.log(`| ${rule} | \`${sql}\` | ${cells.join(' | ')} |${difference === null ? '' : ` ${difference}`}`)
  } finally {
    await on.close()
    await off.close()
  }
}
console.log(
  `\nCPU of one thread, least of ${rounds} rounds in turn, bytes of the first run; load ${os.loadavg()[0]!.toFixed(2)}; ${os.cpus()[0]!.model}, node ${process.version}`,
)
console.log(`${cases.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function cpuOf(session: VolleySession, sql: string): Promise<number> {
  const start = process.cpuUsage()
  for await (const _ of (await session.sql(sql)).chunks()) continue
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
