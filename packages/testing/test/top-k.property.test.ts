import { hintBoard, scalarAt, type HintBoard } from '@volley/core'
import type { StageTask } from '@volley/planner'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWorkerSession } from 'volley'
import { explainQuery, queryRows, rowKey, withDescendants, type RowValue, type SampleDocument } from '../src/index.ts'
import { corpora, sampleDocuments } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { predicates } from './support/predicates.ts'
import { MORE } from './support/runs.ts'
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
  { timeout: 120_000 * MORE },
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
      { numRuns: 8 * MORE },
    )
    expect(pushed).toBeGreaterThan(16 * MORE)
    // How many depends on which segment sets the threshold first: tasks run side by side.
    expect(skipped).toBeGreaterThan(0)
    expect(rows).toBeGreaterThan(64 * MORE)
  },
)

test.each([false, true])(
  '15: of many documents only those are ranked that may count; deleted ones: %s',
  { timeout: 60_000 * MORE },
  async (hasDeleted) => {
    const total = 5000
    const placed = sampleDocuments(total, 41).map((document, i) => ({
      document: {
        ...document,
        // In no order, in order, in runs; with NULLs and extremes.
        n: i % 97 === 3 ? null : BigInt((i * 7919) % total) - 3000n,
        f: i % 89 === 7 ? null : i % 61 === 0 ? -0 : (i - 3000) / 7,
        tag: i % 83 === 1 ? null : `tag-${(i * 31) % 500}`,
        u: BigInt(Math.floor(i / 2500)) + (1n << 63n),
      },
      split: i % 2,
      segment: 0,
      deleted: hasDeleted && i % 10 === 9,
    }))
    const { indexId } = await sessions.tree.publish({ placed, ages: [] })
    const on = { target_partitions: hasDeleted ? 1 : 3 }
    const off = { ...on, 'rules.TopKPushdown': 'off' }
    let [ranked, zones, runs] = [0, 0, 0]
    for (const [column, condition, ...orders] of [
      ['n', '', 'NULLS FIRST', 'DESC NULLS LAST'],
      ['f', '', 'NULLS LAST', 'DESC NULLS FIRST'],
      ['tag', '', 'DESC NULLS LAST', 'NULLS LAST'],
      ['u', '', 'DESC', ''],
      ['ts', " WHERE match(body, 'alpha')", 'DESC'],
      ['n', ' WHERE id % 3 <> 1', 'DESC NULLS FIRST'],
      ['n', ' WHERE u > 9223372036854775808', 'NULLS LAST'],
      ['tag', ' WHERE n BETWEEN -2990 AND 900', '', 'DESC'],
      ['u', " WHERE tag >= 'tag-3'", 'DESC, tag DESC NULLS LAST', ', n DESC NULLS FIRST'],
      ['u', '', ', f DESC NULLS LAST, tag', ', tag NULLS FIRST'],
    ] as const) {
      for (const order of orders) {
        const sql = `SELECT ${column}, id FROM "${indexId}"${condition} ORDER BY ${column} ${order}, id`
        for (const limit of [3, 90]) {
          const best = await queryRows(sessions.local, `${sql} LIMIT ${limit}`, on)
          const whole = await queryRows(sessions.local, `${sql} LIMIT ${limit}`, off)
          expect(best.map(rowKey), sql).toEqual(whole.map(rowKey))
        }
        const plan = await analyzed(sessions.local, `${sql} LIMIT 3`, on)
        ranked += counter(plan, 'docs_ranked')
        zones += counter(plan, 'zones_skipped')
        runs += 1
      }
    }
    expect(ranked / runs).toBeLessThan(total / 2)
    expect(zones / runs).toBeGreaterThan(4)
  },
)

const DAY = 86_400_000n

