import { formatPlan } from '@volley/core'
import {
  aggregateOnce,
  commonSubexpressions,
  createPhysicalPlan,
  formatLogicalPlan,
  logicalRules,
  optimize,
  optimizeVerbose,
  type PhysicalChange,
  type PlanningContext,
} from '@volley/planner'
import { splitRules } from '@volley/splits'
import { bindStatement, parseStatements } from '@volley/sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleDocuments } from './support/arbitrary-corpus.ts'
import { multisetDifference, queryRows, type SettingValues } from '../src/index.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
let table: string
const shown = new Set<string>()

beforeAll(async () => {
  const day = 86_400_000n
  const placed = sampleDocuments(30, 5).map((document, i) => ({
    document: { ...document, ts: BigInt(i % 3) * day },
    split: i % 3,
    segment: 0,
    deleted: false,
  }))
  table = (await sessions.tree.publish({ placed, ages: [] })).indexId
})

afterAll(() => {
  const all = [...logicalRules, ...splitRules, commonSubexpressions, aggregateOnce].map(({ name }) => name)
  expect([...shown].sort()).toEqual(all.sort())
})

async function bound(sql: string) {
  const session = sessions.local
  session.settings.reset('all')
  session.set('target_partitions', '2')
  const { catalog, functions, settings } = session
  const planning: PlanningContext = { catalog, functions, settings, now: 0n }
  const [ast] = await parseStatements(sql.replaceAll('$t', `"${table}"`))
  const statement = await bindStatement(ast!, planning)
  if (statement.kind !== 'query') throw new Error(statement.kind)
  return { logical: statement.plan, planning }
}

/** Every column of the table. */
const ALL = 'id, ts, body, level, tag, n, u, f, b, labels, counts, note, attrs, o.inner, _dynamic, _source, _index'

const short = (plan: string): string =>
  plan
    .replaceAll(table, 't')
    .replaceAll(ALL, '*')
    .replaceAll(/layout=\w+/g, 'layout=L')

/** A query for each rule, for what EXPLAIN VERBOSE says. */
const queries = new Map<string, string>()

/** What a rule says that it did, the plan that it leaves, and the plan there is in its place where the rule is off. */
function besides({ did, plan }: { readonly did: string; readonly plan: string }, off: string | null): string {
  const parts = [`-- ${did}`, plan, ...(off === null ? [] : ['-- off', off])]
  return short(parts.join('\n'))
}

async function logical(rule: string, sql: string): Promise<string> {
  const { logical: plan, planning } = await bound(sql)
  const upTo = logicalRules.slice(0, logicalRules.findIndex(({ name }) => name === rule) + 1)
  const change = optimizeVerbose(plan, planning, upTo).changes.find((each) => each.rule === rule)
  if (change === undefined) throw new Error(`${rule} does not change the plan of ${sql}`)
  shown.add(rule)
  queries.set(rule, sql)
  const on = { did: change.did, plan: formatLogicalPlan(change.plan) }
  if (upTo.at(-1)!.required === true) return besides(on, null)
  sessions.local.set(`rules.${rule}`, 'off')
  const { plan: off, changes } = optimizeVerbose(plan, planning, upTo)
  expect(changes.map((each) => each.rule)).not.toContain(rule)
  return besides(on, formatLogicalPlan(off))
}

async function physical(rule: string, sql: string, partitions = '2'): Promise<string> {
  const { logical: plan, planning } = await bound(sql)
  sessions.local.set('target_partitions', partitions)
  const all = [...splitRules, commonSubexpressions, aggregateOnce]
  const upTo = all.slice(0, all.findIndex(({ name }) => name === rule) + 1)
  const found: PhysicalChange[] = []
  const planned = (): string => {
    found.length = 0
    const physicalPlan = createPhysicalPlan(optimize(plan, planning), {
      settings: planning.settings,
      distributed: true,
      physicalRules: upTo,
      onRule: (change) => (change.rule === rule ? found.push(change) : undefined),
    })
    return formatPlan(physicalPlan)
  }
  const on = planned()
  if (found.length === 0) throw new Error(`${rule} does not change the plan of ${sql}`)
  shown.add(rule)
  queries.set(rule, sql)
  const { did } = found[0]!
  sessions.local.set(`rules.${rule}`, 'off')
  const off = planned()
  expect(found).toEqual([])
  return besides({ did, plan: on }, off)
}

