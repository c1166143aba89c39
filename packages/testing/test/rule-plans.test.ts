import { formatPlan } from '@volley/core'
import {
  commonSubexpressions,
  createPhysicalPlan,
  formatLogicalPlan,
  logicalRules,
  optimize,
  optimizeVerbose,
  type PlanningContext,
} from '@volley/planner'
import { splitRules } from '@volley/splits'
import { bindStatement, parseStatements } from '@volley/sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleDocuments } from './support/arbitrary-corpus.ts'
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
  const all = [...logicalRules, ...splitRules, commonSubexpressions].map(({ name }) => name)
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

/** The plan that a logical rule leaves where it first changes one. */
async function logical(rule: string, sql: string): Promise<string> {
  const { logical: plan, planning } = await bound(sql)
  const change = optimizeVerbose(plan, planning).changes.find((each) => each.rule === rule)
  if (change === undefined) throw new Error(`${rule} does not change the plan of ${sql}`)
  shown.add(rule)
  return short(formatLogicalPlan(change.plan))
}

/** The same of a physical rule, behind those before it. */
async function physical(rule: string, sql: string): Promise<string> {
  const { logical: plan, planning } = await bound(sql)
  const found: string[] = []
  createPhysicalPlan(optimize(plan, planning), {
    settings: planning.settings,
    distributed: true,
    physicalRules: [...splitRules, commonSubexpressions],
    onRule: (change) => (change.rule === rule ? found.push(short(formatPlan(change.plan))) : undefined),
  })
  if (found.length === 0) throw new Error(`${rule} does not change the plan of ${sql}`)
  shown.add(rule)
  return found[0]!
}

