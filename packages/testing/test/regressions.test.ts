import { beforeAll, describe, expect, test } from 'vitest'
import {
  explainQuery,
  multisetDifference,
  queryRows,
  type PlacedDocument,
  type RowValue,
  type SampleDocument,
} from '../src/index.ts'
import { sampleDocuments } from './support/arbitrary-corpus.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

let table: string
let live: SampleDocument[]

beforeAll(async () => {
  const placed: PlacedDocument[] = sampleDocuments(300, 11).map((document, i) => ({
    document,
    split: i % 5,
    segment: (i >> 3) % 3,
    deleted: i % 13 === 0,
  }))
  live = placed.filter(({ deleted }) => !deleted).map(({ document }) => document)
  table = (await sessions.tree.publish({ placed, ages: ['current', 'older'] })).indexId
})

const PLANS = [
  { on: 'local', target_partitions: 1, broadcast_threshold_bytes: 0, repartition_groups_above: 0 },
  { on: 'local', target_partitions: 7, broadcast_threshold_bytes: 10_485_760, repartition_groups_above: 10_000 },
  { on: 'workers', target_partitions: 3, broadcast_threshold_bytes: 0, repartition_groups_above: 0 },
  { on: 'workers', target_partitions: 1, broadcast_threshold_bytes: 10_485_760, repartition_groups_above: 10_000 },
] as const

/** The rows are these in process and on workers, at several partitions, whether joins are broadcast or not. */
async function expectRows(sql: string, expected: readonly (readonly RowValue[])[]): Promise<void> {
  for (const { on, ...settings } of PLANS) {
    const rows = await queryRows(sessions[on], sql, settings)
    expect(multisetDifference(rows, expected), `${sql} on ${on} with ${JSON.stringify(settings)}`).toBeNull()
  }
}

const rowsOf = (documents: readonly SampleDocument[]): RowValue[][] => documents.map(({ id }) => [id])