test('simplify_expressions', async () => {
  const sql = `SELECT id FROM $t WHERE n + 1 > 2 + 3 AND TRUE`
  expect(await logical('simplify_expressions', sql)).toMatchInlineSnapshot(`
    "-- Filter predicate=(n + 1) > 5
    Projection: exprs=[id]
      Filter: predicate=(n + 1) > 5
        TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[id]
      Filter: predicate=((n + 1) > CAST(2 + 3 AS Int64)) AND TRUE
        TableScan: table=t, columns=[*]"
  `)
})

test('decorrelate_subqueries', async () => {
  const sql = `SELECT id FROM $t a WHERE EXISTS (SELECT 1 FROM $t b WHERE b.n = a.n AND b.u > 1)`
  expect(await logical('decorrelate_subqueries', sql)).toMatchInlineSnapshot(`
    "-- Filter predicate=u > 1; new Join type=left_semi, on=n = n; new TableScan table=t, columns=[id, ts, body, level, tag, n, u, f, b, labels, counts, note, attrs, o.inner, _dynamic, _source, _ind…
    Projection: exprs=[id]
      Join: type=left_semi, on=n = n
        TableScan: table=t, columns=[*]
        Filter: predicate=u > 1
          TableScan: table=t, columns=[*]"
  `)
})

test('eliminate_outer_joins', async () => {
  const sql = `SELECT a.id FROM $t a LEFT JOIN $t b ON a.n = b.n WHERE b.u > 1`
  expect(await logical('eliminate_outer_joins', sql)).toMatchInlineSnapshot(`
    "-- Join type=inner
    Projection: exprs=[id]
      Filter: predicate=u > 1
        Join: type=inner, on=n = n
          TableScan: table=t, columns=[*]
          TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[id]
      Filter: predicate=u > 1
        Join: type=left, on=n = n
          TableScan: table=t, columns=[*]
          TableScan: table=t, columns=[*]"
  `)
})

test('push_down_predicates', async () => {
  const sql = `SELECT a.id FROM $t a JOIN $t b ON a.n = b.n WHERE a.u > 1 AND b.b`
  expect(await logical('push_down_predicates', sql)).toMatchInlineSnapshot(`
    "-- Filter predicate=u > 1; new Filter predicate=b
    Projection: exprs=[id]
      Join: type=inner, on=n = n
        Filter: predicate=u > 1
          TableScan: table=t, columns=[*]
        Filter: predicate=b
          TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[id]
      Filter: predicate=(u > 1) AND b
        Join: type=inner, on=n = n
          TableScan: table=t, columns=[*]
          TableScan: table=t, columns=[*]"
  `)
})

test('push_down_text_filters', async () => {
  const sql = `SELECT id FROM $t WHERE match(body, 'alpha') AND n > 1`
  expect(await logical('push_down_text_filters', sql)).toMatchInlineSnapshot(`
    "-- Filter predicate=n > 1; TableScan text=[match(body, 'alpha')]
    Projection: exprs=[id]
      Filter: predicate=n > 1
        TableScan: table=t, columns=[*], text=[match(body, 'alpha')]
    -- off
    Projection: exprs=[id]
      Filter: predicate=(match(body, 'alpha')) AND (n > 1)
        TableScan: table=t, columns=[*]"
  `)
})

test('resolve_text_predicates', async () => {
  const sql = `SELECT id, match(body, 'alpha') OR n > 1 FROM $t`
  expect(await logical('resolve_text_predicates', sql)).toMatchInlineSnapshot(`
    "-- Projection exprs=[id, match(body, 'alpha') OR (n > 1) AS ?column?]; TableScan columns=[id, ts, body, level, tag, n, u, f, b, labels, counts, note, attrs, o.inner, _dynamic, _source, _ind…
    Projection: exprs=[id, match(body, 'alpha') OR (n > 1) AS ?column?]
      TableScan: table=t, columns=[*, match(body, 'alpha')]"
  `)
})

test('extract_json_paths', async () => {
  const sql = `SELECT attrs->>'host', count(*) FROM $t GROUP BY 1`
  expect(await logical('extract_json_paths', sql)).toMatchInlineSnapshot(`
    "-- TableScan columns=[id, ts, body, level, tag, n, u, f, b, labels, counts, note, attrs, o.inner, _dynamic, _source, _ind…
    Projection: exprs=[json_get_text(attrs, 'host') AS ?column?, count(*) AS count]
      Aggregate: groups=[json_get_text(attrs, 'host')], aggregates=[count(*)]
        TableScan: table=t, columns=[*, json_get_text(attrs, 'host')]
    -- off
    Projection: exprs=[json_get_text(attrs, 'host') AS ?column?, count(*) AS count]
      Aggregate: groups=[json_get_text(attrs, 'host')], aggregates=[count(*)]
        TableScan: table=t, columns=[*]"
  `)
})

