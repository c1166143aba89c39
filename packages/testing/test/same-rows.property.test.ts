import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explainQuery, liveDocuments, threadBytes } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { expectRight } from './support/expect-right.ts'
import { anyQuery } from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

const settings = fc.record({
  target_partitions: fc.constantFrom(1, 2, 3, 7, 16),
  threads: fc.constantFrom(1, 2, 3),
  min_rows_per_thread: fc.constant(0),
  batch_size: fc.constantFrom(1, 3, 64, 4096),
  broadcast_threshold_bytes: fc.constantFrom(0, 10_485_760),
  repartition_groups_above: fc.constantFrom(0, 10_000),
  resident_terms: fc.constantFrom('on', 'off'),
  resident_paths: fc.constantFrom('on', 'off'),
})

describe('the rows of a query are those of the documents', () => {
  test('1: whatever workers, partitions and batches', { timeout: 120_000 * MORE }, async () => {
    const kinds = new Map<string, number>()
    let runs = 0
    const threads = new Set<number>()
    await fc.assert(
      fc.asyncProperty(
        corpora(),
        fc.array(fc.tuple(anyQuery, settings), { minLength: 6, maxLength: 6 }),
        async (corpus, queries) => {
          const { indexId } = await sessions.tree.publish(corpus)
          const live = liveDocuments(corpus)
          const all = await explainQuery(sessions.workers, `SELECT id FROM "${indexId}"`, {}, true)
          expect(all.workersWithRows.size).toBe(2)
          for (const [query, setting] of queries) {
            for (const session of [sessions.local, sessions.workers]) {
              if (session === sessions.local) threads.add(setting.threads)
              const rows = await expectRight(session, query, indexId, live, setting)
              if (rows.length > 0) kinds.set(query.kind, (kinds.get(query.kind) ?? 0) + 1)
            }
          }
          runs++
        },
      ),
      { numRuns: 7 * MORE },
    )
    expect(runs).toBeGreaterThan(0)
    expect([...threads].sort()).toEqual([1, 2, 3])
    expect(await threadBytes()).toHaveLength(3)
    expect([...kinds.keys()].sort()).toEqual(
      expect.arrayContaining(['aggregate', 'distinct', 'project', 'select', 'top']),
    )
  })
})
