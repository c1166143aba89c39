import { DocIdJoinExec, HashJoinExec, type ExecutionPlan } from '@volley/core'
import { SplitSource } from '@volley/splits'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  PlanRunner,
  explainQuery,
  multisetDifference,
  queryRows,
  withDescendants,
  type PublishedSplit,
  type RowValue,
  type SampleDocument,
  type SettingValues,
} from '../src/index.ts'
import { sampleDocuments } from './support/arbitrary-corpus.ts'
import { tokensOf } from './support/predicates.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const runner = new PlanRunner()
afterAll(() => runner.close())

/** Segments of the two splits. */
const SEGMENTS = [3, 7]
const PARTITIONS = [1, 2, 3, 7, 16]

interface Addressed {
  readonly split: string
  readonly segment: number
  readonly doc: number
  readonly document: SampleDocument
}

let indexId: string
let otherId: string
let live: Addressed[]

beforeAll(async () => {
  const placed = sampleDocuments(150, 7).map((document, i) => ({
    document,
    split: i % 2,
    segment: (i >> 1) % SEGMENTS[i % 2]!,
    deleted: i % 11 === 5,
  }))
  const first = await sessions.tree.publish({ placed, ages: [] })
  const second = await sessions.tree.publish({ placed, ages: [] })
  indexId = first.indexId
  otherId = second.indexId
  expect(first.splits.map((split) => split.segments.length)).toEqual(SEGMENTS)
  live = first.splits.flatMap(addressed)
})

function addressed({ splitId, segments }: PublishedSplit): Addressed[] {
  return segments.flatMap((placed, segment) =>
    placed.flatMap(({ document, deleted }, doc) => (deleted ? [] : [{ split: splitId, segment, doc, document }])),
  )
}

const matching = (): Addressed[] =>
  live.filter(({ document }) => document.body !== null && tokensOf(document.body).includes('alpha'))

function threeSources(keys: readonly string[], select: string, tail = ''): string {
  const on = (a: string, b: string): string => keys.map((key) => `${a}.${key} = ${b}.${key}`).join(' AND ')
  return `SELECT ${select} FROM inverted_index('${indexId}', 'body:alpha') i
    JOIN fast_fields('${indexId}') f ON ${on('i', 'f')}
    JOIN documents('${indexId}') d ON ${on('f', 'd')}${tail}`
}

const ADDRESS = ['_split_id', '_segment_ord', '_doc_id']
const columns = 'i._split_id, i._segment_ord, i._doc_id, f.id, d._split_id, d.note'
const rowOf = (a: Addressed, d: Addressed): RowValue[] => [
  a.split,
  a.segment,
  a.doc,
  a.document.id,
  d.split,
  d.document.note,
]

function sourcesOf(nodes: readonly ExecutionPlan[]): SplitSource[] {
  return nodes.filter((node) => node instanceof SplitSource)
}

/** The highest doc-id join, and all that is below it. */
function joinedPart(nodes: readonly ExecutionPlan[]): ExecutionPlan[] {
  const top = nodes.find((node) => node instanceof DocIdJoinExec)
  return top === undefined ? [] : withDescendants(top)
}