test('propagate_empty', async () => {
  const sql = `SELECT id FROM $t WHERE FALSE UNION ALL SELECT n FROM $t`
  expect(await logical('propagate_empty', sql)).toMatchInlineSnapshot(`
    "-- without Projection, Values
    Union
      Projection: exprs=[CAST(n AS Decimal(20, 0)) AS n]
        TableScan: table=t, columns=[*]
    -- off
    Union
      Projection: exprs=[CAST(id AS Decimal(20, 0)) AS id]
        Values: rows=0
      Projection: exprs=[CAST(n AS Decimal(20, 0)) AS n]
        TableScan: table=t, columns=[*]"
  `)
})

test('reorder_joins', async () => {
  const sql = `SELECT a.id FROM $t a, $t b, $t c WHERE a.n = c.n AND b.u = c.u`
  expect(await logical('reorder_joins', sql)).toMatchInlineSnapshot(`
    "-- Join on=u = u; Join on=n = n; new Projection exprs=[id, ts, body, level, tag, n, u, f, b, labels, counts, note, attrs, o.inner, _dynamic, _source, _ind…
    Projection: exprs=[id]
      Projection: exprs=[*, *, *]
        Join: type=inner, on=u = u
          TableScan: table=t, columns=[*]
          Join: type=inner, on=n = n
            TableScan: table=t, columns=[*]
            TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[id]
      Join: type=inner, on=(n = n) AND (u = u)
        Join: type=inner
          TableScan: table=t, columns=[*]
          TableScan: table=t, columns=[*]
        TableScan: table=t, columns=[*]"
  `)
})

test('single_distinct_to_group_by', async () => {
  const sql = `SELECT level, count(DISTINCT n) FROM $t GROUP BY level`
  expect(await logical('single_distinct_to_group_by', sql)).toMatchInlineSnapshot(`
    "-- Aggregate aggregates=[count(n)]; new Aggregate groups=[level, n], aggregates=[]
    Projection: exprs=[level, count(DISTINCT n) AS count]
      Aggregate: groups=[level], aggregates=[count(n)]
        Aggregate: groups=[level, n], aggregates=[]
          TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[level, count(DISTINCT n) AS count]
      Aggregate: groups=[level], aggregates=[count(DISTINCT n)]
        TableScan: table=t, columns=[*]"
  `)
})

test('reduce_group_keys', async () => {
  const sql = `SELECT level, upper(level), 'x', count(*) FROM $t GROUP BY 1, 2, 3`
  expect(await logical('reduce_group_keys', sql)).toMatchInlineSnapshot(`
    "-- Aggregate groups=[level]; new Projection exprs=[level, upper(level), 'x', count(*)]
    Projection: exprs=[level, upper(level) AS upper, 'x' AS ?column?, count(*) AS count]
      Projection: exprs=[level, upper(level), 'x', count(*)]
        Aggregate: groups=[level], aggregates=[count(*)]
          TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[level, upper(level) AS upper, 'x' AS ?column?, count(*) AS count]
      Aggregate: groups=[level, upper(level), 'x'], aggregates=[count(*)]
        TableScan: table=t, columns=[*]"
  `)
})

test('shift_sums', async () => {
  const sql = `SELECT sum(x), sum(x + 1), sum(x + 2) FROM (SELECT CAST(n AS smallint) AS x FROM $t)`
  expect(await logical('shift_sums', sql)).toMatchInlineSnapshot(`
    "-- Aggregate aggregates=[sum(x), count(x)]; new Projection exprs=[sum(x), sum(x) + (CAST(count(x) AS Decimal(19, 0)) * 1) AS sum(CAST(x AS Int32) + 1), sum(x) + (CAS…
    Projection: exprs=[sum(x) AS sum, sum(CAST(x AS Int32) + 1) AS sum, sum(CAST(x AS Int32) + 2) AS sum]
      Projection: exprs=[sum(x), sum(x) + (CAST(count(x) AS Decimal(19, 0)) * 1) AS sum(CAST(x AS Int32) + 1), sum(x) + (CAST(count(x) AS Decimal(19, 0)) * 2) AS sum(CAST(x AS Int32) + 2)]
        Aggregate: groups=[], aggregates=[sum(x), count(x)]
          Projection: exprs=[CAST(n AS Int16) AS x]
            TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[sum(x) AS sum, sum(CAST(x AS Int32) + 1) AS sum, sum(CAST(x AS Int32) + 2) AS sum]
      Aggregate: groups=[], aggregates=[sum(x), sum(CAST(x AS Int32) + 1), sum(CAST(x AS Int32) + 2)]
        Projection: exprs=[CAST(n AS Int16) AS x]
          TableScan: table=t, columns=[*]"
  `)
})