test('simplify_expressions', async () => {
  const sql = `SELECT id FROM $t WHERE n + 1 > 2 + 3 AND TRUE`
  expect(await logical('simplify_expressions', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Filter: predicate=(n + 1) > 5
        TableScan: table=t, columns=[*]"
  `)
})

test('decorrelate_subqueries', async () => {
  const sql = `SELECT id FROM $t a WHERE EXISTS (SELECT 1 FROM $t b WHERE b.n = a.n AND b.u > 1)`
  expect(await logical('decorrelate_subqueries', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Join: type=left_semi, on=n = n
        TableScan: table=t, columns=[*]
        Filter: predicate=u > 1
          TableScan: table=t, columns=[*]"
  `)
})

test('eliminate_outer_joins', async () => {
  const sql = `SELECT a.id FROM $t a LEFT JOIN $t b ON a.n = b.n WHERE b.u > 1`
  expect(await logical('eliminate_outer_joins', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Filter: predicate=u > 1
        Join: type=inner, on=n = n
          TableScan: table=t, columns=[*]
          TableScan: table=t, columns=[*]"
  `)
})

test('push_down_predicates', async () => {
  const sql = `SELECT a.id FROM $t a JOIN $t b ON a.n = b.n WHERE a.u > 1 AND b.b`
  expect(await logical('push_down_predicates', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Join: type=inner, on=n = n
        Filter: predicate=u > 1
          TableScan: table=t, columns=[*]
        Filter: predicate=b
          TableScan: table=t, columns=[*]"
  `)
})

test('push_down_text_filters', async () => {
  const sql = `SELECT id FROM $t WHERE match(body, 'alpha') AND n > 1`
  expect(await logical('push_down_text_filters', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Filter: predicate=n > 1
        TableScan: table=t, columns=[*], text=[match(body, 'alpha')]"
  `)
})

test('resolve_text_predicates', async () => {
  const sql = `SELECT id, match(body, 'alpha') OR n > 1 FROM $t`
  expect(await logical('resolve_text_predicates', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id, match(body, 'alpha') OR (n > 1) AS ?column?]
      TableScan: table=t, columns=[*, match(body, 'alpha')]"
  `)
})

test('extract_json_paths', async () => {
  const sql = `SELECT attrs->>'host', count(*) FROM $t GROUP BY 1`
  expect(await logical('extract_json_paths', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[json_get_text(attrs, 'host') AS ?column?, count(*) AS count]
      Aggregate: groups=[json_get_text(attrs, 'host')], aggregates=[count(*)]
        TableScan: table=t, columns=[*, json_get_text(attrs, 'host')]"
  `)
})

test('propagate_empty', async () => {
  const sql = `SELECT id FROM $t WHERE FALSE UNION ALL SELECT n FROM $t`
  expect(await logical('propagate_empty', sql)).toMatchInlineSnapshot(`
    "Union
      Projection: exprs=[CAST(n AS Decimal(20, 0)) AS n]
        TableScan: table=t, columns=[*]"
  `)
})

test('reorder_joins', async () => {
  const sql = `SELECT a.id FROM $t a, $t b, $t c WHERE a.n = c.n AND b.u = c.u`
  expect(await logical('reorder_joins', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Projection: exprs=[*, *, *]
        Join: type=inner, on=u = u
          TableScan: table=t, columns=[*]
          Join: type=inner, on=n = n
            TableScan: table=t, columns=[*]
            TableScan: table=t, columns=[*]"
  `)
})

test('single_distinct_to_group_by', async () => {
  const sql = `SELECT level, count(DISTINCT n) FROM $t GROUP BY level`
  expect(await logical('single_distinct_to_group_by', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[level, count(DISTINCT n) AS count]
      Aggregate: groups=[level], aggregates=[count(n)]
        Aggregate: groups=[level, n], aggregates=[]
          TableScan: table=t, columns=[*]"
  `)
})

test('reduce_group_keys', async () => {
  const sql = `SELECT level, upper(level), 'x', count(*) FROM $t GROUP BY 1, 2, 3`
  expect(await logical('reduce_group_keys', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[level, upper(level) AS upper, 'x' AS ?column?, count(*) AS count]
      Projection: exprs=[level, upper(level), 'x', count(*)]
        Aggregate: groups=[level], aggregates=[count(*)]
          TableScan: table=t, columns=[*]"
  `)
})

test('shift_sums', async () => {
  const sql = `SELECT sum(x), sum(x + 1), sum(x + 2) FROM (SELECT CAST(n AS smallint) AS x FROM $t)`
  expect(await logical('shift_sums', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[sum(x) AS sum, sum(CAST(x AS Int32) + 1) AS sum, sum(CAST(x AS Int32) + 2) AS sum]
      Projection: exprs=[sum(x), sum(x) + (CAST(count(x) AS Decimal(19, 0)) * 1) AS sum(CAST(x AS Int32) + 1), sum(x) + (CAST(count(x) AS Decimal(19, 0)) * 2) AS sum(CAST(x AS Int32) + 2)]
        Aggregate: groups=[], aggregates=[sum(x), count(x)]
          Projection: exprs=[CAST(n AS Int16) AS x]
            TableScan: table=t, columns=[*]"
  `)
})

test('eliminate_distinct', async () => {
  const sql = `SELECT DISTINCT level, count(*) FROM $t GROUP BY level`
  expect(await logical('eliminate_distinct', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[level, count]
      Projection: exprs=[level, count(*) AS count]
        Aggregate: groups=[level], aggregates=[count(*)]
          TableScan: table=t, columns=[*]"
  `)
})

test('push_down_limits', async () => {
  const sql = `SELECT id + 1 FROM $t LIMIT 3`
  expect(await logical('push_down_limits', sql)).toMatchInlineSnapshot(`
    "Limit: fetch=3
      Projection: exprs=[CAST(id AS Decimal(20, 0)) + 1 AS ?column?]
        TableScan: table=t, columns=[*], fetch=3"
  `)
})

test('merge_projections', async () => {
  const sql = `SELECT x + 1 FROM (SELECT id + 1 AS x FROM $t)`
  expect(await logical('merge_projections', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[(CAST(id AS Decimal(20, 0)) + 1) + 1 AS ?column?]
      TableScan: table=t, columns=[*]"
  `)
})

test('common_subplans', async () => {
  const sql = `SELECT count(*) FROM (SELECT level, sum(n) AS s FROM $t GROUP BY level) a JOIN (SELECT level, sum(n) AS s FROM $t GROUP BY level) b ON a.s = b.s`
  expect(await logical('common_subplans', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[count(*) AS count]
      Aggregate: groups=[], aggregates=[count(*)]
        Join: type=inner, on=s = s
          Projection: exprs=[level, sum(n) AS s]
            CommonSubplan: id=1
              Aggregate: groups=[level], aggregates=[sum(n)]
                TableScan: table=t, columns=[*]
          Projection: exprs=[level, sum(n) AS s]
            CommonSubplan: id=1
              Aggregate: groups=[level], aggregates=[sum(n)]
                TableScan: table=t, columns=[*]"
  `)
})

test('prune_columns', async () => {
  const sql = `SELECT level FROM (SELECT * FROM $t) ORDER BY n`
  expect(await logical('prune_columns', sql)).toMatchInlineSnapshot(`
    "Projection: exprs=[level]
      Sort: keys=[n NULLS LAST]
        Projection: exprs=[level, n]
          TableScan: table=t, columns=[level, n]"
  `)
})

test('FastFieldFilterPushdown', async () => {
  const sql = `SELECT id FROM $t WHERE n > 1 AND level LIKE 'E%'`
  expect(await physical('FastFieldFilterPushdown', sql)).toMatchInlineSnapshot(`
    "CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        ProjectionExec: exprs=[id, level, n]
          FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, level, n], filters=[n > 1, level LIKE 'E%']"
  `)
})

test('DocumentsLast', async () => {
  const sql = `SELECT body FROM $t WHERE n > 1 LIMIT 3`
  expect(await physical('DocumentsLast', sql)).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[body]
      CoalescePartitionsExec: partitions=1
        DocumentFetchExec: table=t, splits=3, fields=[body]
          LimitExec: fetch=3
            CoalescePartitionsExec: partitions=2
              LocalLimitExec: fetch=3
                ProjectionExec: exprs=[_split_id, _segment_ord, _doc_id]
                  ProjectionExec: exprs=[n, _split_id, _segment_ord, _doc_id]
                    FastFieldExec: table=t, splits=3, layout=L/2, fields=[n], filters=[n > 1]"
  `)
})

test('TopKPushdown', async () => {
  const sql = `SELECT id FROM $t ORDER BY ts DESC LIMIT 3`
  expect(await physical('TopKPushdown', sql)).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[id]
      LimitExec: fetch=3
        ProjectionExec: exprs=[id, ts]
          SortPreservingMergeExec: keys=[ts DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=3
            SortExec: keys=[ts DESC NULLS FIRST, _split_id NULLS LAST, _segment_ord NULLS LAST, _doc_id NULLS LAST], fetch=3, preserve_partitioning=true
              ProjectionExec: exprs=[id, ts, _split_id, _segment_ord, _doc_id]
                ProjectionExec: exprs=[id, ts, _split_id, _segment_ord, _doc_id]
                  FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, ts], top_k=3 by [ts DESC NULLS FIRST]"
  `)
})

test('AggPushdown', async () => {
  const sql = `SELECT level, count(*) FROM $t GROUP BY level`
  expect(await physical('AggPushdown', sql)).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[level, count(*) AS count]
      AggregateExec: mode=final, groups=[level], aggregates=[count(*)]
        CoalescePartitionsExec: partitions=2
          TantivyAggregateExec: table=t, splits=3, layout=L/2, groups=[level], aggregates=[count(*)]"
  `)
})

test('SplitPruning', async () => {
  const sql = `SELECT id FROM $t WHERE ts >= TIMESTAMP '1970-01-03'`
  expect(await physical('SplitPruning', sql)).toMatchInlineSnapshot(`
    "CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        ProjectionExec: exprs=[id, ts]
          FastFieldExec: table=t, splits=1, pruned_splits=2, layout=L/2, fields=[id, ts], filters=[ts >= TIMESTAMP '1970-01-03 00:00:00']"
  `)
})

test('RuntimeFilters', async () => {
  const sql = `SELECT t.id FROM (VALUES ('tag-1'), ('tag-2')) k(x) JOIN $t t ON t.tag = k.x`
  expect(await physical('RuntimeFilters', sql)).toMatchInlineSnapshot(`
    "CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[id]
        HashJoinExec: type=inner, mode=collect_left, on=[x = tag], estimated=48 ⋈ 1440 bytes
          JoinKeysExec: mode=filter, keys=[x as #1], estimated=2
            ValuesExec: rows=2
          ProjectionExec: exprs=[id, tag]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[id, tag], runtime_filters=[tag in #1]"
  `)
})

test('common_subexpressions', async () => {
  const sql = `SELECT upper(level || tag) || 'x', upper(level || tag) || 'y' FROM $t`
  expect(await physical('common_subexpressions', sql)).toMatchInlineSnapshot(`
    "CoalescePartitionsExec: partitions=2
      ProjectionExec: exprs=[||(__common_0, 'x') AS ?column?, ||(__common_0, 'y') AS ?column?]
        ProjectionExec: exprs=[level, tag, upper(||(level, tag)) AS __common_0]
          ProjectionExec: exprs=[level, tag]
            FastFieldExec: table=t, splits=3, layout=L/2, fields=[level, tag]"
  `)
})
