import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { formatLogicalPlan, logicalRules, optimize, optimizeVerbose, Union } from '@volley/planner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renumber } from '../src/rules/renumber-plan.ts'
import { planning } from './support/build.ts'
import { Random, randomQuery, randomTables } from './support/random-query.ts'
import { distribute, multiset, query, runDistributed, settingsWith } from './support/run.ts'

let duckdb: DuckDBConnection

beforeAll(async () => {
  duckdb = await (await DuckDBInstance.create(':memory:')).connect()
})
afterAll(() => duckdb.closeSync())

async function expected(ddl: readonly string[], sql: string): Promise<string[]> {
  for (const statement of ddl) await duckdb.run(statement)
  const reader = await duckdb.runAndReadAll(sql)
  return multiset(reader.getRows() as never)
}

const SEEDS = Number(process.env['VOLLEY_SEEDS'] ?? 100)
const FIRST = Number(process.env['VOLLEY_FIRST_SEED'] ?? 0)
const fired = new Set<string>()

test('optimized plans give the rows that DuckDB gives, with any rule switched off, and rules are idempotent', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const random = new Random(seed)
    const tables = randomTables(random)
    const { sql, plan } = randomQuery(random, tables)
    const where = `seed ${seed}: ${sql}\n${formatLogicalPlan(plan)}`
    const rows = await expected(tables.ddl, sql)
    const partitions = random.pick([1, 2, 3, 7])
    try {
      expect(multiset(await query(plan, settingsWith({ target_partitions: partitions }))), where).toEqual(rows)
      const off = random.pick(logicalRules.filter((rule) => rule.required !== true)).name
      const without = settingsWith({
        target_partitions: partitions,
        [`rules.${off}`]: 'off',
        broadcast_threshold_bytes: 0,
      })
      expect(multiset(await query(plan, without)), `${where}\nwithout ${off}`).toEqual(rows)
      const { plan: once, changes } = optimizeVerbose(plan, planning())
      for (const { rule, plan: changed } of changes) {
        fired.add(rule)
        const again = optimizeVerbose(
          changed,
          planning(),
          logicalRules.filter((each) => each.name === rule),
        )
        expect(again.changes, `${rule} again on\n${formatLogicalPlan(changed)}`).toEqual([])
      }
      expect(
        once.columns.map(({ id, name, nullable }) => ({ id, name, nullable })),
        where,
      ).toEqual(plan.columns.map(({ id, name, nullable }) => ({ id, name, nullable })))
    } catch (error) {
      throw new Error(`${where}\n${formatLogicalPlan(optimize(plan, planning()))}\n${(error as Error).message}`, {
        cause: error,
      })
    }
  }
  for (const name of [
    'simplify_expressions',
    'decorrelate_subqueries',
    'push_down_predicates',
    'eliminate_outer_joins',
    'prune_columns',
    'push_down_limits',
    'single_distinct_to_group_by',
    'merge_projections',
  ]) {
    expect([...fired]).toContain(name)
  }
}, 60_000)

test('a query beside its copy gives its rows twice, with common subplans computed once and without, on workers too', async () => {
  let shared = 0
  for (let seed = FIRST; seed < FIRST + SEEDS / 4; seed++) {
    const random = new Random(seed)
    const { sql, plan } = randomQuery(random, randomTables(random))
    // Rows of a limit without an order, and of an order with ties, need not be those of the copy.
    if (sql.includes('LIMIT')) continue
    const settings = settingsWith({ target_partitions: random.pick([1, 2, 3]) })
    const one = optimize(plan, planning(settingsWith({ 'rules.common_subplans': 'off' })))
    let next = 1_000_000
    const copy = renumber(one, { planning: planning(), newId: () => next++ }).plan
    const both = new Union([one, copy], one.columns)
    const where = `seed ${seed}: ${sql}`
    shared += +optimizeVerbose(both, planning()).changes.some((change) => change.rule === 'common_subplans')
    const rows = multiset(await query(both, settings))
    const off = settingsWith({ target_partitions: settings.targetPartitions, 'rules.common_subplans': 'off' })
    expect(rows, where).toEqual(multiset(await query(both, off)))
    const once = await query(one, settings)
    expect(rows, where).toEqual(multiset([...once, ...once]))
    expect(multiset((await runDistributed(distribute(both, settings, 2))).rows), where).toEqual(rows)
  }
  expect(shared).toBeGreaterThan(SEEDS / 40)
}, 60_000)

test('distributed plans give the same rows, whatever the workers and partitions, and read each partition as often as they say', async () => {
  let stages = 0
  const exchanges = new Set<string>()
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const random = new Random(seed)
    const tables = randomTables(random)
    const { sql, plan } = randomQuery(random, tables)
    const rows = await expected(tables.ddl, sql)
    const partitions = random.pick([1, 2, 3, 7, 16])
    const workers = 1 + random.below(3)
    const threshold = random.pick([0, 10_000_000])
    const settings = settingsWith({
      target_partitions: partitions,
      broadcast_threshold_bytes: threshold,
      repartition_groups_above: random.pick([0, 1000]),
    })
    const staged = distribute(plan, settings, workers)
    const where = `seed ${seed}: ${sql} (${workers} workers, ${partitions} partitions, threshold ${threshold})`
    try {
      const result = await runDistributed(staged)
      expect(multiset(result.rows)).toEqual(rows)
      for (const stage of staged.stages) {
        exchanges.add(stage.exchange)
        stages++
        const counts = new Set(stage.tasks.map((task) => task.plan.partitioning.count))
        expect(counts.size).toBe(1)
        const splits = stage.tasks.flatMap((task) => task.splits)
        expect(new Set(splits).size).toBe(splits.length)
        stage.tasks.forEach((task, t) => {
          expect(task.plan.schema.fields.map(String)).toEqual(stage.plan.schema.fields.map(String))
          for (let p = 0; p < task.plan.partitioning.count; p++) {
            expect(result.opened.get(`${stage.id}/${t}/${p}`) ?? 0).toBeLessThanOrEqual(stage.consumers)
          }
        })
      }
    } catch (error) {
      const { formatDistributedPlan } = await import('@volley/planner')
      throw new Error(`${where}\n${formatDistributedPlan(staged)}\n${(error as Error).message}`, { cause: error })
    }
  }
  expect(stages).toBeGreaterThan(SEEDS)
  expect([...exchanges].sort()).toEqual(['broadcast', 'coalesce', 'shuffle'])
}, 60_000)