test('eliminate_distinct', async () => {
  const sql = `SELECT DISTINCT level, count(*) FROM $t GROUP BY level`
  expect(await logical('eliminate_distinct', sql)).toMatchInlineSnapshot(`
    "-- without Aggregate; new Projection exprs=[level, count]
    Projection: exprs=[level, count]
      Projection: exprs=[level, count(*) AS count]
        Aggregate: groups=[level], aggregates=[count(*)]
          TableScan: table=t, columns=[*]
    -- off
    Aggregate: groups=[level, count], aggregates=[]
      Projection: exprs=[level, count(*) AS count]
        Aggregate: groups=[level], aggregates=[count(*)]
          TableScan: table=t, columns=[*]"
  `)
})

test('push_down_limits', async () => {
  const sql = `SELECT id + 1 FROM $t LIMIT 3`
  expect(await logical('push_down_limits', sql)).toMatchInlineSnapshot(`
    "-- TableScan fetch=3
    Limit: fetch=3
      Projection: exprs=[CAST(id AS Decimal(20, 0)) + 1 AS ?column?]
        TableScan: table=t, columns=[*], fetch=3
    -- off
    Limit: fetch=3
      Projection: exprs=[CAST(id AS Decimal(20, 0)) + 1 AS ?column?]
        TableScan: table=t, columns=[*]"
  `)
})

test('merge_projections', async () => {
  const sql = `SELECT x + 1 FROM (SELECT id + 1 AS x FROM $t)`
  expect(await logical('merge_projections', sql)).toMatchInlineSnapshot(`
    "-- without Projection; Projection exprs=[(CAST(id AS Decimal(20, 0)) + 1) + 1 AS ?column?]
    Projection: exprs=[(CAST(id AS Decimal(20, 0)) + 1) + 1 AS ?column?]
      TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[x + 1 AS ?column?]
      Projection: exprs=[CAST(id AS Decimal(20, 0)) + 1 AS x]
        TableScan: table=t, columns=[*]"
  `)
})

test('common_subplans', async () => {
  const sql = `SELECT count(*) FROM (SELECT level, sum(n) AS s FROM $t GROUP BY level) a JOIN (SELECT level, sum(n) AS s FROM $t GROUP BY level) b ON a.s = b.s`
  expect(await logical('common_subplans', sql)).toMatchInlineSnapshot(`
    "-- new CommonSubplan id=1; new CommonSubplan id=1
    Projection: exprs=[count(*) AS count]
      Aggregate: groups=[], aggregates=[count(*)]
        Join: type=inner, on=s = s
          Projection: exprs=[level, sum(n) AS s]
            CommonSubplan: id=1
              Aggregate: groups=[level], aggregates=[sum(n)]
                TableScan: table=t, columns=[*]
          Projection: exprs=[level, sum(n) AS s]
            CommonSubplan: id=1
              Aggregate: groups=[level], aggregates=[sum(n)]
                TableScan: table=t, columns=[*]
    -- off
    Projection: exprs=[count(*) AS count]
      Aggregate: groups=[], aggregates=[count(*)]
        Join: type=inner, on=s = s
          Projection: exprs=[level, sum(n) AS s]
            Aggregate: groups=[level], aggregates=[sum(n)]
              TableScan: table=t, columns=[*]
          Projection: exprs=[level, sum(n) AS s]
            Aggregate: groups=[level], aggregates=[sum(n)]
              TableScan: table=t, columns=[*]"
  `)
})

