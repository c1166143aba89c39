import { DocIdJoinExec, HashJoinExec, type ExecutionPlan } from '@volley/core'
import { SplitSource } from '@volley/splits'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VolleySession } from 'volley'
import { explainQuery, measuredSession, TestTree, withDescendants, type SettingValues } from '../src/index.ts'
import { corpora, sampleDocuments } from './support/arbitrary-corpus.ts'

/** Segments of the four splits of each table. */
const SEGMENTS = [1, 2, 3, 7]
const PARTITIONS = [1, 2, 3, 8]
const THREADS = [2, 3]
const BY_ADDRESS = new Set(['DocIdJoinExec', 'ProjectionExec', 'FilterExec'])
const SEED = Number(process.env.VOLLEY_SEED ?? 20_260_303)
const ADDRESS = ['_split_id', '_segment_ord', '_doc_id']

let tree: TestTree
let session: VolleySession
let logs: string
let traces: string
let inThreads: VolleySession
let joinsSeen = 0

beforeAll(async () => {
  tree = await TestTree.create()
  const publish = async (seed: number): Promise<string> => {
    const placed = sampleDocuments(80, seed).map((document, i) => ({
      document,
      split: i % 4,
      segment: (i >> 2) % SEGMENTS[i % 4]!,
      deleted: false,
    }))
    const { indexId, splits } = await tree.publish({ placed, ages: [] })
    expect(splits.map(({ segments }) => segments.length)).toEqual(SEGMENTS)
    return indexId
  }
  logs = await publish(21)
  traces = await publish(22)
  // Nobody listens there: plans are made, and not run.
  session = measuredSession(tree.uri, ['127.0.0.1:1', '127.0.0.1:2']).session
  inThreads = measuredSession(tree.uri).session
})

afterAll(async () => {
  expect(joinsSeen).toBeGreaterThan(100)
  await session.close()
  await inThreads.close()
  tree.remove()
})

const on = (a: string, b: string): string => ADDRESS.map((key) => `${a}.${key} = ${b}.${key}`).join(' AND ')
const chain = `inverted_index('$logs', 'body:alpha') i JOIN fast_fields('$logs') f ON ${on('i', 'f')}`
const three = `${chain} JOIN documents('$logs') d ON ${on('i', 'd')}`

/** The plan with everything that a number of partitions changes taken out. */
async function shapeOf(sql: string, target_partitions: number): Promise<string> {
  const text = sql.replaceAll('$logs', logs).replaceAll('$traces', traces)
  const { plan } = await explainQuery(session, text, { target_partitions })
  expect(plan).toContain(`/${target_partitions},`)
  return plan
    .replaceAll(logs, 'logs')
    .replaceAll(traces, 'traces')
    .replaceAll(/layout=\w+\/\d+/g, 'layout=L')
    .replaceAll(/(partitions=|\], )\d+/g, '$1P')
    .replaceAll(/tasks=\d+/g, 'tasks=T')
    .replaceAll(/estimated=\d+(?: ⋈ \d+ bytes)?/g, 'estimated=E')
    .replaceAll(/(JoinKeysExec: mode=)\w+/g, '$1M')
}

/** The plan of a query, which is the same at every number of partitions. */
async function planOf(sql: string): Promise<string> {
  const first = await shapeOf(sql, PARTITIONS[0]!)
  for (const count of PARTITIONS.slice(1)) expect(await shapeOf(sql, count)).toBe(first)
  for (const [dealt, settings] of [
    [session, {}],
    ...THREADS.map((threads) => [inThreads, { threads }] as const),
  ] as const)
    await expectTogether(dealt, sql, settings)
  return first
}

