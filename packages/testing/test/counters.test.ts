import { beforeAll, expect, test } from 'vitest'
import type { VolleySession } from 'volley'
import { multisetDifference, queryRows, type SettingValues } from '../src/index.ts'
import { sampleDocuments } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const DAY = 86_400_000n
const SPLITS = 4

/** Splits of a day each, of two segments; few documents, the first of the segments, are the best for `alpha`. */
async function publish(documents: number): Promise<string> {
  const each = documents / SPLITS
  const placed = sampleDocuments(documents, 41).map((document, i) => {
    const [split, place] = [i % SPLITS, Math.floor(i / SPLITS)]
    const segment = +(place >= each / 2)
    const best = place % (each / 2) < 6
    const weight = 2 + split + SPLITS * (place % (each / 2)) + 24 * segment
    const words = best ? 'alpha '.repeat(weight) : `alpha${' beta'.repeat(8 + (place % 7))}`
    return {
      document: {
        ...document,
        ts: BigInt(split) * DAY + BigInt(i) * 1000n,
        n: BigInt(split * each + place),
        level: `L${split}`,
        tag: `t${place % 50}`,
        body: place % 10 === 9 ? 'gamma' : words,
        note: `note ${i}`,
      },
      split,
      segment,
      deleted: false,
    }
  })
  return (await sessions.tree.publish({ placed, ages: [] })).indexId
}

type Counter = (name: string, kind?: string) => number

interface Saving {
  readonly sql: string
  /** What loses the saving. */
  readonly off: SettingValues
  /** True of what is counted, beside the number of rows. */
  readonly saved: (count: Counter, rows: number, plan: string) => unknown
  readonly lost: (count: Counter, rows: number, plan: string) => unknown
  readonly settings?: SettingValues
}

const DOCUMENTS = 2000
const MATCHED = DOCUMENTS * 0.9
const SCAN = 'FastFieldExec'
const without = (rule: string): SettingValues => ({ [`rules.${rule}`]: 'off' })
const documentsLast = {
  off: without('DocumentsLast'),
  saved: (count: Counter, rows: number) => expect([count('docs_fetched'), rows > 2]).toEqual([rows, true]),
  lost: (count: Counter, rows: number) => expect(count('docs_fetched')).toBeGreaterThan(10 * rows),
}
const keys = (values: string) => `(VALUES ${values}) k(x)`

