import os from 'node:os'
import { parseArgs } from 'node:util'
import {
  AggregateCall,
  AggregateExec,
  ColumnExpr,
  defaultFunctions,
  INT64,
  MemoryPool,
  spillStore,
  TaskContext,
  wordsOf,
  type ExecutionPlan,
  type PrimitiveVector,
  type RecordBatch,
} from '@volley/core'
import { NodeSpillStore } from '@volley/core/node'
import { Arena } from '@volley/kernels'
import { Field, Schema } from 'apache-arrow'
import { ScrambledKeys } from './scrambled-keys.ts'

const usage = `npm run spill -- [--groups 10000000] [--rows N] [--limit 100MB]

Counts the rows of so many groups under a limit, by spilling, and checks groups, counts and keys. Rows are a quarter more
than groups unless it is said. Exit status 1 when something is wrong, or the process has held more than the limit.`

/** Of what is left beside the runtime: batches on their way, and memory that is free and not collected, take the rest. */
const HELD = 0.55

const UNITS: Readonly<Record<string, number>> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9, mib: 2 ** 20, gib: 2 ** 30 }

function bytesOf(text: string): number {
  const [, number, unit] = /^([\d.]+)\s*([a-z]*)$/i.exec(text) ?? []
  const size = UNITS[(unit ?? '').toLowerCase()]
  if (number === undefined || size === undefined) throw new Error(`${text} is no number of bytes, such as 100MB`)
  return Number(number) * size
}

/** SELECT k, count(*) FROM keys GROUP BY k */
function countPerKey(input: ExecutionPlan): AggregateExec {
  const fn = defaultFunctions().aggregate('count')!
  const { argTypes, returnType } = fn.resolve([])!
  const options = { distinct: false, filter: null, orderBy: [], type: returnType, nullable: false, argTypes }
  const schema = new Schema([new Field('k', INT64, false), new Field('n', INT64, false)])
  const call = new AggregateCall(fn, [], options)
  return new AggregateExec(input, 'single', [new ColumnExpr(0, 'k', INT64, false)], null, [call], schema)
}

interface Totals {
  groups: number
  rows: number
  /** Exact: sums of keys stay below 2^53 up to 134 million groups. */
  keys: number
}

function addBatch(batch: RecordBatch, totals: Totals): void {
  const [keys, counts] = batch.columns.map((column) => wordsOf((column as PrimitiveVector).values))
  for (let k = 0; k < batch.length; k++) {
    totals.keys += keys![2 * k]! >>> 0
    totals.rows += counts![2 * k]! >>> 0
  }
  totals.groups += batch.length
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`
}

async function run(groups: number, rows: number, limit: number): Promise<boolean> {
  const base = process.memoryUsage.rss()
  // What the runtime itself takes is part of the limit.
  const pool = new MemoryPool(Math.max(limit / 4, (limit - base) * HELD))
  const arena = new Arena({ reserveBytes: Math.min(limit, 4 * 2 ** 30) })
  const store = new NodeSpillStore()
  const keys = new ScrambledKeys(groups, rows)
  const plan = countPerKey(keys)
  const context = new TaskContext({ queryId: 'spill', arena, batchSize: 8192, memory: pool.query('spill') })
  context.provide(spillStore, store)
  const counters = context.metricsOf(plan).counters
  const totals: Totals = { groups: 0, rows: 0, keys: 0 }
  const started = performance.now()
  const report = (): void => {
    const read = `${((100 * keys.done) / rows).toFixed(0)}% of rows read`
    const given = `${((100 * totals.groups) / groups).toFixed(0)}% of groups counted`
    const spilled = `${mb(counters.get('spilled_bytes') ?? 0)} on disk`
    const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(5)
    console.error(`${seconds} s  ${read}, ${given}, ${spilled}, resident ${mb(process.memoryUsage.rss())}`)
  }
  const timer = setInterval(report, 5000)
  const stream = plan.execute(0, context)
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) addBatch(batch, totals)
  } finally {
    clearInterval(timer)
    await stream.close()
    await context.close()
  }
  const seconds = (performance.now() - started) / 1000
  const peak = process.resourceUsage().maxRSS * 1024
  const spilled = counters.get('spilled_bytes') ?? 0
  const checks: readonly (readonly [string, boolean])[] = [
    [`${totals.groups.toLocaleString('en-US')} groups`, totals.groups === groups],
    [`counts add up to ${totals.rows.toLocaleString('en-US')} rows`, totals.rows === rows],
    ['keys add up', totals.keys === (groups / 2) * (groups - 1)],
    [`spilled ${mb(spilled)} in ${counters.get('spill_count') ?? 0} rounds`, spilled > 0],
    [`operators held ${mb(pool.peakBytes)} at most`, pool.peakBytes <= pool.limitBytes],
    [`the process held ${mb(peak)} at most, ${mb(base)} of it before`, peak <= limit],
    ['nothing is left', arena.liveBlocks === 0 && pool.usedBytes === 0 && store.openFiles === 0],
  ]
  for (const [what, ok] of checks) console.log(`${ok ? 'ok    ' : 'WRONG '} ${what}`)
  const { user, system } = process.cpuUsage()
  const load = os.loadavg()[0]!.toFixed(1)
  console.log(
    `${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU, ${((seconds / rows) * 1e9).toFixed(0)} ns a row, load ${load}`,
  )
  return checks.every(([, ok]) => ok)
}

const { values } = parseArgs({
  options: {
    groups: { type: 'string', default: '10000000' },
    rows: { type: 'string' },
    limit: { type: 'string', default: '100MB' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(usage)
else {
  const groups = Number(values.groups)
  const rows = values.rows === undefined ? Math.ceil(groups * 1.25) : Number(values.rows)
  process.exitCode = (await run(groups, rows, bytesOf(values.limit))) ? 0 : 1
}