/** That in each task, of workers or threads, sources below joins by address lie together, with nothing between them. */
async function expectTogether(dealt: VolleySession, sql: string, settings: SettingValues): Promise<void> {
  const text = sql.replaceAll('$logs', logs).replaceAll('$traces', traces)
  for (const target_partitions of PARTITIONS) {
    const { distributed } = await explainQuery(dealt, text, { target_partitions, min_rows_per_thread: 1, ...settings })
    const tasks = distributed.stages.flatMap((stage) => stage.tasks)
    expect(tasks.length).toBeGreaterThan(1)
    for (const join of tasks
      .flatMap(({ plan }) => withDescendants(plan))
      .filter((node) => node instanceof DocIdJoinExec)) {
      expect(new Set(join.children.map(layoutOf)).size).toBe(1)
      expect(layoutOf(join.left)).not.toBeNull()
      const between = join.children.flatMap(withDescendants).filter((node) => !(node instanceof SplitSource))
      expect(between.map(({ kind }) => kind).filter((kind) => !BY_ADDRESS.has(kind))).toEqual([])
      joinsSeen++
    }
  }
}

describe('6: sources of one layout meet without an exchange, sort or hash table', () => {
  test('inv ⋈ f', async () => {
    expect(await planOf(`SELECT i._score, f.id FROM ${chain}`)).toMatchInlineSnapshot(`
      "CoalescePartitionsExec: partitions=P
        NetworkCoalesceExec: stage=1, tasks=T, partitions=P
      ProjectionExec: exprs=[_score, id]
        DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
          InvertedIndexExec: table=logs, splits=4, layout=L, query=[* @@ 'body:alpha'], score=bm25
          FastFieldExec: table=logs, splits=4, layout=L, fields=[id]"
    `)
  })

  test('inv ⋈ f ⋈ d', async () => {
    expect(await planOf(`SELECT i._score, f.id, d.note FROM ${three}`)).toMatchInlineSnapshot(`
      "CoalescePartitionsExec: partitions=P
        NetworkCoalesceExec: stage=1, tasks=T, partitions=P
      ProjectionExec: exprs=[_score, id, note]
        DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
          ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, _score, id]
            DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
              InvertedIndexExec: table=logs, splits=4, layout=L, query=[* @@ 'body:alpha'], score=bm25
              FastFieldExec: table=logs, splits=4, layout=L, fields=[id]
          DocumentExec: table=logs, splits=4, layout=L, fields=[note]"
    `)
    expect(await planOf(`SELECT score(), id, note FROM "$logs" WHERE match(body, 'alpha')`)).toMatchInlineSnapshot(`
      "CoalescePartitionsExec: partitions=P
        NetworkCoalesceExec: stage=1, tasks=T, partitions=P
      ProjectionExec: exprs=[_score AS score, id, note]
        ProjectionExec: exprs=[id, note, _score]
          DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
            DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
              InvertedIndexExec: table=logs, splits=4, layout=L, query=[match(body, 'alpha')], score=bm25
              FastFieldExec: table=logs, splits=4, layout=L, fields=[id]
            DocumentExec: table=logs, splits=4, layout=L, fields=[note]"
    `)
  })

  test('below an aggregate', async () => {
    expect(await planOf(`SELECT f.level, count(*), max(i._score) FROM ${three} GROUP BY f.level`))
      .toMatchInlineSnapshot(`
      "ProjectionExec: exprs=[level, count(*) AS count, max(_score) AS max]
        AggregateExec: mode=final, groups=[level], aggregates=[count(*), max(_score)]
          CoalescePartitionsExec: partitions=P
            NetworkCoalesceExec: stage=1, tasks=T, partitions=P
      AggregateExec: mode=partial, groups=[level], aggregates=[count(*), max(_score)]
        DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
          ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, _score, level]
            DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
              InvertedIndexExec: table=logs, splits=4, layout=L, query=[* @@ 'body:alpha'], score=bm25
              FastFieldExec: table=logs, splits=4, layout=L, fields=[level]
          DocumentExec: table=logs, splits=4, layout=L, fields=[]"
    `)
  })

  test('in each arm of a union', async () => {
    const arm = `SELECT f.id, d.note FROM ${three}`
    expect(await planOf(`${arm} UNION ALL ${arm.replaceAll('$logs', '$traces')}`)).toMatchInlineSnapshot(`
      "CoalescePartitionsExec: partitions=P
        NetworkCoalesceExec: stage=1, tasks=T, partitions=P
      UnionExec
        ProjectionExec: exprs=[id, note]
          DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
            ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, id]
              DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
                InvertedIndexExec: table=logs, splits=4, layout=L, query=[* @@ 'body:alpha']
                FastFieldExec: table=logs, splits=4, layout=L, fields=[id]
            DocumentExec: table=logs, splits=4, layout=L, fields=[note]
        ProjectionExec: exprs=[id, note]
          DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
            ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, id]
              DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
                InvertedIndexExec: table=traces, splits=4, layout=L, query=[* @@ 'body:alpha']
                FastFieldExec: table=traces, splits=4, layout=L, fields=[id]
            DocumentExec: table=traces, splits=4, layout=L, fields=[note]"
    `)
  })
})