const savings: Readonly<Record<string, Saving>> = {
  'documents that cannot be among the best are not scored': {
    sql: `SELECT id, score() FROM $t WHERE match(body, 'alpha') ORDER BY score() DESC LIMIT 5`,
    off: without('TopKPushdown'),
    saved: (count) => {
      // A block of each segment that is searched at all: the other has nothing that counts.
      const searched = 2 * SPLITS - count('segments_skipped')
      expect(count('docs_scored')).toBeGreaterThan(0)
      expect(count('docs_scored')).toBeLessThanOrEqual(128 * searched)
    },
    lost: (count) => expect([count('docs_scored'), count('docs_matched')]).toEqual([MATCHED, MATCHED]),
  },
  'splits behind the k-th row are not opened': {
    sql: `SELECT id FROM $t ORDER BY ts DESC LIMIT 5`,
    off: without('TopKPushdown'),
    settings: { target_partitions: 1 },
    saved: (count) => {
      expect(count('splits_skipped')).toBeGreaterThan(1)
      expect(count('docs_ranked')).toBeLessThan(DOCUMENTS)
    },
    lost: (count) => expect([count('splits_skipped'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
  'segments behind the k-th row are not read': {
    sql: `SELECT id FROM $t ORDER BY n LIMIT 5`,
    off: without('TopKPushdown'),
    settings: { target_partitions: 1 },
    saved: (count) => expect(count('segments_skipped')).toBeGreaterThan(5),
    lost: (count) => expect([count('segments_skipped'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
  'documents of the rows of a window alone are fetched': {
    sql: `SELECT note FROM (SELECT note, row_number() OVER (PARTITION BY level ORDER BY id) AS r FROM $t) WHERE r = 1`,
    ...documentsLast,
  },
  'of DISTINCT ON': { sql: `SELECT DISTINCT ON (level) level, note FROM $t ORDER BY level, id`, ...documentsLast },
  'of a join': {
    sql: `SELECT a.note FROM $t a JOIN $t b ON a.n = b.n + 1900 AND a.id <> b.id ORDER BY a.id LIMIT 5`,
    ...documentsLast,
  },
  'splits of other times are not planned': {
    sql: `SELECT id FROM $t WHERE ts >= TIMESTAMP '1970-01-04'`,
    off: without('SplitPruning'),
    saved: (count, rows) =>
      expect([count('splits', SCAN), count('pruned_splits'), rows * SPLITS]).toEqual([1, 3, DOCUMENTS]),
    lost: (count) => expect([count('splits', SCAN), count('pruned_splits')]).toEqual([SPLITS, 0]),
  },
  'nor of other tags': {
    sql: `SELECT id FROM $t WHERE level IN ('L1', 'none')`,
    off: without('SplitPruning'),
    saved: (count) => expect([count('splits', SCAN), count('pruned_splits')]).toEqual([1, 3]),
    lost: (count) => expect([count('splits', SCAN), count('pruned_splits')]).toEqual([SPLITS, 0]),
  },
  'the keys of a join are looked up in the index of the other side': {
    sql: `SELECT t.id FROM ${keys(`('t1'), ('t7')`)} JOIN $t t ON t.tag = k.x`,
    off: without('RuntimeFilters'),
    settings: { join_mode: 'lookup' },
    saved: (count, rows, plan) => {
      expect(plan).toContain('JoinKeysExec: mode=lookup')
      expect([count('filters_by_postings'), count('rows', SCAN)]).toEqual([2 * SPLITS, rows])
      expect(count('rows_filtered_at_run_time')).toBe(DOCUMENTS - rows)
    },
    lost: (count) => expect([count('filters_by_postings'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
  'splits and segments without keys of a join are not read': {
    sql: `SELECT t.id FROM ${keys(`('L1', 501), ('none', 502)`).replace('(x)', '(x, y)')} JOIN $t t ON t.level = k.x AND t.n <= k.y`,
    off: without('RuntimeFilters'),
    saved: (count) => expect(count('splits_skipped_at_run_time')).toBe(SPLITS - 1),
    lost: (count) => expect([count('splits_skipped_at_run_time'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
  'the bounds of numbers leave out segments': {
    sql: `SELECT t.id FROM ${keys('(3), (5), (7)')} JOIN $t t ON t.n = k.x`,
    off: without('RuntimeFilters'),
    saved: (count, rows) => {
      expect(count('segments_skipped_at_run_time')).toBe(2 * SPLITS - 1)
      expect([count('rows', SCAN), rows]).toEqual([3, 3])
    },
    lost: (count) => expect(count('rows', SCAN)).toBe(DOCUMENTS),
  },
  'sources of one table are merged by address, without a hash table': {
    sql: `SELECT i._score, f.id FROM inverted_index('$t', 'body:gamma') i JOIN fast_fields('$t') f
      ON i._split_id = f._split_id AND i._segment_ord = f._segment_ord AND i._doc_id = f._doc_id`,
    off: { join_mode: 'auto' },
    saved: (count, rows) => expect([count('rows_looked_up', 'DocIdJoinExec'), count('build_rows')]).toEqual([rows, 0]),
    lost: (count, rows) => expect(count('rows_looked_up', 'DocIdJoinExec')).toBe(rows),
  },
  'a join by other keys is of hashes': {
    sql: `SELECT a.id FROM $t a JOIN $t b ON a.n = b.id`,
    off: without('RuntimeFilters'),
    saved: (count) => {
      expect(count('build_rows')).toBeGreaterThanOrEqual(DOCUMENTS)
      expect(count('rows_looked_up')).toBe(0)
    },
    lost: (count) => expect(count('build_rows')).toBe(DOCUMENTS),
  },
  'the number of documents is in the metadata': {
    sql: `SELECT count(*) FROM $t`,
    off: without('AggPushdown'),
    saved: (count) => expect([count('splits_by_metadata'), count('docs_aggregated')]).toEqual([SPLITS, 0]),
    lost: (count) => expect([count('splits_by_metadata'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
  'extremes are statistics, also of segments that are read in parts': {
    sql: `SELECT count(*), count(level), count(u), min(n), max(n) FROM $t`,
    off: without('AggPushdown'),
    settings: { target_partitions: 5 * SPLITS },
    saved: (count) => expect([count('segments_by_statistics'), count('docs_aggregated')]).toEqual([2 * SPLITS, 0]),
    lost: (count) => expect([count('segments_by_statistics'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
  'groups are made in the source, each text decoded once': {
    sql: `SELECT tag, count(*), sum(n) FROM $t WHERE n < 1000 GROUP BY tag`,
    off: without('AggPushdown'),
    saved: (count, rows) => {
      expect([count('docs_aggregated'), rows]).toEqual([1000, 50])
      expect(count('rows', 'TantivyAggregateExec')).toBeLessThanOrEqual(50 * SPLITS)
    },
    lost: (count) => expect([count('docs_aggregated'), count('rows', SCAN)]).toEqual([0, 1000]),
  },
  'conditions are answered by postings and packed columns': {
    sql: `SELECT id FROM $t WHERE tag = 't1' AND n < 1000 AND id <> 7`,
    off: without('FastFieldFilterPushdown'),
    saved: (count, rows) => {
      expect(count('rows', SCAN)).toBe(rows)
      expect(count('filters_by_postings')).toBeGreaterThan(3)
      expect(count('filters_by_column') + count('filters_by_value')).toBeGreaterThan(3)
    },
    lost: (count) => expect([count('filters_by_postings'), count('rows', SCAN)]).toEqual([0, DOCUMENTS]),
  },
}

let table: string
beforeAll(async () => {
  table = await publish(DOCUMENTS)
}, 60_000)

test.for(Object.entries(savings))('%s', async ([, { sql, off, saved, lost, settings = {} }]) => {
  const text = sql.replaceAll(/'\$t'/g, `'${table}'`).replaceAll('$t', `"${table}"`)
  const run = async (session: VolleySession, more: SettingValues, check: Saving['saved']) => {
    const given = { target_partitions: 2, ...settings, ...more }
    const rows = await queryRows(session, text, given)
    const plan = await analyzed(session, text, given)
    check((name, kind = '') => counter(plan, name, kind), rows.length, plan)
    return rows
  }
  const rows = await run(sessions.local, {}, saved)
  expect(rows.length).toBeGreaterThan(0)
  expect(multisetDifference(rows, await run(sessions.local, off, lost))).toBeNull()
  expect(multisetDifference(rows, await run(sessions.workers, {}, saved))).toBeNull()
})

test('byte ranges that no row needs are not read', { timeout: 60_000 }, async () => {
  const unread: readonly (readonly [sql: string, off: SettingValues, kind: string])[] = [
    [`SELECT sum(f), sum(n) FROM $t WHERE ts >= TIMESTAMP '1970-01-04'`, without('SplitPruning'), 'Tantivy'],
    [
      `SELECT note FROM $t ORDER BY ts DESC LIMIT 3`,
      { ...without('DocumentsLast'), ...without('TopKPushdown') },
      'Document',
    ],
  ]
  // What was read once is in the caches of a process: a table for each of the two ways.
  const [on, off] = [await publish(400), await publish(400)]
  for (const session of [sessions.local, sessions.workers]) {
    for (const [sql, settings, kind] of unread) {
      const read = async (table: string, more: SettingValues): Promise<number> =>
        counter(await analyzed(session, sql.replace('$t', `"${table}"`), more), 'bytes_read', kind)
      const [few, all] = [await read(on, {}), await read(off, settings)]
      expect(few, sql).toBeGreaterThan(0)
      expect(few, sql).toBeLessThan(all / 3)
    }
  }
})