/** Splits of one day each, in no order of their ids. */
async function dailySplits(): Promise<{ readonly table: string; readonly live: readonly SampleDocument[] }> {
  const placed = sampleDocuments(120, 17).map((document, i) => ({
    document: { ...document, ts: BigInt((i * 5) % 12) * DAY + BigInt(i) },
    split: (i * 5) % 12,
    segment: i % 2,
    deleted: i % 13 === 4,
  }))
  const { indexId } = await sessions.tree.publish({ placed, ages: [] })
  return { table: indexId, live: placed.filter(({ deleted }) => !deleted).map(({ document }) => document) }
}

test('15: splits that cannot reach the k-th row are not opened', { timeout: 60_000 * MORE }, async () => {
  const { table, live } = await dailySplits()
  for (const [order, sign] of [
    ['ts DESC', -1],
    ['ts', 1],
    ['ts DESC NULLS LAST, n', -1],
  ] as const) {
    const best = live.toSorted((a, b) => sign * Number(a.ts - b.ts)).slice(0, 5)
    for (const target_partitions of [1, 3]) {
      const sql = `SELECT id FROM "${table}" ORDER BY ${order} LIMIT 5`
      const rows = await queryRows(sessions.local, sql, { target_partitions })
      expect(rows).toEqual(best.map(({ id }) => [id]))
      const plan = await analyzed(sessions.local, sql, { target_partitions })
      expect(counter(plan, 'splits_skipped'), plan).toBeGreaterThan(11 - 3 * target_partitions)
    }
  }
})

test(
  '15: segments that hold the first rows are read first, whichever they are',
  { timeout: 60_000 * MORE },
  async () => {
    const placed = sampleDocuments(120, 29).map((document, i) => {
      const split = (i * 7) % 10
      return {
        document: { ...document, n: i % 19 === 4 ? null : BigInt(split * 100 + i) },
        split,
        segment: 0,
        deleted: false,
      }
    })
    const { indexId } = await sessions.tree.publish({ placed, ages: [] })
    const documents = placed.map(({ document }) => document)
    for (const [order, sign] of [
      ['n DESC NULLS LAST', -1],
      ['n NULLS LAST', 1],
    ] as const) {
      const ordered = documents.filter(({ n }) => n !== null).toSorted((a, b) => sign * Number(a.n! - b.n!))
      const sql = `SELECT id FROM "${indexId}" ORDER BY ${order} LIMIT 4`
      const rows = await queryRows(sessions.local, sql, { target_partitions: 1 })
      expect(rows).toEqual(ordered.slice(0, 4).map(({ id }) => [id]))
      // Only the first of ten is read.
      expect(counter(await analyzed(sessions.local, sql, { target_partitions: 1 }), 'segments_skipped')).toBe(9)
    }
  },
)

test('15: a task leaves out splits that are behind the rows of another task', { timeout: 60_000 * MORE }, async () => {
  const { table } = await dailySplits()
  await expectLeftOut(`SELECT id FROM "${table}" ORDER BY ts DESC LIMIT 4`, 'splits_skipped_by_others')
})

/** Splits in which a word is the rarer, and the more telling, the later they are. */
async function rarerSplits(count: number, ties: boolean): Promise<string> {
  const placed = sampleDocuments(40 * count, 31).map((document, i) => {
    const [split, place] = [i % count, Math.floor(i / count)]
    const others = ties ? ' beta' : ' beta'.repeat(1 + ((place * 7) % 5))
    const has = place < 40 - Math.floor((39 * split) / count)
    const pool = place % 3 === 0 ? ' pool' : ''
    return {
      document: { ...document, body: `${has ? 'alpha' : 'gamma'}${others}${ties ? '' : pool}` },
      split,
      segment: place % 2,
      deleted: i % 11 === 5,
    }
  })
  return (await sessions.tree.publish({ placed, ages: [] })).indexId
}