test('6: joined with another table, below a sort, a window, a limit, DISTINCT, a semi join and an outer join', async () => {
  const shapes = [
    `SELECT f.id, t.note FROM ${chain} JOIN "$traces" t ON t.id = f.id`,
    `SELECT f.id, i._score FROM ${chain} ORDER BY f.n, f.id LIMIT 3`,
    `SELECT f.level, row_number() OVER (PARTITION BY f.level ORDER BY i._score) FROM ${chain}`,
    `SELECT d.note FROM ${three} LIMIT 3`,
    `SELECT DISTINCT f.tag, i._score FROM ${three}`,
    `SELECT f.id FROM ${chain} WHERE EXISTS (SELECT 1 FROM "$traces" t WHERE t.id = f.id)`,
    `SELECT f.id, i._score FROM fast_fields('$logs') f LEFT JOIN inverted_index('$logs', 'body:alpha') i ON ${on('i', 'f')}`,
    `SELECT score(), id, note FROM "$logs" WHERE match(body, 'alpha') AND n > 0 UNION ALL SELECT 1, id, note FROM "$traces"`,
    `SELECT level, count(*), max(score()), count(note) FROM "$logs" WHERE match(body, 'alpha') GROUP BY level`,
  ]
  for (const sql of shapes) {
    const before = joinsSeen
    for (const [dealt, settings] of [
      [session, {}],
      ...THREADS.map((threads) => [inThreads, { threads }] as const),
    ] as const)
      await expectTogether(dealt, sql, settings)
    expect(joinsSeen, sql).toBeGreaterThan(before)
  }
})

