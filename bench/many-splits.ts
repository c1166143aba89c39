/**
 * Plans and runs queries over an index of very many splits:
 *
 *   npm run bench:splits -- --splits 1000,10000 --rounds 3
 *
 * Twenty-four splits of 200 documents, an hour each, stand for all: each split of the index is a link to one of them, with
 * metadata of its own. For each number of splits it prints the time to list them, the processor time to plan a query when
 * the listing is new and when it is known, for this process and for 1,000 workers, the bytes that a plan holds for a split
 * and for a plan node more, and the time of a first and of a repeated run. Ends with `N passed, N failed`, by whether the
 * counts are those of the documents and pruned splits are left out.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { FileBackedMetastore, newUlid, type DocMappingJson, type SplitMetadata } from '@volley/metastore'
import { DocMapping, mappingSchema, mappingTokenizers, writeSplit } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { SegmentWriter, writeIndex } from '@volley/tantivy'
import { explainQuery, measuredSession, queryRows, withDescendants } from '@volley/testing'
import type { VolleySession } from 'volley'

const { values: options } = parseArgs({
  options: { splits: { type: 'string', default: '1000,10000' }, rounds: { type: 'string', default: '3' } },
})
const rounds = Number(options.rounds)
const HOURS = 24
const DOCS = 200
const HOUR = 3_600_000_000_000n
const WORKERS = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}:7281`)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const docMapping: DocMappingJson = {
  timestamp_field: 'ts',
  tag_fields: ['service'],
  field_mappings: [
    { name: 'ts', type: 'datetime', fast: true, fast_precision: 'milliseconds' },
    { name: 'service', type: 'text', tokenizer: 'raw', fast: true },
    { name: 'level', type: 'text', tokenizer: 'raw', fast: true },
    { name: 'ms', type: 'u64', fast: true },
    { name: 'body', type: 'text', stored: true },
  ],
}

const queries: readonly {
  readonly what: string
  readonly sql: string
  readonly expected?: (splits: number) => bigint
}[] = [
  { what: 'count', sql: 'SELECT count(*) FROM logs', expected: (splits) => BigInt(splits * DOCS) },
  {
    what: 'count of an hour',
    sql: `SELECT count(*) FROM logs WHERE ts >= TIMESTAMP '1970-01-01 05:00:00' AND ts < TIMESTAMP '1970-01-01 06:00:00'`,
    expected: (splits) => BigInt(ofHour(splits, 5) * DOCS),
  },
  {
    what: 'count by a word',
    sql: `SELECT count(*) FROM logs WHERE match(body, 'timeout')`,
    expected: (splits) => BigInt(splits * (DOCS / 8)),
  },
  {
    what: 'groups',
    sql: 'SELECT service, level, count(*), avg(ms) FROM logs GROUP BY service, level ORDER BY 3 DESC, 1, 2',
  },
  { what: 'latest by a word', sql: `SELECT ts, body FROM logs WHERE match(body, 'timeout') ORDER BY ts DESC LIMIT 10` },
  {
    what: 'join of all three sources, twice',
    sql: `SELECT a.service, count(*), max(b.body) FROM logs a JOIN logs b ON a.ms = b.ms AND a.service = b.service WHERE match(a.body, 'timeout') AND a.level = 'ERROR' AND match(b.body, 'retry') AND b.level = 'WARN' GROUP BY a.service ORDER BY 1`,
  },
]

/** How many of so many splits are of an hour. */
const ofHour = (splits: number, hour: number): number => Math.ceil((splits - hour) / HOURS)

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-splits-'))
let [passed, failed] = [0, 0]
const check = (what: string, holds: boolean): void => {
  if (holds) passed++
  else failed++
  if (!holds) console.log(`FAILED: ${what}`)
}

