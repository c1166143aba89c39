import {
  createPhysicalPlan,
  formatLogicalPlan,
  logicalRules,
  optimize,
  optimizeVerbose,
  type LogicalPlan,
} from '@volley/planner'
import {
  ArithmeticExpr,
  CastExpr,
  FLOAT64,
  formatPlan,
  INT64,
  literal,
  LogicalExpr,
  ScalarFunctionExpr,
  type Expr,
} from '@volley/core'
import { expect, test } from 'vitest'
import {
  Builder,
  cmp,
  eq,
  exists,
  functions,
  inQuery,
  int,
  join,
  limit,
  orderBy,
  outer,
  planning,
  ref,
  scalar,
  where,
} from './support/build.ts'
import { people, teams } from './support/demo.ts'
import { multiset, query, settingsWith } from './support/run.ts'

const optimized = (plan: LogicalPlan) => formatLogicalPlan(optimize(plan, planning()))

test('says which rules changed a plan', () => {
  const b = new Builder()
  const p = b.scan(people)
  const plan = b.project(where(p, exists(b.scan(teams))), { id: ref(p, 'id') })
  expect(optimizeVerbose(plan, planning()).changes.map((change) => change.rule)).toEqual([
    'decorrelate_subqueries',
    'prune_columns',
  ])
})

test('a comma join in any order becomes joins on keys', async () => {
  const b = new Builder()
  const [p, q, t] = [b.scan(people), b.scan(people), b.scan(teams)]
  const all = join(join(p, q, 'inner', null), t, 'inner', null)
  const on = new LogicalExpr('AND', [eq(ref(p, 'team'), ref(t, 'team')), eq(ref(q, 'team'), ref(t, 'team'))])
  const plan = b.project(where(all, on), { a: ref(p, 'id'), b: ref(q, 'id') })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[id AS a, id AS b]
      Join: type=inner, on=team = team
        TableScan: table=people, columns=[id, team]
        Projection: exprs=[id, team]
          Join: type=inner, on=team = team
            TableScan: table=people, columns=[id, team]
            TableScan: table=teams, columns=[team]"
  `)
  const rows = multiset(await query(plan))
  expect(rows).toHaveLength(8)
  expect(multiset(await query(plan, settingsWith({ 'rules.reorder_joins': 'off' })))).toEqual(rows)
})

test('a correlated count is 0 where nothing belongs to the row', async () => {
  const b = new Builder()
  const t = b.scan(teams)
  const p = b.scan(people)
  const count = b.aggregate(where(p, eq(ref(p, 'team'), outer(t, 'team'))), {}, { n: ['count', null] })
  const plan = b.project(t, { team: ref(t, 'team'), n: scalar(count) })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[team, coalesce(n, 0) AS n]
      Join: type=left, on=team = team
        TableScan: table=teams, columns=[team]
        Aggregate: groups=[team], aggregates=[count(*)]
          TableScan: table=people, columns=[team]"
  `)
  expect(multiset(await query(plan))).toEqual(['10|2', '20|2', '40|0', 'NULL|0'])
})