describe('7: what has no layout in common is joined by its keys', () => {
  test('logs ⋈ traces', async () => {
    const sql = `SELECT l.id, t.note FROM "$logs" l JOIN "$traces" t ON l.tag = t.tag WHERE match(l.body, 'alpha') AND t.n = 2`
    expect(await planOf(sql)).toMatchInlineSnapshot(`
      "CoalescePartitionsExec: partitions=P
        NetworkCoalesceExec: stage=2, tasks=T, partitions=P
      ProjectionExec: exprs=[tag, note]
        ProjectionExec: exprs=[tag, n, note]
          DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
            FastFieldExec: table=traces, splits=4, layout=L, fields=[tag, n], filters=[n = 2]
            DocumentExec: table=traces, splits=4, layout=L, fields=[note]
      ProjectionExec: exprs=[id, note]
        HashJoinExec: type=inner, mode=collect_left, on=[tag = tag], estimated=E
          JoinKeysExec: mode=M, keys=[tag as #1], estimated=E
            CoalescePartitionsExec: partitions=P
              NetworkBroadcastExec: stage=1, tasks=T, partitions=P
          ProjectionExec: exprs=[id, tag]
            ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, _split_id, _segment_ord, _doc_id, id, tag]
              FastFieldExec: table=logs, splits=4, layout=L, fields=[id, tag], query=[match(body, 'alpha')], runtime_filters=[tag in #1]"
    `)
  })

  test('logs ⋈ traces, both dealt by hash', async () => {
    const sql = `SELECT count(*) FROM "$logs" l FULL JOIN "$traces" t ON l.tag = t.tag`
    expect(await planOf(sql)).toMatchInlineSnapshot(`
      "ProjectionExec: exprs=[count(*) AS count]
        AggregateExec: mode=final, groups=[], aggregates=[count(*)]
          CoalescePartitionsExec: partitions=P
            NetworkCoalesceExec: stage=3, tasks=T, partitions=P
      RepartitionExec: partitioning=hash([tag], P), input_partitions=P
        ProjectionExec: exprs=[tag]
          FastFieldExec: table=logs, splits=4, layout=L, fields=[tag]
      RepartitionExec: partitioning=hash([tag], P), input_partitions=P
        ProjectionExec: exprs=[tag]
          FastFieldExec: table=traces, splits=4, layout=L, fields=[tag]
      AggregateExec: mode=partial, groups=[], aggregates=[count(*)]
        HashJoinExec: type=full, mode=partitioned, on=[tag = tag], estimated=E
          NetworkShuffleExec: stage=1, tasks=T, partitioning=hash([tag], P)
          NetworkShuffleExec: stage=2, tasks=T, partitioning=hash([tag], P)"
    `)
  })

  test('inv ⋈ f of two tables', async () => {
    const sql = `SELECT i._score, f.id FROM ${chain}`.replace("fast_fields('$logs')", "fast_fields('$traces')")
    expect(await planOf(sql)).toMatchInlineSnapshot(`
      "CoalescePartitionsExec: partitions=P
        NetworkCoalesceExec: stage=2, tasks=T, partitions=P
      InvertedIndexExec: table=logs, splits=4, layout=L, query=[* @@ 'body:alpha'], score=bm25
      ProjectionExec: exprs=[_score, id]
        HashJoinExec: type=inner, mode=collect_left, on=[_split_id = _split_id, _segment_ord = _segment_ord, _doc_id = _doc_id], estimated=E
          CoalescePartitionsExec: partitions=P
            NetworkBroadcastExec: stage=1, tasks=T, partitions=P
          FastFieldExec: table=traces, splits=4, layout=L, fields=[id]"
    `)
  })
})

test('8: a side that is dealt by other keys, as many as the join has, is dealt again', async () => {
  const groups = `(SELECT level, count(*) AS c FROM "${logs}" GROUP BY level)`
  const settings = { target_partitions: 3, repartition_groups_above: 0, join_mode: 'partitioned' }
  for (const [key, dealings] of [
    ['x.level = t.tag', 2],
    ['x.c = t.n', 3],
  ] as const) {
    const sql = `SELECT x.level, t.id FROM ${groups} x JOIN "${traces}" t ON ${key}`
    const { nodes, plan } = await explainQuery(session, sql, settings)
    const [join] = nodes.filter((node) => node instanceof HashJoinExec)
    expect(join!.mode).toBe('partitioned')
    for (const [side, { partitioning }] of join!.children.entries()) {
      const keys = join!.on.map(({ left, right }) => String(side === 0 ? left : right))
      expect(partitioning.kind === 'hash' && partitioning.exprs.map(String), plan).toEqual(keys)
    }
    expect(
      nodes.filter(({ kind }) => kind === 'RepartitionExec'),
      plan,
    ).toHaveLength(dealings)
  }
})

/** A source of one of two tables, and how it is joined with one before it. */
interface Joined {
  readonly source: 'i' | 'f' | 'd'
  readonly table: number
  readonly to: number
  readonly keys: readonly string[]
  readonly flipped: boolean
}

const joined: fc.Arbitrary<Joined> = fc.record({
  source: fc.constantFrom('i', 'f', 'd'),
  table: fc.constantFrom(0, 0, 0, 0, 1),
  to: fc.nat(3),
  keys: fc.oneof(
    { weight: 3, arbitrary: fc.shuffledSubarray(ADDRESS, { minLength: ADDRESS.length }) },
    { weight: 1, arbitrary: fc.shuffledSubarray(ADDRESS, { minLength: 1, maxLength: 2 }) },
  ),
  flipped: fc.boolean(),
})

const addressQueries = fc.record({
  sources: fc.array(joined, { minLength: 2, maxLength: 4 }),
  tail: fc.constantFrom('', ' WHERE s0._doc_id > 1', ' ORDER BY 1 LIMIT 3', ' GROUP BY 1'),
  target_partitions: fc.constantFrom(...PARTITIONS),
  broadcasts: fc.boolean(),
})

