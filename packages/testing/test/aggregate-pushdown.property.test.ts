import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { scalarAt, type ExecutionPlan } from '@volley/core'
import { TantivyAggregateExec } from '@volley/splits'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWorkerSession } from 'volley'
import { explainQuery, multisetDifference, queryRows, type RowValue } from '../src/index.ts'
import { corpora, sampleDocuments } from './support/arbitrary-corpus.ts'
import { analyzed, counter } from './support/counters.ts'
import { predicates } from './support/predicates.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

const keys = [
  'level',
  'tag',
  'b',
  'n',
  'u',
  '"o.inner"',
  'note',
  "date_trunc('day', ts)",
  "date_bin(INTERVAL '6 hours', ts)",
  'CAST(ts AS date)',
  "attrs->>'host'",
  'upper(level)',
  'n % 3',
]

/** Exact whatever the order in which states are merged. */
const aggregates = [
  'count(*)',
  'count(n)',
  'sum(n)',
  'avg(u)',
  'min(f)',
  'max(f)',
  'min(level)',
  'max(tag)',
  'min(ts)',
  'max(u)',
  'count(DISTINCT level)',
  'sum(DISTINCT n)',
  'count(*) FILTER (WHERE b)',
  "count(u) FILTER (WHERE level = 'ERROR' OR n > 0)",
  'bool_or(b)',
  'median(CASE WHEN n BETWEEN 0 AND 3 THEN n END)',
  'CAST(1000 * stddev_pop(CASE WHEN n BETWEEN 0 AND 3 THEN n END) AS bigint)',
  'approx_distinct(tag)',
]

const queries = fc
  .record({
    keys: fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 3 }),
    aggregates: fc.uniqueArray(fc.constantFrom(...aggregates), { minLength: 1, maxLength: 4 }),
    condition: fc.option(predicates, { nil: null }),
    form: fc.constantFrom('GROUP BY', 'GROUP BY', 'ROLLUP', 'CUBE'),
    having: fc.boolean(),
  })
  .map(({ keys: groups, aggregates: calls, condition, form, having }) => (table: string) => {
    const where = condition === null ? '' : ` WHERE ${condition.sql}`
    const list = groups.join(', ')
    const by = groups.length === 0 ? '' : form === 'GROUP BY' ? ` GROUP BY ${list}` : ` GROUP BY ${form} (${list})`
    return `SELECT ${[...groups, ...calls].join(', ')} FROM "${table}"${where}${by}${having ? ' HAVING count(*) > 1' : ''}`
  })

test('14: an aggregate in its source gives the rows that it gives above', { timeout: 120_000 * MORE }, async () => {
  let fired = 0
  let once = 0
  let rows = 0
  await fc.assert(
    fc.asyncProperty(corpora(), fc.array(queries, { minLength: 12, maxLength: 12 }), async (corpus, list) => {
      const { indexId } = await sessions.tree.publish(corpus)
      for (const [i, query] of list.entries()) {
        const sql = query(indexId)
        const settings = { target_partitions: i % 2 === 0 ? 1 : 3 }
        const on = await queryRows(sessions.local, sql, settings)
        for (const rule of ['AggPushdown', 'aggregate_once']) {
          const off = await queryRows(sessions.local, sql, { ...settings, [`rules.${rule}`]: 'off' })
          expect(multisetDifference(on, off), `${rule}: ${sql}`).toBeNull()
        }
        const { plan } = await explainQuery(sessions.local, sql, settings)
        if (plan.includes('TantivyAggregateExec')) fired++
        if (plan.includes('gives=results')) once++
        rows += on.length
      }
    }),
    { numRuns: 5 * MORE },
  )
  expect(fired).toBeGreaterThan(21 * MORE)
  expect(once).toBeGreaterThan(6 * MORE)
  expect(rows).toBeGreaterThan(140)
})

const statistics = [
  'count(*)',
  'count(n)',
  'count(level)',
  ...['n', 'u', 'id'].flatMap((name) => [`sum(${name})`, `avg(${name})`]),
  ...['n', 'u', 'f', 'ts', 'level', 'tag', '"o.inner"'].flatMap((name) => [`min(${name})`, `max(${name})`]),
]