test('NOT IN over a column with NULLs is a null-aware anti join, and mark joins keep unknown', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const t = b.scan(teams, ['team'])
  const plan = b.project(where(p, inQuery(ref(p, 'team'), t, true)), { id: ref(p, 'id') })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Join: type=left_anti, on=team = team, null_aware=true
        TableScan: table=people, columns=[id, team]
        TableScan: table=teams, columns=[team]"
  `)
  expect(await query(plan)).toEqual([])
  const shown = b.project(p, { id: ref(p, 'id'), known: inQuery(ref(p, 'team'), b.scan(teams, ['team'])) })
  expect(multiset(await query(shown, settingsWith({ target_partitions: 3 })))).toEqual([
    '1|true',
    '2|true',
    '3|true',
    '4|NULL',
    '5|NULL',
    '6|true',
  ])
})

test('a scalar subquery of several rows is an error, of none NULL', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const value = (id: number) => {
    const t = b.scan(teams, ['team', 'size'])
    return scalar(b.project(where(t, cmp('>', ref(t, 'size'), int(id))), { team: ref(t, 'team') }))
  }
  expect(multiset(await query(b.project(p, { v: value(5) })))).toEqual(Array(6).fill('40'))
  expect(multiset(await query(b.project(p, { v: value(50) })))).toEqual(Array(6).fill('NULL'))
  await expect(query(b.project(p, { v: value(0) }))).rejects.toThrow(/more than one row/)
  const correlated = (column: string) => {
    const t = b.scan(people)
    return scalar(b.project(where(t, eq(ref(t, column), outer(p, column))), { v: ref(t, 'age') }))
  }
  expect(multiset(await query(b.project(p, { v: correlated('id') })))).toEqual(['25', '25', '30', '41', '60', 'NULL'])
  await expect(query(b.project(p, { v: correlated('team') }))).rejects.toThrow(/more than one row/)
})

test('LIMIT in a correlated subquery counts within each row', async () => {
  const b = new Builder()
  const t = b.scan(teams)
  const p = b.scan(people)
  const oldest = limit(
    orderBy(where(p, eq(ref(p, 'team'), outer(t, 'team'))), {
      expr: ref(p, 'id'),
      descending: true,
      nullsFirst: false,
    }),
    1,
  )
  const plan = b.project(t, { team: ref(t, 'team'), last: scalar(b.project(oldest, { id: ref(p, 'id') })) })
  expect(multiset(await query(plan, settingsWith({ target_partitions: 2 })))).toEqual([
    '10|2',
    '20|6',
    '40|NULL',
    'NULL|NULL',
  ])
})

test('what equality does not correlate is computed for each distinct outer value', async () => {
  const b = new Builder()
  const t = b.scan(teams, ['team', 'size'])
  const p = b.scan(people, ['id', 'team'])
  const younger = b.aggregate(where(p, cmp('<', ref(p, 'team'), outer(t, 'team'))), {}, { n: ['count', null] })
  const plan = b.project(t, { team: ref(t, 'team'), n: scalar(younger) })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[team, n]
      Join: type=left_single, on=team IS NOT DISTINCT FROM team
        TableScan: table=teams, columns=[team]
        Projection: exprs=[coalesce(n, 0) AS n, team]
          Join: type=left, on=team IS NOT DISTINCT FROM team
            CommonSubplan: id=1
              Aggregate: groups=[team], aggregates=[]
                TableScan: table=teams, columns=[team]
            Aggregate: groups=[team], aggregates=[count(*)]
              Join: type=inner, on=team < team
                CommonSubplan: id=1
                  Aggregate: groups=[team], aggregates=[]
                    TableScan: table=teams, columns=[team]
                TableScan: table=people, columns=[team]"
  `)
  expect(multiset(await query(plan))).toEqual(['10|0', '20|2', '40|5', 'NULL|0'])
})

test('nothing is read below what has no rows', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const t = b.scan(teams)
  const none = where(p, eq(int(1), int(2)))
  expect(optimized(join(none, t, 'inner', eq(ref(p, 'team'), ref(t, 'team'))))).toMatchInlineSnapshot(
    `"Values: rows=0"`,
  )
  const count = b.aggregate(none, {}, { n: ['count', null] })
  expect(multiset(await query(count))).toEqual(['0'])
})

test('LIMIT reaches sorts and scans', () => {
  const b = new Builder()
  const p = b.scan(people)
  expect(optimized(limit(b.project(p, { id: ref(p, 'id') }), 3, 2))).toMatchInlineSnapshot(`
    "Limit: skip=2, fetch=3
      Projection: exprs=[id]
        TableScan: table=people, columns=[id], fetch=5"
  `)
  expect(optimized(limit(orderBy(p, ref(p, 'id')), 3, 2))).toMatchInlineSnapshot(`
    "Limit: skip=2, fetch=3
      Sort: keys=[id NULLS LAST], fetch=5
        TableScan: table=people, columns=[id, team, age, bio]"
  `)
})

test('rules have names of their own', () => {
  expect(new Set(logicalRules.map((rule) => rule.name)).size).toBe(logicalRules.length)
})

test('sums of a value and constants are one sum and one count', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const plus = (n: bigint): Expr =>
    new ArithmeticExpr('+', new CastExpr(ref(p, 'age'), INT64, false), literal(n, INT64), INT64)
  const plan = b.aggregate(
    p,
    { team: ref(p, 'team') },
    { a: ['sum', plus(1n)], b: ['sum', plus(-7n)], n: ['count', null] },
  )
  expect(optimizeVerbose(plan, planning()).changes.map((change) => change.rule)).toContain('shift_sums')
  const rows = multiset(await query(plan))
  expect(rows).toHaveLength(4)
  expect(multiset(await query(plan, settingsWith({ 'rules.shift_sums': 'off' })))).toEqual(rows)
  const huge = b.aggregate(p, {}, { a: ['sum', plus(2n ** 63n - 1n)], b: ['sum', plus(1n)] })
  expect(optimizeVerbose(huge, planning()).changes.map((change) => change.rule)).not.toContain('shift_sums')
})