describe.each(PARTITIONS)('splits of 3 and 7 segments at %i partitions', (target_partitions) => {
  const settings = { target_partitions }

  async function expectRows(
    sql: string,
    expected: readonly RowValue[][],
    more: SettingValues = {},
    on = [sessions.local, sessions.workers],
  ): Promise<void> {
    for (const session of on) {
      expect(multisetDifference(await queryRows(session, sql, { ...settings, ...more }), expected), sql).toBeNull()
    }
  }

  test('6: sources joined by address are one chain without an exchange', async () => {
    const sql = threeSources(ADDRESS, columns)
    for (const session of [sessions.local, sessions.workers]) {
      const { nodes, plan } = await explainQuery(session, sql, settings)
      const sources = sourcesOf(nodes)
      expect(sources.map((source) => source.kind).sort()).toEqual([
        'DocumentExec',
        'FastFieldExec',
        'InvertedIndexExec',
      ])
      expect(new Set(sources.map((source) => source.table.layout.layoutId)).size).toBe(1)
      expect(new Set(plan.match(/layout=\S+\/\d+/g)).size).toBe(1)
      expect(plan).toContain(`/${target_partitions},`)
      const below = joinedPart(nodes)
      expect(sourcesOf(below)).toHaveLength(3)
      expect(below.filter((node) => node instanceof DocIdJoinExec)).toHaveLength(2)
      const others = below.filter((node) => !(node instanceof DocIdJoinExec || node instanceof SplitSource))
      expect(others.filter((node) => node.kind !== 'ProjectionExec')).toEqual([])
      expect(nodes.filter((node) => node instanceof HashJoinExec)).toEqual([])
    }
    const ran = await explainQuery(sessions.workers, sql, settings, true)
    expect(ran.workersWithRows.size).toBe(2)
    const expected = matching().map((a) => rowOf(a, a))
    expect(expected.length).toBeGreaterThan(20)
    await expectRows(sql, expected)
  })

  test('7: without the split in the key they are not taken to lie together', async () => {
    const sql = threeSources(ADDRESS.slice(1), columns)
    for (const session of [sessions.local, sessions.workers]) {
      const { nodes, plan } = await explainQuery(session, sql, settings)
      expect(nodes.filter((node) => node instanceof DocIdJoinExec)).toEqual([])
      expect(nodes.filter((node) => node instanceof HashJoinExec)).toHaveLength(2)
      expect(plan).toMatch(/Network|Repartition/)
    }
    const at = (x: Addressed, y: Addressed): boolean => x.segment === y.segment && x.doc === y.doc
    const expected = matching().flatMap((i) =>
      live
        .filter((f) => at(i, f))
        .flatMap((f) =>
          live.filter((d) => at(f, d)).map((d) => [i.split, i.segment, i.doc, f.document.id, d.split, d.document.note]),
        ),
    )
    expect(expected.length).toBeGreaterThan(matching().length)
    await expectRows(sql, expected)
  })

  test('6: a chain stays one whichever columns the joins compare and keep', async () => {
    for (const [second, select] of [
      ['i', 'i._score > 0, f.id, d.note'],
      ['f', 'i._score > 0, f.id, d.note'],
      ['f', '1 AS one, f.id, d.note'],
      ['i', 'i._doc_id, f.id, d.note'],
    ]) {
      const on = (a: string, b: string): string => ADDRESS.map((key) => `${b}.${key} = ${a}.${key}`).join(' AND ')
      const sql = `SELECT ${select} FROM inverted_index('${indexId}', 'body:alpha') i
        JOIN fast_fields('${indexId}') f ON ${on('i', 'f')} JOIN documents('${indexId}') d ON ${on(second!, 'd')}`
      const { nodes } = await explainQuery(sessions.workers, sql, settings)
      expect(
        nodes.filter((node) => node instanceof DocIdJoinExec),
        sql,
      ).toHaveLength(2)
      const first = (a: Addressed): RowValue =>
        select!.startsWith('1') ? 1 : select!.startsWith('i._doc') ? a.doc : true
      await expectRows(
        sql,
        matching().map((a) => [first(a), a.document.id, a.document.note]),
        {},
        [sessions.local],
      )
    }
  })

  test('6: an aggregate above the chain adds no exchange inside it', async () => {
    const sql = threeSources(ADDRESS, 'f.level, count(*), count(d.note), max(f.n)', ' GROUP BY f.level')
    for (const session of [sessions.local, sessions.workers]) {
      const { nodes } = await explainQuery(session, sql, { ...settings, 'rules.AggPushdown': 'off' })
      const below = joinedPart(nodes)
      expect(new Set(sourcesOf(below).map((source) => source.table.layout.layoutId)).size).toBe(1)
      expect(sourcesOf(below)).toHaveLength(3)
      expect(below.filter((node) => /Network|Repartition|HashJoin/.test(node.kind))).toEqual([])
    }
    const groups = Map.groupBy(matching(), ({ document }) => document.level)
    const expected = [...groups].map(([level, members]) => {
      const numbers = members.map(({ document }) => document.n).filter((n) => n !== null)
      const max = numbers.length === 0 ? null : numbers.reduce((a, b) => (a > b ? a : b))
      const notes = members.filter(({ document }) => document.note !== null).length
      return [level, BigInt(members.length), BigInt(notes), max]
    })
    await expectRows(sql, expected)
    await expectRows(sql, expected, { 'rules.AggPushdown': 'off' }, [sessions.workers])
  })

  test('7: addresses of one side of a join by another key are not taken for those of the other', async () => {
    const pairs = `fast_fields('${indexId}') a JOIN fast_fields('${indexId}') b ON a.tag = b.tag AND a.id < b.id`
    const tagged = live.flatMap((a) =>
      live
        .filter((b) => a.document.tag !== null && a.document.tag === b.document.tag && a.document.id < b.document.id)
        .map((b) => [a, b] as const),
    )
    expect(tagged.length).toBeGreaterThan(100)
    for (const [i, side] of ['a', 'b'].entries()) {
      const sql = `SELECT a.id, b.id, d.note, a._split_id, a._segment_ord, a._doc_id, b._split_id, b._segment_ord, b._doc_id FROM ${pairs} JOIN documents('${indexId}') d
        ON d._split_id = ${side}._split_id AND d._segment_ord = ${side}._segment_ord AND d._doc_id = ${side}._doc_id`
      const address = ({ split, segment, doc }: Addressed): RowValue[] => [split, segment, doc]
      const expected = tagged.map((pair) => [
        pair[0].document.id,
        pair[1].document.id,
        pair[i]!.document.note,
        ...address(pair[0]),
        ...address(pair[1]),
      ])
      await expectRows(sql, expected)
      await expectRows(sql, expected, { 'rules.ReorderJoins': 'off', broadcast_threshold_bytes: 0 }, [sessions.local])
    }
    const mixed = `SELECT a.id, b.id, d.id FROM ${pairs} JOIN fast_fields('${indexId}') d
      ON d._split_id = a._split_id AND d._segment_ord = b._segment_ord AND d._doc_id = a._doc_id`
    await expectRows(
      mixed,
      tagged.flatMap(([a, b]) =>
        live
          .filter((d) => d.split === a.split && d.segment === b.segment && d.doc === a.doc)
          .map((d) => [a.document.id, b.document.id, d.document.id]),
      ),
    )
  })

  test('7: two indexes have two layouts, also with equal documents', async () => {
    const sql = `SELECT f.id, g.id FROM fast_fields('${indexId}') f JOIN fast_fields('${otherId}') g
      ON f._split_id = g._split_id AND f._segment_ord = g._segment_ord AND f._doc_id = g._doc_id`
    const { nodes } = await explainQuery(sessions.workers, sql, settings)
    expect(new Set(sourcesOf(nodes).map((source) => source.table.layout.layoutId)).size).toBe(2)
    expect(nodes.filter((node) => node instanceof DocIdJoinExec)).toEqual([])
    await expectRows(sql, [])
  })

  test('4, 9: every partition of the three sources has the same documents, each once', async () => {
    const { distributed } = await explainQuery(
      sessions.workers,
      threeSources(ADDRESS, columns).replace('body:alpha', '*'),
      settings,
    )
    const stage = distributed.stages.find(({ plan }) => sourcesOf(withDescendants(plan)).length === 3)!
    const seen: string[] = []
    for (const task of stage.tasks) {
      const sources = sourcesOf(withDescendants(task.plan))
      const read = await Promise.all(sources.map((source) => runner.run(source)))
      const addresses = read.map((partitions) => partitions.map((rows) => rows.map((row) => row.slice(0, 3).join('/'))))
      expect(addresses[0]).toHaveLength(target_partitions)
      expect(addresses[1]).toEqual(addresses[0])
      expect(addresses[2]).toEqual(addresses[0])
      seen.push(...addresses[0]!.flat())
    }
    expect(seen.sort()).toEqual(live.map(({ split, segment, doc }) => `${split}/${segment}/${doc}`).sort())
  })
})