test(
  '10: counts, sums and bounds of all documents come from the segments, whatever was deleted',
  { timeout: 60_000 * MORE },
  async () => {
    let answered = 0
    await fc.assert(
      fc.asyncProperty(
        corpora(),
        fc.subarray(statistics, { minLength: 1 }),
        fc.integer({ min: 1, max: 5 }),
        async (corpus, calls, partitions) => {
          const { indexId } = await sessions.tree.publish(corpus)
          const sql = `SELECT ${calls.join(', ')} FROM "${indexId}"`
          const settings = { target_partitions: partitions }
          const on = await queryRows(sessions.local, sql, settings)
          const off = await queryRows(sessions.local, sql, { ...settings, 'rules.AggPushdown': 'off' })
          expect(multisetDifference(on, off), sql).toBeNull()
          answered += counter(await analyzed(sessions.local, sql, settings), 'segments_by_statistics')
        },
      ),
      { numRuns: 25 * MORE },
    )
    expect(answered).toBeGreaterThan(20)
  },
)

test(
  'text with many terms is grouped by ordinal where few documents count, and only the groups are resolved',
  { timeout: 60_000 * MORE },
  async () => {
    const [blank] = fc.sample(corpora({ minDocs: 4, maxDocs: 4 }), { numRuns: 1, seed: 3 })
    const { document } = blank!.placed[0]!
    const placed = Array.from({ length: 12_000 }, (_, i) => ({
      document: {
        ...document,
        id: BigInt(i),
        tag: i % 13 === 0 ? null : `term-${(i * 7919) % 5003}`,
        level: `L${i % 3}`,
      },
      split: i % 2,
      segment: 0,
      deleted: i % 17 === 5,
    }))
    const { indexId } = await sessions.tree.publish({ ages: ['current', 'current'], placed })
    for (const [where, atLeast] of [
      ['id < 3000', 1000],
      ['id >= 0', 0],
    ] as const) {
      for (const sql of [
        `SELECT tag, count(*), min(id) FROM "${indexId}" WHERE ${where} GROUP BY tag`,
        `SELECT tag, level, sum(id) FROM "${indexId}" WHERE level <> 'L1' AND ${where} GROUP BY tag, level`,
        `SELECT count(DISTINCT tag) FROM "${indexId}" WHERE ${where}`,
      ]) {
        const on = await queryRows(sessions.local, sql)
        const off = await queryRows(sessions.local, sql, { 'rules.AggPushdown': 'off' })
        expect(multisetDifference(on, off), sql).toBeNull()
        const byOrdinal = counter(await analyzed(sessions.local, sql), 'groups_by_ordinal')
        if (atLeast === 0) expect(byOrdinal).toBe(0)
        else expect(byOrdinal).toBeGreaterThan(atLeast)
      }
    }
    for (const [sql, byOrdinal] of [
      [`SELECT level, min(tag), max(tag) FROM "${indexId}" WHERE id < 3000 GROUP BY level`, true],
      [`SELECT min(tag), max(tag) FILTER (WHERE id % 2 = 0), max(tag) FROM "${indexId}" WHERE id < 2000`, true],
      [`SELECT id % 500, max(tag), min(level) FROM "${indexId}" WHERE id < 3000 GROUP BY 1`, true],
      [`SELECT min(tag), max(tag) FROM "${indexId}" WHERE id < 2000 AND id % 13 = 0`, true],
      [`SELECT level, min(tag), count(tag) FROM "${indexId}" WHERE id < 3000 GROUP BY level`, false],
      [`SELECT tag, min(tag) FROM "${indexId}" WHERE id < 3000 GROUP BY tag`, false],
      [`SELECT min(tag) FROM "${indexId}" WHERE id < 3000 AND tag > level`, false],
      [`SELECT _split_id, min(_split_id), count(*) FROM fast_fields('${indexId}') WHERE id < 3000 GROUP BY 1`, false],
    ] as const) {
      const on = await queryRows(sessions.local, sql)
      const off = await queryRows(sessions.local, sql, { 'rules.AggPushdown': 'off' })
      expect(multisetDifference(on, off), sql).toBeNull()
      expect(counter(await analyzed(sessions.local, sql), 'extremes_by_ordinal') > 0, sql).toBe(byOrdinal)
    }
    const settings = { batch_size: 256 }
    for (const [sql, narrowed] of [
      [`SELECT tag, count(*), min(id) FROM "${indexId}" WHERE id < 3000 GROUP BY tag`, true],
      [`SELECT tag, level, sum(id) FROM "${indexId}" WHERE level <> 'L1' AND id < 5000 GROUP BY tag, level`, true],
      [
        `SELECT CASE WHEN id % 2 = 0 THEN tag ELSE '' END, tag, level, count(*) FILTER (WHERE id % 3 = 0) FROM "${indexId}"
         WHERE id < 3000 GROUP BY 1, 2, 3`,
        true,
      ],
      [
        `SELECT CASE WHEN id % 5 = 0 THEN 'term-7' WHEN id % 2 = 0 THEN tag END, id % 3, count(*) FROM "${indexId}"
         WHERE id < 3000 GROUP BY 1, 2`,
        true,
      ],
      [`SELECT tag, level, count(*) FROM "${indexId}" WHERE id < 3000 GROUP BY ROLLUP (tag, level)`, true],
      [`SELECT upper(tag), count(DISTINCT tag), max(length(tag)) FROM "${indexId}" WHERE id < 3000 GROUP BY 1`, true],
      [`SELECT tag, count(*) FROM "${indexId}" WHERE id % 13 = 0 AND id < 9000 GROUP BY tag`, false],
      [`SELECT tag, count(*), max(tag) FROM "${indexId}" WHERE id >= 0 GROUP BY tag`, false],
      [`SELECT level, min(tag) FROM "${indexId}" WHERE id < 3000 GROUP BY level`, false],
    ] as const) {
      const on = await queryRows(sessions.local, sql, settings)
      const off = await queryRows(sessions.local, sql, { ...settings, 'rules.AggPushdown': 'off' })
      expect(multisetDifference(on, off), sql).toBeNull()
      expect(counter(await analyzed(sessions.local, sql, settings), 'columns_narrowed') > 0, sql).toBe(narrowed)
    }
  },
)

