import { ColumnExpr, JoinKeysExec, scalarAt, UTF8, ValuesExec } from '@volley/core'
import { FastFieldExec } from '@volley/splits'
import { Field, Schema } from 'apache-arrow'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { createWorkerSession } from 'volley'
import {
  explainQuery,
  liveDocuments,
  multisetDifference,
  queryRows,
  type RowValue,
  type SampleDocument,
} from '../src/index.ts'
import { corpora, sampleDocuments } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { expectRight } from './support/expect-right.ts'
import { joins } from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const session = createWorkerSession({ roots: null, poison: true })
afterAll(() => session.close())

test(
  '24: runtime filters leave the rows as they are, in every join mode, and do filter',
  { timeout: 60_000 * MORE },
  async () => {
    let filtered = 0
    let rows = 0
    const modes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        corpora({ minDocs: 20, maxDocs: 60 }),
        fc.array(fc.tuple(joins, fc.constantFrom('auto', 'collect_left', 'partitioned', 'lookup')), {
          minLength: 4,
          maxLength: 4,
        }),
        async (corpus, list) => {
          const { indexId } = await sessions.tree.publish(corpus)
          const live = liveDocuments(corpus)
          for (const [query, join_mode] of list) {
            rows += (await expectRight(sessions.workers, query, indexId, live, { join_mode })).length
            const plan = await analyzed(sessions.local, query.sql(indexId), { join_mode })
            filtered += counter(plan, 'rows_filtered_at_run_time')
            for (const [mode] of plan.matchAll(/JoinKeysExec: mode=\w+|mode=(?:partitioned|collect_left)/g))
              modes.add(mode)
            await expectRight(sessions.local, query, indexId, live, { join_mode, 'rules.RuntimeFilters': 'off' })
          }
        },
      ),
      { numRuns: 5 * MORE },
    )
    expect(rows).toBeGreaterThan(300)
    expect(filtered).toBeGreaterThan(40)
    expect([...modes].sort()).toEqual([
      'JoinKeysExec: mode=filter',
      'JoinKeysExec: mode=lookup',
      'mode=collect_left',
      'mode=partitioned',
    ])
  },
)

test('24: sides that are dealt by hash are filtered before they are sent', { timeout: 60_000 * MORE }, async () => {
  const [corpus] = fc.sample(corpora({ minDocs: 100, maxSplits: 3 }), { numRuns: 1, seed: 5 })
  const { indexId } = await sessions.tree.publish(corpus!)
  const keys = ['tag-1', 'tag-2', 'nothing', null]
  const expected = keys.flatMap((key): RowValue[][] => {
    const found = liveDocuments(corpus!).filter(({ tag }) => tag !== null && tag === key)
    return found.length === 0 ? [[key, null]] : found.map(({ id }) => [key, id])
  })
  const values = keys.map((key) => (key === null ? '(NULL)' : `('${key}')`)).join(', ')
  const sql = `SELECT k.x, t.id FROM (VALUES ${values}) k(x) LEFT JOIN "${indexId}" t ON t.tag = k.x`
  for (const session of [sessions.local, sessions.workers]) {
    const plan = await analyzed(session, sql, { join_mode: 'lookup' })
    expect(plan).toMatch(/FilterByKeysExec[^]*JoinKeysExec: mode=lookup/)
    expect(counter(plan, 'rows', 'NetworkShuffleExec')).toBe(keys.length + expected.length - 2)
    for (const settings of [{}, { join_mode: 'lookup' }, { 'rules.RuntimeFilters': 'off' }]) {
      expect(multisetDifference(await queryRows(session, sql, settings), expected)).toBeNull()
    }
  }
})

test('12: few keys are looked up in postings, as numbers and as text', { timeout: 60_000 * MORE }, async () => {
  const [blank] = sampleDocuments(1, 9)
  const none = { body: null, labels: null, counts: null, note: null, attrs: null, inner: null, extra: null }
  const placed = Array.from({ length: 24_600 }, (_, i) => ({
    document: {
      ...blank!,
      ...none,
      id: BigInt(i),
      tag: `tag-${i % 3000}`,
      n: i === 5 ? 9007199254740993n : i === 6 ? 9223372036854775807n : BigInt((i % 4000) - 1),
    },
    split: 0,
    segment: 0,
    deleted: i % 17 === 3,
  }))
  const { indexId } = await sessions.tree.publish({ placed, ages: [] })
  for (const [column, type, keys] of [
    ['n', 'bigint', ['-1', '0', '3', '9007199254740993', '9223372036854775807', '77']],
    ['id', 'bigint', ['1', '3', '500', '24599', '24600', '-7']],
    ['tag', 'text', ["'tag-1'", "'tag-2'", "'tag-7'", "'tag-9'", "'tag-11'", "'none'"]],
  ] as const) {
    const list = keys.map((key) => `(CAST(${key} AS ${type}))`).join(', ')
    const sql = `SELECT k.x, t.id FROM (VALUES ${list}) k(x) JOIN "${indexId}" t ON t.${column} = k.x`
    const rows = await queryRows(sessions.local, sql)
    expect(rows.length).toBeGreaterThan(2)
    expect(multisetDifference(rows, await queryRows(sessions.local, sql, { 'rules.RuntimeFilters': 'off' }))).toBeNull()
    const plan = await analyzed(sessions.local, sql)
    expect(counter(plan, 'rows', 'FastFieldExec')).toBe(rows.length)
    if (column !== 'id') expect(counter(plan, 'filters_by_postings')).toBe(1)
  }
})