test('15: by score, what cannot reach the k-th score is not searched', { timeout: 60_000 * MORE }, async () => {
  let [skipped, scored, matched] = [0, 0, 0]
  for (const ties of [false, true]) {
    const table = await rarerSplits(8, ties)
    const addresses = await queryRows(sessions.local, `SELECT id, ${address} FROM fast_fields('${table}')`)
    const addressOf = new Map(addresses.map(([id, ...rest]) => [id!, rest]))
    for (const query of ['alpha', 'alpha OR pool^3', 'alpha AND beta', '"alpha beta" OR gamma^0']) {
      for (const [limit, target_partitions] of [
        [3, 1],
        [9, 3],
      ] as const) {
        const from = `FROM "${table}" WHERE body @@ '${query}'`
        const sql = `SELECT id, score() ${from} ORDER BY score() DESC LIMIT ${limit}`
        const off = { 'rules.TopKPushdown': 'off', target_partitions: 1 }
        const sorted = await queryRows(sessions.local, `SELECT id, score() ${from} ORDER BY score() DESC`, off)
        const whole = tiesInOrder(sorted, addressOf)
        for (const session of limit === 9 ? [sessions.local, sessions.workers] : [sessions.local]) {
          const best = await queryRows(session, sql, { target_partitions })
          expect(best.map(rowKey), `${query} ${limit}`).toEqual(whole.slice(0, limit).map(rowKey))
        }
        if (limit !== 3) continue
        const plan = await analyzed(sessions.local, sql, { target_partitions })
        skipped += counter(plan, 'segments_skipped')
        scored += counter(plan, 'docs_scored')
        matched += whole.length
      }
    }
  }
  expect(skipped).toBeGreaterThan(20)
  expect(scored).toBeLessThan(matched / 2)
})

test(
  '15: by score, a task leaves out what is behind the documents of another task',
  { timeout: 60_000 * MORE },
  async () => {
    const table = await rarerSplits(8, false)
    const sql = `SELECT id FROM "${table}" WHERE match(body, 'alpha') ORDER BY score() DESC LIMIT 4`
    await expectLeftOut(sql, 'segments_skipped_by_others')
  },
)

/** Runs the tasks of a query one after the other, alone and with what the others have found, and counts what that saved. */
async function expectLeftOut(sql: string, saved: string): Promise<void> {
  const { distributed } = await explainQuery(sessions.workers, sql)
  const { tasks } = distributed.stages[0]!
  expect(tasks).toHaveLength(2)
  const known = new Map<string, Uint8Array>()
  const published: string[] = []
  const board: HintBoard = {
    least: (key) => known.get(key) ?? null,
    publish(key, value) {
      published.push(key)
      known.set(key, value)
    },
  }
  const session = createWorkerSession({ roots: null, poison: true })
  const run = async (task: StageTask, hints: HintBoard | null) => {
    const context = session.context('test', new Map(), new AbortController().signal)
    if (hints !== null) context.provide(hintBoard, hints)
    const ids: RowValue[] = []
    for (let p = 0; p < task.plan.partitioning.count; p++) {
      const stream = task.plan.execute(p, context)
      for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
        for (let k = 0; k < batch.numRows; k++) ids.push(scalarAt(batch.columns[0]!, batch.selection?.[k] ?? k))
      }
      await stream.close()
    }
    const skipped = withDescendants(task.plan).map((node) => context.metricsOf(node).counters)
    await context.close()
    return { ids, by: skipped.reduce((sum, counters) => sum + (counters.get(saved) ?? 0), 0) }
  }
  try {
    const alone = await Promise.all(tasks.map((task) => run(task, null)))
    expect(alone.map(({ by }) => by)).toEqual([0, 0])
    const expected = await queryRows(sessions.local, sql)
    // Whichever runs first, the other one leaves out what is behind it.
    let skipped = 0
    for (const order of [tasks, tasks.toReversed()]) {
      known.clear()
      const ids: RowValue[] = []
      for (const task of order) {
        const ran = await run(task, board)
        skipped += ran.by
        ids.push(...ran.ids)
      }
      for (const [id] of expected) expect(ids).toContain(id)
    }
    expect(new Set(published).size).toBe(1)
    expect(skipped).toBeGreaterThan(0)
  } finally {
    await session.close()
  }
}