test('sources of one layout stay so when splits are pruned by a filter of one of them', async () => {
  const day = 86_400_000n
  const placed = sampleDocuments(90, 13).map((document, i) => ({
    document: { ...document, ts: BigInt(i % 3) * day, level: `L${i % 3}` },
    split: i % 3,
    segment: i % 2,
    deleted: i % 10 === 1,
  }))
  const { indexId: table } = await sessions.tree.publish({ placed, ages: [] })
  const chosen = placed.filter(({ deleted }) => !deleted).map(({ document }) => document)
  const chain = `FROM inverted_index('${table}', '*') i
    JOIN fast_fields('${table}') f ON i._split_id = f._split_id AND i._segment_ord = f._segment_ord AND i._doc_id = f._doc_id
    JOIN documents('${table}') d ON i._split_id = d._split_id AND i._segment_ord = d._segment_ord AND i._doc_id = d._doc_id`
  for (const condition of [
    "f.ts >= TIMESTAMP '1970-01-02 12:00:00'",
    "f.level = 'L2'",
    "f.ts < TIMESTAMP '1970-01-02' AND f.level = 'L1'",
  ]) {
    const expected = chosen.filter(({ level }) => level === (condition.includes("'L1'") ? null : 'L2'))
    for (const session of [sessions.local, sessions.workers]) {
      for (const target_partitions of PARTITIONS) {
        const rows = await queryRows(session, `SELECT f.id, d.note ${chain} WHERE ${condition}`, { target_partitions })
        expect(
          multisetDifference(
            rows,
            expected.map(({ id, note }) => [id, note]),
          ),
          condition,
        ).toBeNull()
        const groups = await queryRows(
          session,
          `SELECT f.level, count(*), count(d.note) ${chain} WHERE ${condition} GROUP BY f.level`,
          { target_partitions },
        )
        const counts = [expected.length, expected.filter(({ note }) => note !== null).length].map(BigInt)
        expect(multisetDifference(groups, expected.length === 0 ? [] : [['L2', ...counts]]), condition).toBeNull()
      }
    }
  }
})
