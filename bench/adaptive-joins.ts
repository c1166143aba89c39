/**
 * Joins whose build side is far from its estimate, over a `hits` index, with `adaptive_joins` on and off, in turn:
 *
 *   npm run bench:adaptive -- DIR --rounds 3 --threads 2
 *
 * DIR is what `npm run hits-splits` wrote, with four million rows or more: a build side that is estimated at less than
 * `broadcast_threshold_bytes` is not dealt by hash. Ends with `N passed, N failed`, by whether the rows are the same both
 * ways and each join was run the other way.
 */
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { multisetDifference, queryRows } from '@volley/testing'
import { connect, type VolleySession } from 'volley'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, threads: { type: 'string', default: '2' } },
})
const [dir] = positionals
if (dir === undefined) throw new Error('the folder that hits-splits wrote is missing')
const metastore = pathToFileURL(path.join(dir, 'indexes')).href
const rounds = Number(options.rounds)

const tail = 'GROUP BY a."RegionID" ORDER BY 2 DESC, 1 LIMIT 10'
const from = 'FROM hits a JOIN hits b ON a."UserID" = b."UserID"'
const cases: readonly { readonly what: string; readonly sql: string }[] = [
  {
    what: 'estimated large, some rows',
    sql: `SELECT a."RegionID", count(*), sum(b."RegionID"), max(a."URL") ${from} WHERE b."WatchID" % 50021 = 17 ${tail}`,
  },
  {
    what: 'estimated large, no row',
    sql: `SELECT a."RegionID", count(*), sum(b."RegionID") ${from} WHERE b."WatchID" % 50021 = -1 AND b."WatchID" > 0 ${tail}`,
  },
  {
    what: 'estimated small, all rows of a day',
    sql: `SELECT a."RegionID", count(*), sum(b."RegionID") FROM hits a JOIN hits b ON a."WatchID" = b."WatchID" WHERE b."WatchID" % 1 = 0 AND b."UserID" % 1 = 0 AND b."CounterID" % 1 = 0 AND b."RegionID" % 1 = 0 AND b."ClientIP" % 1 = 0 ${tail}`,
  },
]

const settingsOf = (adaptive_joins: string) => ({
  target_partitions: options.threads,
  threads: options.threads,
  adaptive_joins,
})
const open = (adaptive_joins: string): Promise<VolleySession> =>
  connect({ metastore, settings: settingsOf(adaptive_joins) })
const [on, off] = [await open('on'), await open('off')]
let failed = 0
console.log('| build side | decision | on: CPU ms | wall ms | off: CPU ms | wall ms | CPU on / off |')
console.log('| :--- | :--- | ----: | ----: | ----: | ----: | ----: |')
try {
  for (const { what, sql } of cases) {
    const difference = multisetDifference(
      await queryRows(off, sql, settingsOf('off')),
      await queryRows(on, sql, settingsOf('on')),
    )
    const plan = (await queryRows(on, `EXPLAIN ANALYZE ${sql}`, settingsOf('on')))
      .map(([line]) => String(line))
      .join('\n')
    const decision = /-- join on .*?: (.* became \w+)/.exec(plan)?.[1] ?? 'none'
    if (difference !== null || decision === 'none') failed++
    const best = [on, off].map(() => ({ cpu: Infinity, wall: Infinity }))
    for (let round = 0; round < rounds; round++) {
      for (const [k, session] of [on, off].entries()) {
        const { cpu, wall } = await timeOf(session, sql)
        best[k] = { cpu: Math.min(best[k]!.cpu, cpu), wall: Math.min(best[k]!.wall, wall) }
      }
    }
    const times = best.flatMap(({ cpu, wall }) => [cpu.toFixed(0), wall.toFixed(0)])
    const ratio = (best[0]!.cpu / best[1]!.cpu).toFixed(2)
    console.log(`| ${[what, decision, ...times, ratio].join(' | ')} |${difference === null ? '' : ` ${difference}`}`)
  }
} finally {
  await on.close()
  await off.close()
}
console.log(
  `\n${options.threads} threads, least of ${rounds} rounds in turn; load ${os.loadavg()[0]!.toFixed(2)}; ${os.cpus()[0]!.model}, node ${process.version}`,
)
console.log(`${cases.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** Of the whole process, with its threads. */
async function timeOf(session: VolleySession, sql: string): Promise<{ readonly cpu: number; readonly wall: number }> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  for await (const _ of (await session.sql(sql)).chunks()) continue
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / 1000, wall: performance.now() - wall }
}
