import fc from 'fast-check'
import { expect, test } from 'vitest'
import { queryRows, rowKey, type RowValue } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { predicates } from './support/predicates.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

type Row = readonly RowValue[]

const columns = ['n', 'u', 'f', 'b', 'ts', 'level', 'tag', '"o.inner"', 'note', 'id % 5']
const address = '_split_id, _segment_ord, _doc_id'

const keys = fc
  .tuple(fc.constantFrom(...columns), fc.boolean(), fc.constantFrom('', ' NULLS FIRST', ' NULLS LAST'))
  .map(([column, descending, nulls]) => `${column}${descending ? ' DESC' : ''}${nulls}`)

const queries = fc.record({
  order: fc
    .uniqueArray(keys, { minLength: 1, maxLength: 3, selector: (key) => key.split(' ')[0] })
    .map((list) => list.join(', ')),
  condition: fc.oneof(
    fc.constant(''),
    fc.constantFrom(" WHERE match(body, 'alpha')", " WHERE match(body, 'pool') AND n IS NOT NULL"),
    predicates.map(({ sql }) => ` WHERE ${sql}`),
  ),
  limit: fc.integer({ min: 1, max: 15 }),
  offset: fc.nat(3),
})

/** Rows in the order of their keys (behind the id), those that tie in the order of their address. */
function tiesInOrder(rows: readonly (readonly RowValue[])[], address: ReadonlyMap<RowValue, Row>): Row[] {
  const runs: Row[][] = []
  let last: string | null = null
  for (const row of rows) {
    const key = rowKey(row.slice(1))
    if (key !== last) runs.push([])
    runs.at(-1)!.push(row)
    last = key
  }
  const before = (a: Row, b: Row): number => {
    const [x, y] = [address.get(a[0]!)!, address.get(b[0]!)!]
    const differs = x.findIndex((part, i) => part !== y[i])
    return differs < 0 ? 0 : x[differs]! < y[differs]! ? -1 : 1
  }
  return runs.flatMap((run) => run.toSorted(before))
}

test(
  '15: a top k is that of the sorted whole, ties by address, with its documents fetched once',
  { timeout: 120_000 },
  async () => {
    let pushed = 0
    let skipped = 0
    let rows = 0
    await fc.assert(
      fc.asyncProperty(
        corpora(),
        fc.array(queries, { minLength: 10, maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        async (corpus, list, target_partitions) => {
          const { indexId } = await sessions.tree.publish(corpus)
          const settings = { target_partitions }
          const off = { ...settings, 'rules.TopKPushdown': 'off', 'rules.DocumentsLast': 'off' }
          const addresses = await queryRows(sessions.local, `SELECT id, ${address} FROM fast_fields('${indexId}')`)
          const addressOf = new Map(addresses.map(([id, ...rest]) => [id!, rest]))
          for (const [i, { order, condition, limit, offset }] of list.entries()) {
            const values = order.replaceAll(/ (DESC|NULLS \w+)/g, '')
            const from = `FROM "${indexId}"${condition} ORDER BY ${order}`
            const sql = `SELECT id, ${values}, body ${from} LIMIT ${limit} OFFSET ${offset}`
            const session = i % 3 === 0 ? sessions.workers : sessions.local
            const on = await queryRows(session, sql, settings)
            const whole = await queryRows(sessions.local, `SELECT id, ${values} ${from}`, off)
            const expected = tiesInOrder(whole, addressOf).slice(offset, offset + limit)
            expect(
              on.map((row) => rowKey(row.slice(0, -1))),
              sql,
            ).toEqual(expected.map(rowKey))
            const plan = await analyzed(session, sql, settings)
            if (plan.includes('top_k=')) pushed++
            skipped += counter(plan, 'segments_skipped')
            expect(counter(plan, 'docs_fetched', 'DocumentFetchExec'), plan).toBeLessThanOrEqual(on.length)
            rows += on.length
          }
        },
      ),
      { numRuns: 16 },
    )
    expect(pushed).toBeGreaterThan(25)
    // How many depends on which segment sets the threshold first: tasks run side by side.
    expect(skipped).toBeGreaterThan(5)
    expect(rows).toBeGreaterThan(120)
  },
)