const OF_SOURCE = {
  i: (table: string) => `inverted_index('${table}', 'body:alpha')`,
  f: (table: string) => `fast_fields('${table}')`,
  d: (table: string) => `documents('${table}')`,
}
const COLUMN = { i: '_score', f: 'level', d: 'note' }

function sqlOf(sources: readonly Joined[], tables: readonly string[], tail: string): string {
  const from = sources.map(({ source, table, to, keys, flipped }, k) => {
    const item = `${OF_SOURCE[source](tables[table]!)} s${k}`
    if (k === 0) return item
    const sides = [`s${k}`, `s${to % k}`]
    const [a, b] = flipped ? sides.toReversed() : sides
    return `JOIN ${item} ON ${keys.map((key) => `${a}.${key} = ${b}.${key}`).join(' AND ')}`
  })
  const select = sources.map(({ source }, k) => `s${k}.${COLUMN[source]} AS c${k}`)
  return tail.startsWith(' GROUP')
    ? `SELECT ${select[0]}, count(*) FROM ${from.join(' ')}${tail}`
    : `SELECT ${select.join(', ')} FROM ${from.join(' ')}${tail}`
}

const layoutOf = ({ partitioning }: ExecutionPlan): string | null =>
  partitioning.kind === 'segment' ? partitioning.layoutId : null

test(
  '6, 7: of any tables, sources meet without an exchange where their whole address is joined, and only there',
  { timeout: 60_000 },
  async () => {
    let [together, apart, partly] = [0, 0, 0]
    const cases = fc.tuple(
      corpora({ maxDocs: 12 }),
      corpora({ maxDocs: 12 }),
      fc.array(addressQueries, { minLength: 20, maxLength: 20 }),
    )
    const check = async ([first, second, queries]: typeof cases extends fc.Arbitrary<infer T> ? T : never) => {
      const tables = [(await tree.publish(first)).indexId, (await tree.publish(second)).indexId]
      for (const { sources, tail, target_partitions, broadcasts } of queries) {
        const sql = sqlOf(sources, tables, tail)
        const { nodes, plan } = await explainQuery(session, sql, {
          target_partitions,
          ...(broadcasts ? {} : { broadcast_threshold_bytes: 0 }),
        })
        const isWhole = ({ table, to, keys }: Joined, k: number): boolean =>
          k === 0 || (keys.length === ADDRESS.length && sources[to % k]!.table === table)
        const whole = sources.filter(isWhole).length
        const byAddress = nodes.filter((node) => node instanceof DocIdJoinExec)
        const hashed = nodes.filter((node) => node instanceof HashJoinExec)
        for (const { children } of byAddress) {
          expect(children.map(({ partitioning }) => partitioning.kind)).toEqual(['segment', 'segment'])
          expect(new Set(children.map(layoutOf)).size, plan).toBe(1)
        }
        if (whole === sources.length) {
          // Groups of two sources may be made by one.
          const kinds = byAddress
            .slice(0, 1)
            .flatMap(withDescendants)
            .filter((node) => !(node instanceof SplitSource))
          const others = kinds.filter(({ kind }) => !['DocIdJoinExec', 'ProjectionExec', 'FilterExec'].includes(kind))
          expect(
            others.map(({ kind }) => kind),
            `${sql}\n${plan}`,
          ).toEqual([])
          expect(hashed.length, `${sql}\n${plan}`).toBe(0)
          together += +(byAddress.length > 0)
          continue
        }
        // Those by address come first, wherever they were written.
        expect(hashed.length, `${sql}\n${plan}`).toBe(sources.length - whole)
        for (const { mode, children } of hashed) {
          if (mode === 'partitioned')
            expect(children.map(({ partitioning }) => partitioning.kind)).not.toContain('segment')
        }
        if (byAddress.length > 0) partly++
        apart++
      }
    }
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: 2, seed: SEED, endOnFailure: true })
    expect([together, apart, partly].map((count) => count > 4)).toEqual([true, true, true])
  },
)