test('prune_columns', async () => {
  const sql = `SELECT level FROM (SELECT * FROM $t) ORDER BY n`
  expect(await logical('prune_columns', sql)).toMatchInlineSnapshot(`
    "-- TableScan columns=[level, n]
    Projection: exprs=[level]
      Sort: keys=[n NULLS LAST]
        Projection: exprs=[level, n]
          TableScan: table=t, columns=[level, n]
    -- off
    Projection: exprs=[level]
      Sort: keys=[n NULLS LAST]
        Projection: exprs=[level, n]
          TableScan: table=t, columns=[*]"
  `)
})

test('FastFieldFilterPushdown', async () => {
  const sql = `SELECT id FROM $t WHERE n > 1 AND level LIKE 'E%'`
  expect(await physical('FastFieldFilterPushdown', sql)).toMatchInlineSnapshot(`
    "-- without FilterExec; FastFieldExec filters=[n > 1, level LIKE 'E%']
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        ProjectionExec: exprs=[id, level, n]
          FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, level, n], filters=[n > 1, level LIKE 'E%']
    -- off
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        FilterExec: predicate=(n > 1) AND (level LIKE 'E%')
          ProjectionExec: exprs=[id, level, n]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, level, n]"
  `)
})

test('DocumentsLast', async () => {
  const sql = `SELECT body FROM $t WHERE n > 1 LIMIT 3`
  expect(await physical('DocumentsLast', sql)).toMatchInlineSnapshot(`
    "-- without DocIdJoinExec, DocumentExec; ProjectionExec exprs=[_split_id, _segment_ord, _doc_id]; new CoalescePartitionsExec partitions=1; new DocumentFetchExec table=t, splits=3, fields=[body]; new ProjectionExec exprs=[n, _split_id, _segment_ord, _doc_id]
    ProjectionExec: exprs=[body]
      CoalescePartitionsExec: partitions=1
        DocumentFetchExec: table=t, splits=3, fields=[body]
          LimitExec: fetch=3
            CoalescePartitionsExec: partitions=2
              LocalLimitExec: fetch=3
                ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id]
                  ProjectionExec: exprs=[n, _split_id, _segment_ord, _doc_id]
                    FastFieldExec: table=t, splits=3, layout=L/2, fields=[n], filters=[n > 1]
    -- off
    LimitExec: fetch=3
      CoalescePartitionsExec: partitions=2
        LocalLimitExec: fetch=3
          ProjectionExec: exprs=[body]
            ProjectionExec: exprs=[body, n]
              DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
                FastFieldExec: table=t, splits=3, layout=L/2, fields=[n], filters=[n > 1]
                DocumentExec: table=t, splits=3, layout=L/2, fields=[body]"
  `)
})

test('PathColumns', async () => {
  const sql = `SELECT n, attrs->>'k' FROM $t ORDER BY attrs->>'k' LIMIT 3`
  expect(await physical('PathColumns', sql)).toMatchInlineSnapshot(`
    "-- without DocIdJoinExec, DocumentExec; FastFieldExec fields=[n, json_get_text(attrs, 'k')]; new ProjectionExec exprs=[_split_id, _segment_ord, _doc_id, n, _split_id, _segment_ord, _doc_id, json_get_text(attrs, 'k')]
    LimitExec: fetch=3
      SortPreservingMergeExec: keys=[?column? NULLS LAST], fetch=3
        SortExec: keys=[?column? NULLS LAST], fetch=3, preserve_partitioning=true
          ProjectionExec: exprs=[n, json_get_text(attrs, 'k') AS ?column?]
            ProjectionExec: exprs=[n, json_get_text(attrs, 'k')]
              ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id, n, _split_id, _segment_ord, _doc_id, json_get_text(attrs, 'k')]
                FastFieldExec: table=t, splits=3, layout=L/2, fields=[n, json_get_text(attrs, 'k')]
    -- off
    LimitExec: fetch=3
      SortPreservingMergeExec: keys=[?column? NULLS LAST], fetch=3
        SortExec: keys=[?column? NULLS LAST], fetch=3, preserve_partitioning=true
          ProjectionExec: exprs=[n, json_get_text(attrs, 'k') AS ?column?]
            ProjectionExec: exprs=[n, json_get_text(attrs, 'k')]
              DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
                FastFieldExec: table=t, splits=3, layout=L/2, fields=[n]
                DocumentExec: table=t, splits=3, layout=L/2, fields=[json_get_text(attrs, 'k')]"
  `)
})