test('groups of a source that do not fit are written, and give the same rows', { timeout: 60_000 * MORE }, async () => {
  const placed = sampleDocuments(2500, 53).map((document, i) => ({
    document: { ...document, tag: `${(i * 7919) % 2200}-${'x'.repeat(i % 23)}` },
    split: i % 3,
    segment: 0,
    deleted: i % 31 === 2,
  }))
  const { indexId } = await sessions.tree.publish({ placed, ages: [] })
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-agg-spill-'))
  const worker = createWorkerSession({ roots: null, poison: true, spillFolder: folder })
  const run = async (plan: ExecutionPlan, limit: number | null) => {
    const settings = new Map([
      ['batch_size', '256'],
      ...(limit === null ? [] : [['memory_limit', String(limit)] as const]),
    ])
    const context = worker.context('spill', settings, new AbortController().signal)
    const rows: RowValue[][] = []
    const stream = plan.execute(0, context)
    try {
      for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
        const selected = batch.selection ?? Uint32Array.from({ length: batch.length }, (_, i) => i)
        for (const row of selected) rows.push(batch.columns.map((column) => scalarAt(column, row)))
      }
      const { counters } = context.metricsOf(plan)
      return { rows, held: counters.get('peak_state_bytes') ?? 0, spilled: counters.get('spilled_bytes') ?? 0 }
    } finally {
      await stream.close()
      await context.close()
      expect(fs.readdirSync(folder)).toEqual([])
      expect(worker.liveBytes()).toBe(0)
    }
  }
  try {
    for (const sql of [
      'SELECT id % 2001, count(*), sum(u), min(tag) FROM $t GROUP BY 1',
      'SELECT tag, count(n), max(ts), avg(id) FROM $t GROUP BY tag',
    ]) {
      const query = sql.replace('$t', `"${indexId}"`)
      const { nodes } = await explainQuery(sessions.local, query, { target_partitions: 1 })
      const source = nodes.find((node) => node instanceof TantivyAggregateExec)!
      expect(source.gives).toBe('results')
      const whole = await run(source, null)
      expect([whole.rows.length > 1800, whole.spilled]).toEqual([true, 0])
      const limited = await run(source, Math.ceil(whole.held / 10))
      expect(multisetDifference(limited.rows, whole.rows), sql).toBeNull()
      expect(limited.spilled).toBeGreaterThan(0)
      expect(limited.held).toBeLessThanOrEqual(whole.held / 10 + 1)
    }
  } finally {
    await worker.close()
    fs.rmSync(folder, { recursive: true })
  }
})