try {
  for (const count of options.splits.split(',').map(Number)) {
    const uri = pathToFileURL(path.join(root, String(count))).href
    const folder = await publish(count, uri)
    await measure(count, uri)
    fs.rmSync(folder, { recursive: true })
  }
} finally {
  fs.rmSync(root, { recursive: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

async function publish(count: number, uri: string): Promise<string> {
  const folder = path.join(root, String(count))
  fs.mkdirSync(folder)
  const metastore = FileBackedMetastore.open(uri, nodeStoreResolver())
  const index = await metastore.createIndex({ indexId: 'logs', docMapping })
  const mapping = DocMapping.fromJson(index.docMapping)
  const schema = mappingSchema(mapping)
  const models: SplitMetadata[] = []
  const files = path.join(folder, 'logs')
  fs.mkdirSync(files, { recursive: true })
  for (let hour = 0; hour < HOURS; hour++) {
    const writer = new SegmentWriter(schema, { tokenizers: mappingTokenizers(mapping) })
    for (let i = 0; i < DOCS; i++) {
      writer.add({
        ts: BigInt(hour) * HOUR + BigInt(i) * 1_000_000n,
        service: `service-${(hour + i) % 7}`,
        level: ['INFO', 'WARN', 'ERROR'][i % 3]!,
        ms: BigInt((hour * 31 + i * 17) % 900),
        body: `request ${i} ${i % 8 === 0 ? 'timeout' : 'done'} ${i % 5 === 0 ? 'retry' : ''}`,
      })
    }
    const split = await writeSplit({ files: writeIndex([writer.finish()], schema), mapping, indexUid: index.indexUid })
    fs.writeFileSync(path.join(files, `model-${hour}`), split.bytes)
    models.push(split.metadata)
  }
  const splits = Array.from({ length: count }, (_, i): SplitMetadata => ({ ...models[i % HOURS]!, splitId: newUlid() }))
  for (const [i, { splitId }] of splits.entries()) {
    fs.linkSync(path.join(files, `model-${i % HOURS}`), path.join(files, `${splitId}.split`))
  }
  await metastore.stageSplits(index.indexUid, splits)
  await metastore.publishSplits(
    index.indexUid,
    splits.map(({ splitId }) => splitId),
  )
  return folder
}

async function measure(count: number, uri: string): Promise<void> {
  const { session: here } = measuredSession(uri)
  const { session: spread } = measuredSession(uri, WORKERS)
  console.log(
    `\n${count} splits, load ${os.loadavg()[0]!.toFixed(2)}, milliseconds (processor; wall where it is said)\n`,
  )
  console.log(
    '| query | plan, first | plan | plan for 1,000 workers | plan nodes | bytes a split | first run, wall | run | splits read |',
  )
  console.log('| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
  try {
    for (const { what, sql, expected } of queries) {
      const { session: fresh } = measuredSession(uri)
      const first = await timed(() => explainQuery(fresh, sql))
      await fresh.close()
      await explainQuery(here, sql)
      const known = await least(() => explainQuery(here, sql))
      await explainQuery(spread, sql)
      const dealt = await least(() => explainQuery(spread, sql))
      const { held, nodes } = await heldBy(here, sql)
      const start = performance.now()
      const rows = await queryRows(here, sql)
      const wall = performance.now() - start
      const run = await least(() => queryRows(here, sql))
      const { plan } = await explainQuery(here, sql, {}, true)
      const read = [...plan.matchAll(/, splits=(\d+)/g)].map(([, splits]) => Number(splits))
      if (expected !== undefined) check(`${what}: ${String(rows[0]?.[0])}`, rows[0]?.[0] === expected(count))
      else check(`${what} has rows`, rows.length > 0)
      if (what === 'count of an hour')
        check(
          `${what} reads ${read}`,
          read.every((splits) => splits === ofHour(count, 5)),
        )
      console.log(
        `| ${what} | ${[first, known, dealt].map((ms) => ms.toFixed(0)).join(' | ')} | ${nodes} | ${(held / count).toFixed(0)} | ${wall.toFixed(0)} | ${run.toFixed(0)} | ${read.join(', ')} |`,
      )
    }
  } finally {
    await here.close()
    await spread.close()
  }
}

/** Bytes of the heap that a plan holds beyond those of the listing, and how many nodes it has. */
async function heldBy(session: VolleySession, sql: string): Promise<{ readonly held: number; readonly nodes: number }> {
  const plans: unknown[] = []
  const used = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  let nodes = 0
  for (let k = 0; k < 4; k++) {
    const { distributed } = await explainQuery(session, sql, { target_partitions: 2 + (k & 1) })
    nodes = [distributed.root, ...distributed.stages.map(({ plan }) => plan)].flatMap(withDescendants).length
    plans.push(distributed)
  }
  return { held: (used() - before) / plans.length, nodes }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function least(run: () => Promise<unknown>): Promise<number> {
  let best = Infinity
  for (let round = 0; round < rounds; round++) best = Math.min(best, await timed(run))
  return best
}