test('TopKPushdown', async () => {
  const sql = `SELECT id FROM $t ORDER BY ts DESC LIMIT 3`
  expect(await physical('TopKPushdown', sql)).toMatchInlineSnapshot(`
    "-- SortPreservingMergeExec keys=[ts DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST]; SortExec keys=[ts DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST]; ProjectionExec exprs=[id, ts, _split_id, _segment_ord, _doc_id]; FastFieldExec top_k=3 by [ts DESC NULLS FIRST]; new ProjectionExec exprs=[id, ts, _split_id, _segment_ord, _doc_id]
    ProjectionExec: exprs=[id]
      LimitExec: fetch=3
        ProjectionExec: exprs=[id, ts]
          SortPreservingMergeExec: keys=[ts DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=3
            SortExec: keys=[ts DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=3, preserve_partitioning=true
              ProjectionExec: exprs=[id, ts, _split_id, _segment_ord, _doc_id]
                ProjectionExec: exprs=[id, ts, _split_id, _segment_ord, _doc_id]
                  FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, ts], top_k=3 by [ts DESC NULLS FIRST]
    -- off
    ProjectionExec: exprs=[id]
      LimitExec: fetch=3
        SortPreservingMergeExec: keys=[ts DESC NULLS FIRST], fetch=3
          SortExec: keys=[ts DESC NULLS FIRST], fetch=3, preserve_partitioning=true
            ProjectionExec: exprs=[id, ts]
              ProjectionExec: exprs=[id, ts]
                FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, ts]"
  `)
})

test('AggPushdown', async () => {
  const sql = `SELECT level, count(*) FROM $t GROUP BY level`
  expect(await physical('AggPushdown', sql)).toMatchInlineSnapshot(`
    "-- without AggregateExec, ProjectionExec, FastFieldExec; new TantivyAggregateExec table=t, splits=3, layout=L/2, groups=[level], aggregates=[count(*)]
    ProjectionExec: exprs=[level, count(*) AS count]
      AggregateExec: mode=final, groups=[level], aggregates=[count(*)]
        CoalescePartitionsExec: partitions=2
          TantivyAggregateExec: table=t, splits=3, layout=L/2, groups=[level], aggregates=[count(*)]
    -- off
    ProjectionExec: exprs=[level, count(*) AS count]
      AggregateExec: mode=final, groups=[level], aggregates=[count(*)]
        CoalescePartitionsExec: partitions=2
          AggregateExec: mode=partial, groups=[level], aggregates=[count(*)]
            ProjectionExec: exprs=[level]
              FastFieldExec: table=t, splits=3, layout=L/2, fields=[level]"
  `)
})

test('SplitPruning', async () => {
  const sql = `SELECT id FROM $t WHERE ts >= TIMESTAMP '1970-01-03'`
  expect(await physical('SplitPruning', sql)).toMatchInlineSnapshot(`
    "-- FastFieldExec splits=1, pruned_splits=2, layout=L/2
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        ProjectionExec: exprs=[id, ts]
          FastFieldExec: table=t, splits=1, pruned_splits=2, layout=L/2, fields=[id, ts], filters=[ts >= TIMESTAMP '1970-01-03 00:00:00']
    -- off
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        ProjectionExec: exprs=[id, ts]
          FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, ts], filters=[ts >= TIMESTAMP '1970-01-03 00:00:00']"
  `)
})

test('RuntimeFilters', async () => {
  const sql = `SELECT t.id FROM (VALUES ('tag-1'), ('tag-2')) k(x) JOIN $t t ON t.tag = k.x`
  expect(await physical('RuntimeFilters', sql)).toMatchInlineSnapshot(`
    "-- FastFieldExec runtime_filters=[tag in #1]; new JoinKeysExec mode=filter, keys=[x as #1], estimated=2
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        HashJoinExec: type=inner, mode=collect_left, on=[x = tag], estimated=48 ⋈ 1440 bytes
          JoinKeysExec: mode=filter, keys=[x as #1], estimated=2
            ValuesExec: rows=2
          ProjectionExec: exprs=[id, tag]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, tag], runtime_filters=[tag in #1]
    -- off
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        HashJoinExec: type=inner, mode=collect_left, on=[x = tag], estimated=48 ⋈ 1440 bytes
          ValuesExec: rows=2
          ProjectionExec: exprs=[id, tag]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, tag]"
  `)
})

