import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { explainQuery, multisetDifference, queryRows } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
let table: string

beforeAll(async () => {
  const [corpus] = fc.sample(corpora({ minDocs: 100, maxSplits: 4 }), { numRuns: 1, seed: 21 })
  table = (await sessions.tree.publish(corpus!)).indexId
})

const subplans = fc.constantFrom(
  `(SELECT level AS k, count(*) AS c, sum(n) AS s FROM $t GROUP BY level)`,
  `(SELECT tag AS k, count(DISTINCT level) AS c, max(ts) AS s FROM $t WHERE match(body, 'alpha') GROUP BY tag)`,
  `(SELECT a.level AS k, count(*) AS c, min(b.f) AS s FROM $t a JOIN $t b ON a.n = b.n GROUP BY a.level HAVING count(*) > 1)`,
  `(SELECT level AS k, row_number() OVER (ORDER BY level, id) AS c, id AS s FROM $t ORDER BY id LIMIT 20)`,
)

const queries = fc.constantFrom(
  'SELECT * FROM $a x JOIN $a y ON x.c = y.c',
  'SELECT x.k, y.c FROM $a x LEFT JOIN $a y ON x.k = y.k AND y.c > 2',
  'SELECT k, c FROM $a x UNION ALL SELECT k, c FROM $a y',
  'SELECT * FROM $a x WHERE c >= (SELECT avg(c) FROM $a y)',
  'SELECT * FROM $a x WHERE k IN (SELECT k FROM $a y WHERE c > 1)',
  'SELECT x.k FROM $a x JOIN $a y ON x.k = y.k JOIN $a z ON y.c = z.c',
  'SELECT count(*) FROM $t t JOIN $a x ON t.level = x.k JOIN $a y ON x.c = y.c',
  'SELECT * FROM $a x WHERE EXISTS (SELECT 1 FROM $a y WHERE y.c < x.c) LIMIT 1000',
)

test(
  'what stands twice in a query over splits gives the rows that it gives on its own, and may be read once',
  { timeout: 60_000 * MORE },
  async () => {
    let [shared, rows] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        queries,
        subplans,
        fc.record({
          target_partitions: fc.constantFrom(1, 2, 3),
          repartition_groups_above: fc.constantFrom(0, 10_000),
          broadcast_threshold_bytes: fc.constantFrom(0, 10_485_760),
        }),
        fc.boolean(),
        async (query, subplan, settings, far) => {
          const sql = query.replaceAll('$a', subplan).replaceAll('$t', `"${table}"`)
          const session = far ? sessions.workers : sessions.local
          const off = await queryRows(session, sql, { ...settings, 'rules.common_subplans': 'off' })
          const on = await queryRows(session, sql, settings)
          expect(multisetDifference(on, off), sql).toBeNull()
          rows += on.length
          const { distributed, plan } = await explainQuery(session, sql, settings)
          if (plan.includes('ReadSharedRowsExec')) {
            const alone = await explainQuery(session, sql, { ...settings, 'rules.common_subplans': 'off' })
            expect(distributed.stages.length, sql).toBeLessThan(alone.distributed.stages.length)
            shared++
          }
        },
      ),
      { numRuns: 14 * MORE },
    )
    expect(shared).toBeGreaterThan(3 * MORE)
    expect(rows).toBeGreaterThan(100 * MORE)
  },
)
