import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VolleySession } from 'volley'
import { dealAgain, explainQuery, liveDocuments, measuredSession, multisetDifference, queryRows } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { expectRight } from './support/expect-right.ts'
import { anyQuery } from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
let reversed: VolleySession

beforeAll(async () => {
  const urls = await sessions.workers.workerUrls()
  reversed = measuredSession(sessions.tree.uri, [...urls].reverse()).session
})
afterAll(() => reversed?.close())

test(
  '2: the same documents give the same rows in one segment or many, one split or many',
  { timeout: 120_000 * MORE },
  async () => {
    let spread = 0
    await fc.assert(
      fc.asyncProperty(
        corpora({ maxDocs: 60 }),
        fc.array(anyQuery, { minLength: 3, maxLength: 3 }),
        fc.infiniteStream(fc.nat(1000)),
        async (corpus, queries, picks) => {
          const live = liveDocuments(corpus)
          const dealings = [
            corpus,
            dealAgain(corpus, () => ({ split: 0, segment: 0 })),
            dealAgain(corpus, (i) => ({ split: 0, segment: i % 7 })),
            dealAgain(corpus, (i) => ({ split: i % 5, segment: i % 2 })),
            dealAgain(corpus, () => {
              const pick = picks.next().value
              return { split: pick % 3, segment: pick % 4 }
            }),
          ]
          const published = await Promise.all(dealings.map((dealing) => sessions.tree.publish(dealing)))
          spread = Math.max(spread, ...published.map(({ splits }) => splits.length))
          for (const { indexId } of published) {
            for (const query of queries)
              await expectRight(sessions.local, query, indexId, live, { target_partitions: 3 })
          }
          for (const session of [sessions.workers, reversed]) {
            await expectRight(session, queries[0]!, published[3]!.indexId, live, { target_partitions: 2 })
          }
        },
      ),
      { numRuns: 5 * MORE },
    )
    expect(spread).toBeGreaterThan(2)
  },
)

test(
  'a score is the same whatever workers and partitions, and the best are the first of all',
  { timeout: 60_000 * MORE },
  async () => {
    let scored = 0
    await fc.assert(
      fc.asyncProperty(
        corpora({ maxDocs: 80 }),
        fc.constantFrom('alpha', 'alpha pool', 'beta'),
        async (corpus, text) => {
          const { indexId } = await sessions.tree.publish(corpus)
          const select = `SELECT score() AS s, id FROM "${indexId}" WHERE match(body, '${text}')`
          const expected = await queryRows(sessions.local, select, { target_partitions: 1 })
          const best = expected
            .map(([score]) => score as number)
            .sort((a, b) => b - a)
            .slice(0, 4)
          for (const session of [sessions.local, sessions.workers]) {
            for (const partitions of [1, 3, 16]) {
              const rows = await queryRows(session, select, { target_partitions: partitions })
              expect(multisetDifference(rows, expected)).toBeNull()
              const top = await queryRows(session, `${select} ORDER BY s DESC LIMIT 4`, {
                target_partitions: partitions,
              })
              expect(top.map(([score]) => score)).toEqual(best)
              expect(multisetDifference([...expected, ...top], expected)?.includes('missing')).not.toBe(true)
            }
          }
          const { plan } = await explainQuery(sessions.local, `${select} ORDER BY s DESC LIMIT 4`)
          expect(plan).toMatch(/InvertedIndexExec.*top_k=4/)
          scored += expected.length
        },
      ),
      { numRuns: 6 * MORE },
    )
    expect(scored).toBeGreaterThan(10)
  },
)
