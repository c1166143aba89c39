import { JoinKeysExec } from '@volley/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VolleySession } from 'volley'
import { explainQuery, multisetDifference, queryRows, type SettingValues } from '../src/index.ts'
import { corpora, sampleDocuments } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
/** How many times as many cases as by default, which are some that are known to be decided each way. */
const RUNS = 2 * (MORE - 1)

/** Build sides with many more rows than their tables have, with none, and with about as many as are guessed. */
const BUILDS = [
  'SELECT a.tag, a.n FROM $t a, $t b, $t c WHERE a.id < 9 AND b.id < 9 AND c.id < 9',
  'SELECT a.tag, a.n FROM $t a JOIN $t b ON a.b = b.b AND b.id < 9 AND a.id < 12',
  "SELECT tag, n FROM $t WHERE tag LIKE 'tag-1%' AND n = 1",
  "SELECT tag, n FROM $t WHERE level || tag = 'nothing'",
  'SELECT tag, max(n) AS n FROM $t GROUP BY tag',
  'SELECT tag, n FROM $t WHERE id % 2 = 0',
  "SELECT tag, max(n) AS n FROM $t WHERE level || tag = 'nothing' GROUP BY tag HAVING max(n) IS NOT NULL",
] as const

const SHAPES = [
  'SELECT p.id, k.n FROM $t p JOIN ($k) k ON p.tag = k.tag',
  'SELECT p.id, k.n FROM $t p LEFT JOIN ($k) k ON p.tag = k.tag AND p.n <> k.n',
  'SELECT p.id, k.n FROM ($k) k LEFT JOIN $t p ON p.tag = k.tag',
  'SELECT p.id, k.n FROM ($k) k FULL JOIN $t p ON p.tag = k.tag',
  'SELECT p.id, p.body FROM $t p WHERE EXISTS (SELECT 1 FROM ($k) k WHERE k.tag = p.tag AND k.n = p.n)',
  'SELECT p.id FROM $t p WHERE NOT EXISTS (SELECT 1 FROM ($k) k WHERE k.tag = p.tag)',
  'SELECT p.level, count(*), count(k.n) FROM $t p JOIN ($k) k ON p.tag = k.tag GROUP BY p.level',
  'SELECT k.tag, count(*), min(p.id) FROM $t p JOIN ($k) k ON p.tag = k.tag GROUP BY k.tag',
  'SELECT p.id, k.n, q.id FROM $t p JOIN ($k) k ON p.tag = k.tag JOIN $t q ON q.id = p.id AND q.u = p.n',
  'SELECT q.id, x.n FROM $t q JOIN (SELECT p.u, k.n FROM $t p JOIN ($k) k ON p.tag = k.tag) x ON x.u = q.n',
  'SELECT p.id, k.n FROM $t p JOIN ($k) k ON p.tag = k.tag UNION ALL SELECT id, n FROM $t',
  'SELECT x.id, x.r FROM (SELECT p.id, row_number() OVER (PARTITION BY p.tag, p.id ORDER BY k.n) AS r FROM $t p JOIN ($k) k ON p.tag = k.tag) x',
] as const

const settings: fc.Arbitrary<SettingValues> = fc.record({
  target_partitions: fc.constantFrom(1, 2, 5),
  // As if what fits were little, or nothing known of it.
  broadcast_threshold_bytes: fc.constantFrom(100, 300, 2000, 1_000_000),
  max_bytes_scanned: fc.constantFrom(0, 0, 1_000_000_000_000),
  threads: fc.constantFrom(2, 3),
  min_rows_per_thread: fc.constant(0),
  repartition_groups_above: fc.constantFrom(0, 10_000),
})

type Case = readonly [shape: string, build: string, settings: SettingValues]

const random: fc.Arbitrary<Case> = fc.tuple(
  fc.constantFrom(...SHAPES),
  fc.constantFrom(...BUILDS, BUILDS[0], BUILDS[3]),
  settings,
)

/** Each shape, with a build side and a limit that decide it in one of the four ways. */
const known: readonly Case[] = SHAPES.map((shape, i) => {
  const [build, broadcast_threshold_bytes] = [
    [BUILDS[0], 2000],
    [BUILDS[3], 300],
    [BUILDS[1], 1_000_000],
    [BUILDS[0], 100],
  ][i % 4] as [string, number]
  return [
    shape,
    build,
    { broadcast_threshold_bytes, target_partitions: 1 + (i % 3), threads: 2, min_rows_per_thread: 0 },
  ]
})

/** Runs a case both ways; gives its rows and how its joins were decided. */
async function run([shape, build, values]: Case, table: string, session: VolleySession) {
  const sql = shape.replace('$k', () => build).replaceAll('$t', `"${table}"`)
  const rows = await queryRows(session, sql, values)
  const off: SettingValues = { ...values, adaptive_joins: 'off', threads: 1 }
  expect(multisetDifference(rows, await queryRows(sessions.local, sql, off)), sql).toBeNull()
  const { distributed, nodes } = await explainQuery(session, sql, values, true)
  const filters = nodes.some((node) => node instanceof JoinKeysExec)
  return { rows: rows.length, decisions: distributed.decisions ?? [], filters }
}