test('common_subexpressions', async () => {
  const sql = `SELECT upper(level || tag) || 'x', upper(level || tag) || 'y' FROM $t`
  expect(await physical('common_subexpressions', sql)).toMatchInlineSnapshot(`
    "-- ProjectionExec exprs=[||(__common_0, 'x') AS ?column?, ||(__common_0, 'y') AS ?column?]; new ProjectionExec exprs=[level, tag, upper(||(level, tag)) AS __common_0]
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[||(__common_0, 'x') AS ?column?, ||(__common_0, 'y') AS ?column?]
        ProjectionExec: exprs=[level, tag, upper(||(level, tag)) AS __common_0]
          ProjectionExec: exprs=[level, tag]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[level, tag]
    -- off
    CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[||(upper(||(level, tag)), 'x') AS ?column?, ||(upper(||(level, tag)), 'y') AS ?column?]
        ProjectionExec: exprs=[level, tag]
          FastFieldExec: table=t, splits=3, layout=L/2, fields=[level, tag]"
  `)
})

test('aggregate_once', async () => {
  const sql = `SELECT level, count(*), max(n + 1) FROM $t GROUP BY level`
  expect(await physical('aggregate_once', sql, '1')).toMatchInlineSnapshot(`
    "-- without AggregateExec; TantivyAggregateExec gives=results
    ProjectionExec: exprs=[level, count(*) AS count, max(n + 1) AS max]
      CoalescePartitionsExec: partitions=1
        TantivyAggregateExec: table=t, splits=3, layout=L/1, groups=[level], aggregates=[count(*), max(n + 1)], gives=results
    -- off
    ProjectionExec: exprs=[level, count(*) AS count, max(n + 1) AS max]
      AggregateExec: mode=final, groups=[level], aggregates=[count(*), max(n + 1)]
        CoalescePartitionsExec: partitions=1
          TantivyAggregateExec: table=t, splits=3, layout=L/1, groups=[level], aggregates=[count(*), max(n + 1)]"
  `)
})

test('aggregate_once, above what is no source', async () => {
  const sql = `SELECT a.level, count(*) FROM $t a JOIN $t b ON a.n = b.u GROUP BY a.level`
  expect(await physical('aggregate_once', sql, '1')).toMatchInlineSnapshot(`
    "-- without AggregateExec; AggregateExec mode=single
    ProjectionExec: exprs=[level, count(*) AS count]
      CoalescePartitionsExec: partitions=1
        AggregateExec: mode=single, groups=[level], aggregates=[count(*)]
          HashJoinExec: type=inner, mode=collect_left, on=[CAST(u AS Decimal(20, 0)) = CAST(n AS Decimal(20, 0))], estimated=960 ⋈ 1440 bytes
            JoinKeysExec: mode=filter, keys=[CAST(u AS Decimal(20, 0)) as #1], estimated=30
              CoalescePartitionsExec: partitions=1
                ProjectionExec: exprs=[u]
                  FastFieldExec: table=t, splits=3, layout=L/1, fields=[u]
            ProjectionExec: exprs=[level, n]
              FastFieldExec: table=t, splits=3, layout=L/1, fields=[level, n], runtime_filters=[CAST(n AS Decimal(20, 0)) in #1]
    -- off
    ProjectionExec: exprs=[level, count(*) AS count]
      AggregateExec: mode=final, groups=[level], aggregates=[count(*)]
        CoalescePartitionsExec: partitions=1
          AggregateExec: mode=partial, groups=[level], aggregates=[count(*)]
            HashJoinExec: type=inner, mode=collect_left, on=[CAST(u AS Decimal(20, 0)) = CAST(n AS Decimal(20, 0))], estimated=960 ⋈ 1440 bytes
              JoinKeysExec: mode=filter, keys=[CAST(u AS Decimal(20, 0)) as #1], estimated=30
                CoalescePartitionsExec: partitions=1
                  ProjectionExec: exprs=[u]
                    FastFieldExec: table=t, splits=3, layout=L/1, fields=[u]
              ProjectionExec: exprs=[level, n]
                FastFieldExec: table=t, splits=3, layout=L/1, fields=[level, n], runtime_filters=[CAST(n AS Decimal(20, 0)) in #1]"
  `)
})