test('24: splits that hold no key of a join are not opened', { timeout: 60_000 * MORE }, async () => {
  const day = 86_400_000n
  const placed = sampleDocuments(160, 23).map((document, i) => ({
    document: { ...document, ts: BigInt(i % 8) * day + BigInt(i), level: `L${i % 8}`, n: BigInt(i % 3) },
    split: i % 8,
    segment: i % 2,
    deleted: i % 17 === 3,
  }))
  const { indexId } = await sessions.tree.publish({ placed, ages: [] })
  const live = placed.filter(({ deleted }) => !deleted).map(({ document }) => document)
  const chosen = live.filter(({ ts }) => ts / day === 2n || ts / day === 5n).slice(0, 4)
  const ids = chosen.map(({ id }) => id).join(', ')
  for (const [sql, expected, skipped] of [
    // By their time ranges.
    [
      `SELECT t.id FROM (SELECT ts FROM $t WHERE id IN (${ids})) k JOIN $t t ON t.ts = k.ts`,
      chosen.map(({ id }) => [id]),
      8 - new Set(chosen.map(({ ts }) => ts / day)).size,
    ],
    // By their tags, whichever rows of them the join keeps.
    [
      `SELECT k.x, t.id FROM (VALUES ('L1'), ('L6'), ('none')) k(x) LEFT JOIN $t t ON t.level = k.x`,
      [
        ...live.filter(({ level }) => level === 'L1' || level === 'L6').map(({ level, id }) => [level, id]),
        ['none', null],
      ],
      6,
    ],
    // No key at all.
    [`SELECT t.id FROM (SELECT n FROM $t WHERE n = 7) k JOIN $t t ON t.n = k.n`, [], 8],
    // Rows without a partner come out: no split is left out.
    [
      `SELECT k.x, t.id FROM (VALUES ('L1'), (NULL)) k(x) RIGHT JOIN $t t ON t.level = k.x`,
      live.map(({ level, id }) => [level === 'L1' ? level : null, id]),
      0,
    ],
  ] as const) {
    const text = sql.replaceAll('$t', `"${indexId}"`)
    for (const session of [sessions.local, sessions.workers]) {
      for (const target_partitions of [1, 11]) {
        const settings = { target_partitions, join_mode: 'lookup' }
        const rows = await queryRows(session, text, settings)
        expect(multisetDifference(rows, expected), text).toBeNull()
      }
      const plan = await analyzed(session, text, { target_partitions: 2, join_mode: 'lookup' })
      expect(counter(plan, 'splits_skipped_at_run_time'), plan).toBe(skipped)
    }
  }
})

/** A scan of a table with the slot of a filter by `tag`, and the documents that it reads. */
async function filteredScan(): Promise<{ source: FastFieldExec; live: SampleDocument[] }> {
  const [corpus] = fc.sample(corpora({ minDocs: 100, maxSplits: 3 }), { numRuns: 1, seed: 3 })
  const { indexId } = await sessions.tree.publish(corpus!)
  const sql = `SELECT a.id, b.id FROM "${indexId}" a JOIN "${indexId}" b ON a.tag = b.tag`
  const { nodes } = await explainQuery(sessions.local, sql, { join_mode: 'lookup', target_partitions: 1 })
  const source = nodes.find((node) => node instanceof FastFieldExec && node.options.runtime !== undefined)
  return { source: source as FastFieldExec, live: liveDocuments(corpus!) }
}

test.each(['before the scan', 'while it runs', 'never'])(
  '24: keys that come %s',
  { timeout: 60_000 * MORE },
  async (when) => {
    const { source, live } = await filteredScan()
    const [{ id }] = source.options.runtime as [{ id: number }]
    const wanted = ['tag-1', 'tag-2', 'tag-3']
    const keys = new ValuesExec(new Schema([new Field('tag', UTF8, true)]), [...wanted.map((tag) => [tag]), [null]])
    const gathered = new JoinKeysExec(keys, [{ id, expr: new ColumnExpr(0, 'tag', UTF8, true) }], {
      mode: 'filter',
      rows: 4,
    })
    const context = session.context('test', new Map([['batch_size', '8']]), new AbortController().signal)
    const place = source.schema.fields.findIndex(({ name }) => name === 'tag')
    const tags: RowValue[] = []
    const publish = async (): Promise<void> => {
      const stream = gathered.execute(0, context)
      while ((await stream.next()) !== null) continue
      await stream.close()
    }
    if (when === 'before the scan') await publish()
    const stream = source.execute(0, context)
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      for (let k = 0; k < batch.numRows; k++) tags.push(scalarAt(batch.columns[place]!, batch.selection?.[k] ?? k))
      if (when === 'while it runs' && tags.length < 20) await publish()
    }
    await stream.close()
    await context.close()
    const isWanted = (tag: RowValue): boolean => wanted.includes(tag as string)
    expect(tags.filter(isWanted).length).toBe(live.filter(({ tag }) => isWanted(tag)).length)
    const others = tags.length - tags.filter(isWanted).length
    if (when === 'before the scan') expect(others).toBe(0)
    else expect(others).toBeGreaterThan(0)
    if (when === 'never') expect(tags).toHaveLength(live.length)
    else expect(tags.length).toBeLessThan(live.length)
  },
)