test(
  'joins whose build side is not what was estimated are run the other way, with the same rows',
  { timeout: 120_000 * MORE },
  async () => {
    const [corpus] = fc.sample(corpora({ minDocs: 60, maxDocs: 60, maxSplits: 4 }), { numRuns: 1, seed: 4 })
    const { indexId } = await sessions.tree.publish(corpus!)
    const ways = new Map<string, number>()
    let rows = 0
    for (const [i, each] of known.entries()) {
      if (MORE === 1 && ![0, 1, 5, 6, 7].includes(i)) continue
      const ran = await run(each, indexId, i % 3 === 0 ? sessions.local : sessions.workers)
      rows += ran.rows
      for (const { planned, mode, measured } of ran.decisions) {
        ways.set(`${planned} > ${mode}`, (ways.get(`${planned} > ${mode}`) ?? 0) + 1)
        expect(measured.complete).toBe(mode === 'collect_left')
      }
    }
    expect(rows).toBeGreaterThan(100)
    // Keys that were too many by their estimate filter the other side once they are few.
    // So do those of groups that lie by their key, and are dealt by no exchange of the join's.
    const values = { target_partitions: 1, threads: 2 }
    for (const few of [
      [SHAPES[0], BUILDS[3], { ...values, broadcast_threshold_bytes: 300 }],
      [SHAPES[0], BUILDS[6], { ...values, broadcast_threshold_bytes: 15, repartition_groups_above: 0 }],
    ] as const) {
      const { decisions, filters } = await run(few, indexId, sessions.workers)
      expect(decisions.map(({ planned, mode }) => `${planned} > ${mode}`)).toEqual(['partitioned > collect_left'])
      expect(decisions[0]!.atMost).toBe(few[1] === BUILDS[6])
      expect(filters).toBe(true)
    }
    expect([...ways.keys()].sort()).toEqual([
      'collect_left > collect_left',
      'collect_left > partitioned',
      'partitioned > collect_left',
      'partitioned > partitioned',
    ])
  },
)

test('a build side that turns out large filters the other side by its keys', { timeout: 60_000 * MORE }, async () => {
  const [blank] = sampleDocuments(1, 9)
  const none = { body: null, labels: null, counts: null, note: null, attrs: null, inner: null, extra: null }
  const placed = Array.from({ length: 9_000 }, (_, i) => ({
    document: { ...blank!, ...none, id: BigInt(i), tag: i % 7 === 0 ? null : `tag-${i % 3000}`, n: BigInt(i % 4000) },
    split: i % 3,
    segment: 0,
    deleted: i % 17 === 3,
  }))
  const { indexId } = await sessions.tree.publish({ placed, ages: [] })
  const values = { broadcast_threshold_bytes: 400, target_partitions: 1, threads: 2, min_rows_per_thread: 0 }
  for (const shape of [SHAPES[0], SHAPES[1]]) {
    const { rows, decisions } = await run([shape, BUILDS[0], values], indexId, sessions.workers)
    expect(rows).toBeGreaterThan(1000)
    expect(decisions.map(({ planned, mode }) => `${planned} > ${mode}`)).toContain('collect_left > partitioned')
    const sql = shape.replace('$k', () => BUILDS[0]).replaceAll('$t', `"${indexId}"`)
    for (const session of [sessions.workers, sessions.local]) {
      const plan = await analyzed(session, sql, values)
      // Where rows without a partner come out, they are not.
      const filtered = counter(plan, 'rows_filtered_at_run_time')
      if (shape === SHAPES[0]) expect(counter(plan, 'rows', 'FilterByKeysExec') + filtered).toBeGreaterThan(8990)
      else expect(plan).not.toContain('FilterByKeysExec')
      expect(filtered > 8000).toBe(shape === SHAPES[0])
    }
  }
})

test.skipIf(RUNS === 0)(
  'so are joins of any size under any limit (VOLLEY_PROPERTY_RUNS)',
  { timeout: 600_000 * MORE },
  async () => {
    let decided = 0
    let switched = 0
    await fc.assert(
      fc.asyncProperty(
        corpora({ minDocs: 30, maxDocs: 60 }),
        fc.array(random, { minLength: 8, maxLength: 8 }),
        async (corpus, cases) => {
          const { indexId } = await sessions.tree.publish(corpus)
          for (const [i, each] of cases.entries()) {
            const { decisions } = await run(each, indexId, i % 2 === 0 ? sessions.workers : sessions.local)
            decided += decisions.length
            switched += decisions.filter(({ planned, mode }) => planned !== mode).length
          }
        },
      ),
      { numRuns: RUNS },
    )
    expect(decided).toBeGreaterThan(RUNS)
    expect(switched).toBeGreaterThan(RUNS / 4)
  },
)
