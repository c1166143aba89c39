import fc from 'fast-check'
import { formatPlan } from '@volley/core'
import { optimizeFragment, splitRules } from '@volley/splits'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Coordinator } from '@volley/worker'
import { connect, createWorkerSession, type VolleySession } from 'volley'
import { multisetDifference, PlanRunner, queryRows, type RowValue } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const runner = new PlanRunner()
let table: string
let plain: VolleySession

beforeAll(async () => {
  const [corpus] = fc.sample(corpora({ minDocs: 100, maxSplits: 3, evolved: false }), { numRuns: 1, seed: 11 })
  table = (await sessions.tree.publish(corpus!)).indexId
  const off = splitRules.map(({ name }) => [`rules.${name}`, 'off'])
  plain = await connect({
    metastore: sessions.tree.uri,
    settings: { target_partitions: '3', ...Object.fromEntries(off) },
    poison: true,
  })
})
afterAll(async () => {
  await plain.close()
  await runner.close()
})

test.for([
  [`SELECT level, count(*), sum(n) FROM $t WHERE u > 1 GROUP BY level`, 'TantivyAggregateExec'],
  [`SELECT count(*), max(n) FROM $t WHERE match(body, 'alpha')`, 'TantivyAggregateExec'],
  [`SELECT id, ts FROM $t WHERE level = 'ERROR' ORDER BY ts DESC, id LIMIT 5`, 'top_k='],
  [`SELECT id FROM $t WHERE n BETWEEN 1 AND 3 OR tag IS NULL`, 'filters='],
])('a worker pushes what the coordinator did not: %s', async ([sql, pushed]) => {
  const { plan } = await plain.explain(sql!.replace('$t', `"${table}"`), {})
  const given = plan.stages[0]!.tasks[0]!.plan
  const better = optimizeFragment(given, new Map())
  expect(formatPlan(given)).not.toContain(pushed)
  expect(formatPlan(better)).toContain(pushed)
  expect(formatPlan(optimizeFragment(better, new Map()))).toBe(formatPlan(better))
  expect(better.schema.fields.map(String)).toEqual(given.schema.fields.map(String))
  const [rows, expected] = [await runner.run(better), await runner.run(given)]
  expect(rows.length).toBe(expected.length)
  expect(expected.flat().length).toBeGreaterThan(0)
  if (pushed === 'top_k=') {
    // Partitions that know each other's rows leave out what is behind them.
    expect(best(rows)).toEqual(best(expected))
    return
  }
  for (const [partition, each] of rows.entries()) {
    expect(multisetDifference(each, expected[partition]!)).toBeNull()
  }
})

function best(partitions: readonly (readonly RowValue[])[][]): readonly (readonly RowValue[])[] {
  const [id, ts] = [0, 1].map((i) => (row: readonly RowValue[]) => row[i] as bigint)
  return partitions
    .flat()
    .sort((a, b) => Number(ts!(b) - ts!(a)) || Number(id!(a) - id!(b)))
    .slice(0, 5)
}

test('rules that are off stay off', async () => {
  const { plan } = await plain.explain(`SELECT level, count(*) FROM "${table}" WHERE u > 1 GROUP BY level`, {})
  const given = plan.stages[0]!.tasks[0]!.plan
  const off = new Map(splitRules.map(({ name }) => [`rules.${name}`, 'off']))
  expect(optimizeFragment(given, off)).toBe(given)
})

test('EXPLAIN VERBOSE says what workers do to their fragments, and what they did', { timeout: 60_000 }, async () => {
  const sql = `SELECT level, count(*) FROM "${table}" WHERE u > 1 GROUP BY level`
  const lines = async (session: VolleySession, text: string): Promise<string> =>
    (await queryRows(session, text)).flat().join('\n')
  expect(await lines(sessions.workers, `EXPLAIN VERBOSE ${sql}`)).toContain('-- workers change no fragment')
  const analyzed = await lines(sessions.workers, `EXPLAIN ANALYZE VERBOSE ${sql}`)
  expect(analyzed.match(/-- 127\.0\.0\.1:\d+ changed nothing in task [01] of stage 1/g)).toHaveLength(2)

  // A plan of a coordinator that knows no rule, run where they are known.
  const { plan } = await plain.explain(sql, {})
  const session = createWorkerSession({ roots: null, poison: true })
  const coordinator = new Coordinator({ session })
  try {
    const execution = coordinator.execute(plan)
    while ((await execution.next()) !== null) continue
    const { metrics } = execution
    expect(metrics.stages.map(({ tasks }) => tasks.map(({ rules }) => rules))).toEqual([
      [['FastFieldFilterPushdown', 'AggPushdown']],
    ])
  } finally {
    await coordinator.close()
  }
})
