import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explainQuery, liveDocuments } from '../src/index.ts'
import { corpora, levels, times } from './support/arbitrary-corpus.ts'
import { expectRight } from './support/expect-right.ts'
import { compareScalars, type Predicate } from './support/predicates.ts'
import {
  aggregations,
  anyQuery,
  groupCounts,
  selections,
  selectionsWhere,
  tops,
  type SampleQuery,
} from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

/** A window of time, which whole splits can lie outside of. */
const windows: fc.Arbitrary<Predicate> = fc
  .tuple(fc.constantFrom(...times), fc.constantFrom(...times), fc.boolean())
  .map(([low, high, inclusive]) => {
    const literal = (ms: bigint): string =>
      `TIMESTAMP '${new Date(Number(ms)).toISOString().slice(0, 23).replace('T', ' ')}'`
    return {
      sql: `ts >= ${literal(low)} AND ts ${inclusive ? '<=' : '<'} ${literal(high)}`,
      text: false,
      test: ({ ts }) => ts >= low && compareScalars(ts, high) < (inclusive ? 1 : 0),
    }
  })

/** Equality with values of the tag field, which splits list. */
const tagged: fc.Arbitrary<Predicate> = fc
  .subarray([...levels, 'NONE'], { minLength: 1, maxLength: 2 })
  .map((list) => ({
    sql: list.length === 1 ? `level = '${list[0]}'` : `level IN ('${list.join("', '")}')`,
    text: false,
    test: ({ level }) => (level === null ? null : list.includes(level)),
  }))

/** Each rule, queries that it may apply to, and what its work looks like in a plan. */
const rules: readonly (readonly [name: string, queries: fc.Arbitrary<SampleQuery>, sign: RegExp])[] = [
  ['FastFieldFilterPushdown', selections, /FastFieldExec: .*filters=\[/],
  ['TopKPushdown', tops, /(FastField|InvertedIndex|Document)Exec: .*top_k=/],
  ['AggPushdown', fc.oneof(aggregations, groupCounts), /TantivyAggregateExec/],
]

describe.each(rules)('%s', (name, queries, sign) => {
  test('11: changes no row, on workers or in process', { timeout: 120_000 * MORE }, async () => {
    let fired = 0
    let rows = 0
    await fc.assert(
      fc.asyncProperty(corpora(), fc.array(queries, { minLength: 5, maxLength: 5 }), async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        const live = liveDocuments(corpus)
        for (const query of list) {
          const on = await explainQuery(sessions.workers, query.sql(indexId))
          const off = await explainQuery(sessions.workers, query.sql(indexId), { [`rules.${name}`]: 'off' })
          expect(off.plan).not.toMatch(sign)
          if (sign.test(on.plan)) fired++
          rows += (await expectRight(sessions.workers, query, indexId, live)).length
          await expectRight(sessions.local, query, indexId, live, { [`rules.${name}`]: 'off' })
        }
      }),
      { numRuns: 6 * MORE },
    )
    expect(fired).toBeGreaterThan(3)
    expect(rows).toBeGreaterThan(10)
  })
})

test('10: SplitPruning leaves out splits, and no row', { timeout: 120_000 * MORE }, async () => {
  let pruned = 0
  let rows = 0
  const splitsRead = (plan: string): number =>
    Math.max(0, ...[...plan.matchAll(/ splits=(\d+)/g)].map(([, n]) => Number(n)))
  await fc.assert(
    fc.asyncProperty(
      corpora({ maxDocs: 12 }),
      fc.array(fc.oneof(windows, tagged), { minLength: 5, maxLength: 5 }),
      async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        const live = liveDocuments(corpus)
        for (const window of list) {
          const query = selectionsWhere(window)
          const on = await explainQuery(sessions.local, query.sql(indexId))
          const off = await explainQuery(sessions.local, query.sql(indexId), { 'rules.SplitPruning': 'off' })
          if (splitsRead(on.plan) < splitsRead(off.plan)) pruned++
          rows += (await expectRight(sessions.local, query, indexId, live)).length
          await expectRight(sessions.local, query, indexId, live, { 'rules.SplitPruning': 'off' })
        }
      },
    ),
    { numRuns: 8 * MORE },
  )
  expect(pruned).toBeGreaterThan(3)
  expect(rows).toBeGreaterThan(5)
})

test('11: every subset of the rules gives the same rows', { timeout: 120_000 * MORE }, async () => {
  const names = sessions.local.settings
    .show('all')
    .map((setting) => setting.name)
    .filter((name) => name.startsWith('rules.'))
  expect(names.length).toBeGreaterThan(8)
  let rows = 0
  await fc.assert(
    fc.asyncProperty(
      corpora({ maxDocs: 40 }),
      fc.array(fc.tuple(anyQuery, fc.subarray(names)), { minLength: 6, maxLength: 6 }),
      async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        const live = liveDocuments(corpus)
        for (const [query, off] of list) {
          const settings = Object.fromEntries(off.map((name) => [name, 'off']))
          rows += (await expectRight(sessions.local, query, indexId, live, settings)).length
        }
      },
    ),
    { numRuns: 9 * MORE },
  )
  expect(rows).toBeGreaterThan(50)
})