describe('errors that engines of this kind have had', { timeout: 60_000 }, () => {
  test('a LEFT JOIN over a leaf of one row gives it once, not once a task', async () => {
    await expectRows(
      `SELECT one.x, t.id FROM (VALUES (1)) one(x) LEFT JOIN "${table}" t ON t.id = 999999 AND one.x = 1`,
      [[1, null]],
    )
    await expectRows(
      `SELECT one.x, count(t.id) FROM (SELECT 1 AS x) one LEFT JOIN "${table}" t ON t.level = 'ERROR' GROUP BY one.x`,
      [[1, BigInt(live.filter(({ level }) => level === 'ERROR').length)]],
    )
  })

  test('RIGHT and FULL joins give unmatched rows of both sides once', async () => {
    const keys = [...new Set(live.map(({ tag }) => tag).filter((tag) => tag !== null))]
    const matched = live.flatMap(({ id, tag }): RowValue[][] => (tag === 'tag-3' ? [[id, 'tag-3']] : [[id, null]]))
    expect(keys).toContain('tag-3')
    await expectRows(
      `SELECT t.id, k.x FROM "${table}" t FULL JOIN (VALUES ('tag-3'), ('nothing')) k(x) ON t.tag = k.x`,
      [...matched, [null, 'nothing']],
    )
    await expectRows(
      `SELECT t.id, k.x FROM "${table}" t RIGHT JOIN (VALUES ('tag-3'), ('nothing')) k(x) ON t.tag = k.x`,
      [...matched.filter(([, x]) => x !== null), [null, 'nothing']],
    )
  })

  test('NOT IN over a list with NULL gives nothing, on however many partitions', async () => {
    await expectRows(
      `SELECT id FROM "${table}" WHERE tag NOT IN (SELECT tag FROM "${table}" WHERE level = 'ERROR')`,
      [],
    )
    const errors = new Set(live.filter(({ level, tag }) => level === 'ERROR' && tag !== null).map(({ tag }) => tag))
    await expectRows(
      `SELECT id FROM "${table}" WHERE tag NOT IN (SELECT tag FROM "${table}" WHERE level = 'ERROR' AND tag IS NOT NULL)`,
      rowsOf(live.filter(({ tag }) => tag !== null && !errors.has(tag))),
    )
    await expectRows(
      `SELECT count(*) FROM "${table}" WHERE tag NOT IN (SELECT tag FROM "${table}" WHERE level = 'NONE')`,
      [[BigInt(live.length)]],
    )
  })

  test('INTERSECT and EXCEPT do not change with the partitions', async () => {
    const values = (level: string): Set<string | null> =>
      new Set(live.filter((document) => document.level === level).map(({ tag }) => tag))
    const [errors, warnings] = [values('ERROR'), values('WARN')]
    const arm = (level: string): string => `SELECT tag FROM "${table}" WHERE level = '${level}'`
    await expectRows(
      `${arm('ERROR')} INTERSECT ${arm('WARN')}`,
      [...errors].filter((tag) => warnings.has(tag)).map((tag) => [tag]),
    )
    await expectRows(
      `${arm('ERROR')} EXCEPT ${arm('WARN')}`,
      [...errors].filter((tag) => !warnings.has(tag)).map((tag) => [tag]),
    )
    await expectRows(
      `${arm('ERROR')} UNION ${arm('WARN')}`,
      [...new Set([...errors, ...warnings])].map((tag) => [tag]),
    )
  })

  test('a GROUP BY has all its groups, and the one whose key is NULL', async () => {
    const groups = [...Map.groupBy(live, ({ tag }) => tag)].map(([tag, members]) => [tag, BigInt(members.length)])
    expect(groups.length).toBeGreaterThan(10)
    expect(groups.some(([tag]) => tag === null)).toBe(true)
    await expectRows(`SELECT tag, count(*) FROM "${table}" GROUP BY tag`, groups)
    expect((await explainQuery(sessions.workers, `SELECT tag, count(*) FROM "${table}" GROUP BY tag`)).plan).toContain(
      'TantivyAggregateExec',
    )
  })

  test('the top of each segment is not the top of all', async () => {
    const sorted = live.map(({ id }) => id).sort((a, b) => (a < b ? 1 : -1))
    const sql = `SELECT id FROM "${table}" ORDER BY id DESC LIMIT 3`
    await expectRows(
      sql,
      sorted.slice(0, 3).map((id) => [id]),
    )
    expect((await explainQuery(sessions.workers, sql)).plan).toContain('top_k=3')
    await expectRows(`SELECT count(*) FROM (SELECT id FROM "${table}" LIMIT 7) t`, [[7n]])
  })

  test('a sum of 64-bit integers is exact', async () => {
    const sum = (pick: (document: SampleDocument) => bigint | null): bigint =>
      live.reduce((total, d) => total + (pick(d) ?? 0n), 0n)
    expect(sum(({ u }) => u) > 1n << 64n).toBe(true)
    await expectRows(`SELECT sum(n), sum(u), sum("o.inner") FROM "${table}"`, [
      [sum(({ n }) => n), sum(({ u }) => u), sum(({ inner }) => inner)],
    ])
  })

  test('equality of a tokenized text is equality of the text', async () => {
    const body = live.find((document) => document.body?.includes(' '))!.body!
    await expectRows(
      `SELECT id FROM "${table}" WHERE body = '${body}'`,
      rowsOf(live.filter((document) => document.body === body)),
    )
    await expectRows(
      `SELECT id FROM "${table}" WHERE body = 'alpha'`,
      rowsOf(live.filter((document) => document.body === 'alpha')),
    )
  })

  test('a filter of a split that holds the field otherwise is not forgotten', async () => {
    await expectRows(
      `SELECT id FROM "${table}" WHERE n = 9007199254740993 AND level <> 'DEBUG'`,
      rowsOf(live.filter(({ n, level }) => n === (1n << 53n) + 1n && level !== null && level !== 'DEBUG')),
    )
    await expectRows(
      `SELECT id FROM "${table}" WHERE u >= 18446744073709551614`,
      rowsOf(live.filter(({ u }) => u !== null && u >= (1n << 64n) - 2n)),
    )
  })

  test('an index without splits is an empty table', async () => {
    await expectRows('SELECT id FROM empty', [])
    await expectRows('SELECT count(*), sum(n), max(body) FROM empty', [[0n, null, null]])
    await expectRows('SELECT level, count(*) FROM empty GROUP BY level', [])
    await expectRows(`SELECT count(*) FROM "${table}" t LEFT JOIN empty e ON e.id = t.id`, [[BigInt(live.length)]])
    await expectRows(`SELECT count(*) FROM "${table}" t WHERE NOT EXISTS (SELECT 1 FROM empty e WHERE e.id = t.id)`, [
      [BigInt(live.length)],
    ])
  })

  test('an index pattern is one table', async () => {
    await expectRows(`SELECT _index, count(*) FROM "empty,${table}" GROUP BY _index`, [[table, BigInt(live.length)]])
  })

  test('columns of one name keep their types between tasks', async () => {
    const doubled = live.flatMap(({ id, level }) => (level === null ? [] : [[id, level, true]]))
    await expectRows(
      `SELECT a.x, b.x, c.x FROM (SELECT id AS x, id FROM "${table}") a JOIN (SELECT level AS x, id FROM "${table}") b ON a.id = b.id JOIN (SELECT min(id) IS NOT NULL AS x, id FROM "${table}" WHERE level IS NOT NULL GROUP BY id) c ON c.id = b.id`,
      doubled,
    )
  })

  test('an aggregate counts documents by their address', async () => {
    const rows = `SELECT _doc_id, _split_id FROM fast_fields('${table}')`
    for (const where of ['_doc_id < 2', '_doc_id = 1 OR level IS NULL', `_split_id || '' > ''`]) {
      const [[count]] = (await queryRows(sessions.local, `SELECT count(*) FROM (${rows}) q`)) as [[bigint]]
      expect(count).toBe(BigInt(live.length))
      const found = await queryRows(sessions.local, `${rows} WHERE ${where}`)
      expect(found.length).toBeGreaterThan(0)
      await expectRows(`SELECT count(*) FROM fast_fields('${table}') WHERE ${where}`, [[BigInt(found.length)]])
    }
  })

  test('18: a condition, its negation and its NULL part the rows', async () => {
    for (const condition of [
      `match(body, 'alpha')`,
      `n > 1`,
      `n > 1 OR match(body, 'pool')`,
      `tag IN ('tag-1', NULL)`,
      `(attrs->>'host') = 'db'`,
    ]) {
      const parts = [condition, `NOT (${condition})`, `(${condition}) IS NULL`]
      await expectRows(parts.map((part) => `SELECT id FROM "${table}" WHERE ${part}`).join(' UNION ALL '), rowsOf(live))
    }
  })
})