test('sums that might overflow at a value do so at the greatest or the least', async () => {
  const sums = (shifts: readonly bigint[]) => {
    const b = new Builder()
    const p = b.scan(people)
    const wide = new ArithmeticExpr('*', new CastExpr(ref(p, 'age'), INT64, false), literal(2n ** 55n, INT64), INT64)
    const shifted = shifts.map((n) => new ArithmeticExpr('+', wide, literal(n, INT64), INT64))
    const calls = Object.fromEntries(shifted.map((expr, i) => [`s${i}`, ['sum', expr] as ['sum', Expr]]))
    return b.aggregate(p, { team: ref(p, 'team') }, { plain: ['sum', wide], ...calls })
  }
  const plan = sums([1n, 5n, -7n, 9n])
  expect(optimizeVerbose(plan, planning()).changes.map((change) => change.rule)).toContain('shift_sums')
  const rows = multiset(await query(plan))
  expect(rows).toHaveLength(4)
  expect(multiset(await query(plan, settingsWith({ 'rules.shift_sums': 'off' })))).toEqual(rows)
  for (const over of [
    [1n, 2n, 2n ** 63n - 1n, 3n],
    [1n, -(2n ** 62n), 3n, -(2n ** 63n)],
  ]) {
    const codes = await Promise.all(
      [settingsWith({}), settingsWith({ 'rules.shift_sums': 'off' })].map((settings) =>
        query(sums(over), settings).then(
          () => 'none',
          (error: { code?: string }) => error.code,
        ),
      ),
    )
    expect(codes[0]).toBe(codes[1])
  }
  await expect(query(sums([1n, 2n, 2n ** 63n - 1n, 3n]))).rejects.toMatchObject({ code: '22003' })
})

test('an aggregate that stands twice is computed once, also where each place reads other columns of it', async () => {
  const b = new Builder()
  const grouped = (): LogicalPlan => {
    const p = b.scan(people)
    return b.aggregate(p, { team: ref(p, 'team') }, { n: ['count', null], oldest: ['max', ref(p, 'id')] })
  }
  const [left, right] = [grouped(), grouped()]
  const most = b.aggregate(right, {}, { most: ['max', ref(right, 'n')] })
  const both = join(left, most, 'inner', eq(ref(left, 'n'), ref(most, 'most')))
  const plan = b.project(both, { team: ref(left, 'team'), oldest: ref(left, 'oldest') })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[team, oldest]
      Join: type=inner, on=n = most
        CommonSubplan: id=1
          Aggregate: groups=[team], aggregates=[count(*), max(id)]
            TableScan: table=people, columns=[id, team]
        Aggregate: groups=[], aggregates=[max(n)]
          CommonSubplan: id=1
            Aggregate: groups=[team], aggregates=[count(*), max(id)]
              TableScan: table=people, columns=[id, team]"
  `)
  const off = settingsWith({ 'rules.common_subplans': 'off' })
  expect(multiset(await query(plan))).toEqual(multiset(await query(plan, off)))
  const settings = settingsWith({})
  const physical = createPhysicalPlan(optimize(plan, planning(settings)), { settings })
  expect(formatPlan(physical)).toMatchInlineSnapshot(`
    "ProjectionExec: exprs=[team, oldest]
      HashJoinExec: type=inner, mode=collect_left, on=[most = n], estimated=8 ⋈ 24 bytes
        AggregateExec: mode=final, groups=[], aggregates=[max(n)]
          AggregateExec: mode=partial, groups=[], aggregates=[max(n)]
            SharedRowsExec: id=1, readers=2
              AggregateExec: mode=final, groups=[team], aggregates=[count(*), max(id)]
                AggregateExec: mode=partial, groups=[team], aggregates=[count(*), max(id)]
                  FakeSource: table=people, columns=[id, team]
        ReadSharedRowsExec: id=1"
  `)
})

test('plans that differ by a constant, or have a volatile function, are computed each for itself', () => {
  const b = new Builder()
  const over = (predicate: (p: LogicalPlan) => Expr): LogicalPlan => {
    const p = b.scan(people)
    const kept = where(p, predicate(p))
    return b.aggregate(kept, { team: ref(kept, 'team') }, { n: ['count', null] })
  }
  const random = new ScalarFunctionExpr(functions.scalar('random')!, [], FLOAT64)
  const shared = (one: LogicalPlan, other: LogicalPlan): boolean => {
    const both = join(one, other, 'inner', eq(ref(one, 'team'), ref(other, 'team')))
    return optimized(b.project(both, { n: ref(one, 'n'), m: ref(other, 'n') })).includes('CommonSubplan')
  }
  const above = (n: number) => (p: LogicalPlan) => cmp('>', ref(p, 'id'), int(n))
  expect(shared(over(above(1)), over(above(1)))).toBe(true)
  expect(shared(over(above(1)), over(above(2)))).toBe(false)
  const drawn = (p: LogicalPlan) => cmp('>', random, new CastExpr(ref(p, 'id'), FLOAT64, false))
  expect(shared(over(drawn), over(drawn))).toBe(false)
})