test('EXPLAIN VERBOSE says in a line what each rule did, which did nothing, and which are off', async () => {
  const lines = async (sql: string, settings: SettingValues): Promise<string[]> => {
    const rows = await queryRows(sessions.local, `EXPLAIN VERBOSE ${sql.replaceAll('$t', `"${table}"`)}`, settings)
    return rows.map(([line]) => String(line)).filter((line) => line.startsWith('-- '))
  }
  const saysOf = (said: readonly string[], rule: string): string[] =>
    said.flatMap((line) =>
      line.startsWith(`-- ${rule}: `) ? ['did'] : line.split(/[:,] /).includes(rule) ? [line.split(':')[0]!] : [],
    )
  const required = logicalRules.filter((rule) => rule.required === true).map(({ name }) => name)
  expect(queries.size).toBeGreaterThan(20)
  for (const [rule, sql] of queries) {
    const only = { threads: '1', target_partitions: rule === 'aggregate_once' ? '1' : '2' }
    expect([rule, saysOf(await lines(sql, only), rule)]).toEqual([rule, ['did']])
    if (required.includes(rule)) continue
    const off = await lines(sql, { ...only, [`rules.${rule}`]: 'off' })
    expect([rule, saysOf(off, rule)]).toEqual([rule, ['-- switched off']])
  }
  const said = await lines(`SELECT id FROM $t`, { threads: '1', target_partitions: '2', 'rules.shift_sums': 'off' })
  expect(said.filter((line) => !line.startsWith('-- threads')).map((line) => line.replaceAll(table, 't')))
    .toMatchInlineSnapshot(`
      [
        "-- prune_columns: TableScan columns=[id]",
        "-- changed nothing: simplify_expressions, decorrelate_subqueries, eliminate_outer_joins, push_down_predicates, push_down_text_filters, resolve_text_predicates, extract_json_paths, propagate_empty, reorder_joins, single_distinct_to_group_by, reduce_group_keys, eliminate_distinct, push_down_limits, merge_projections, common_subplans, FastFieldFilterPushdown, DocumentsLast, PathColumns, TopKPushdown, AggPushdown, SplitPruning, RuntimeFilters, common_subexpressions, aggregate_once",
        "-- switched off: shift_sums",
        "-- workers change no fragment",
      ]
    `)
})

test.for([
  ['eliminate_outer_joins', 'SELECT a.id, b.u FROM $t a LEFT JOIN $t b ON a.n = b.u WHERE b.u IS NULL'],
  ['propagate_empty', 'SELECT count(*) FROM $t WHERE FALSE'],
  ['single_distinct_to_group_by', 'SELECT level, count(DISTINCT n), count(n) FROM $t GROUP BY level'],
  ['reduce_group_keys', 'SELECT abs(f), f, count(*) FROM $t GROUP BY abs(f), f'],
  ['shift_sums', 'SELECT sum(DISTINCT length(body)), sum(DISTINCT length(body) + 1) FROM $t'],
  ['eliminate_distinct', 'SELECT DISTINCT level FROM (SELECT level, tag, count(*) FROM $t GROUP BY level, tag)'],
  ['push_down_limits', 'SELECT level, count(*) FROM $t GROUP BY level HAVING count(*) > 2 LIMIT 100'],
  ['DocumentsLast', "SELECT id, body FROM $t WHERE body LIKE '%a%'"],
  ['AggPushdown', "SELECT level, max(score()) FROM $t WHERE match(body, 'alpha') GROUP BY level"],
  ['FastFieldFilterPushdown', 'SELECT id FROM $t WHERE 10 % (length(level) + 1) > 0'],
  ['SplitPruning', "SELECT id FROM $t WHERE ts <> TIMESTAMP '1970-01-02'"],
  ['RuntimeFilters', 'SELECT a.id, b.id FROM $t a FULL JOIN $t b ON a.n = b.u'],
  ['aggregate_once', 'SELECT level, count(*) FROM $t GROUP BY level'],
] as const)('%s leaves a plan without its preconditions', async ([rule, sql]) => {
  const settings = { threads: '1', target_partitions: '2' }
  const text = sql.replaceAll('$t', `"${table}"`)
  const said = (await queryRows(sessions.local, `EXPLAIN VERBOSE ${text}`, settings)).map(([line]) => String(line))
  expect(said.find((line) => line.startsWith('-- changed nothing: '))!.split(/[:,] /)).toContain(rule)
  const rows = await queryRows(sessions.local, text, settings)
  expect(rows.length).toBeGreaterThan(0)
  const off = await queryRows(sessions.local, text, { ...settings, [`rules.${rule}`]: 'off' })
  expect(multisetDifference(rows, off)).toBeNull()
})
