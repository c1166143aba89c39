import {
  formatPlan,
  LogicalExpr,
  NotExpr,
  ScalarFunctionExpr,
  UTF8,
  JSON_TYPE,
  literal,
  type ScalarFunction,
  type Expr,
} from '@volley/core'
import {
  createPhysicalPlan,
  formatLogicalPlan,
  optimize,
  ScoreExpr,
  SessionSettings,
  TextPredicate,
  TextPredicateExpr,
  type LogicalPlan,
} from '@volley/planner'
import { Float64 } from 'apache-arrow'
import { expect, test } from 'vitest'
import { Builder, eq, int, join, limit, orderBy, planning, ref, where, cmp } from './support/build.ts'
import { logs, people, teams } from './support/demo.ts'
import { distribute, multiset, query, runDistributed, settingsWith } from './support/run.ts'

function match(plan: LogicalPlan, field: string, text: string): Expr {
  return new TextPredicateExpr(ref(plan, field).id, new TextPredicate('match', field, [], text))
}

function jsonGet(value: Expr, step: string, text: boolean): Expr {
  const fn: ScalarFunction = {
    name: text ? 'json_get_text' : 'json_get',
    category: 'json',
    description: '',
    examples: [],
    volatility: 'immutable',
    resolve: () => null,
    evaluate: () => {
      throw new Error('a path that was not read by the scan')
    },
  }
  return new ScalarFunctionExpr(fn, [value, literal(step)], text ? UTF8 : JSON_TYPE, true)
}

const optimized = (plan: LogicalPlan, settings = new SessionSettings()) =>
  formatLogicalPlan(optimize(plan, planning(settings)))

test('a text predicate at the top of WHERE filters in the scan, through a join too', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const t = b.scan(teams)
  const plan = b.project(
    where(
      where(join(p, t, 'inner', eq(ref(p, 'team'), ref(t, 'team'))), match(p, 'bio', 'red')),
      cmp('>', ref(p, 'id'), int(0)),
    ),
    { id: ref(p, 'id') },
  )
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[id]
      Join: type=inner, on=team = team
        Filter: predicate=id > 0
          TableScan: table=people, columns=[id, team], text=[match(bio, 'red')]
        TableScan: table=teams, columns=[team]"
  `)
  expect(multiset(await query(plan))).toEqual(['1', '2', '6'])
  expect(multiset(await query(plan, settingsWith({ 'rules.push_down_text_filters': 'off' })))).toEqual(['1', '2', '6'])
  expect(multiset(await query(plan, settingsWith({ 'rules.push_down_predicates': 'off' })))).toEqual(['1', '2', '6'])
})

test('under OR, NOT and in SELECT it is a mark column, and false where there is no value', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const either = where(p, new LogicalExpr('OR', [match(p, 'bio', 'green'), new NotExpr(match(p, 'bio', 'red'))]))
  const plan = b.project(either, { id: ref(p, 'id'), tea: match(p, 'bio', 'tea') })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[id, match(bio, 'tea') AS tea]
      Filter: predicate=match(bio, 'green') OR (NOT match(bio, 'red'))
        TableScan: table=people, columns=[id, match(bio, 'green'), match(bio, 'red'), match(bio, 'tea')]"
  `)
  expect(multiset(await query(plan))).toEqual(['3|false', '4|true', '5|false'])
})

test('above an outer join that pads the table, a mark is false and a filter makes the join inner', async () => {
  const b = new Builder()
  const t = b.scan(teams)
  const p = b.scan(people)
  const joined = join(t, p, 'left', eq(ref(p, 'team'), ref(t, 'team')))
  const shown = b.project(joined, { city: ref(t, 'city'), red: match(p, 'bio', 'red') })
  expect(optimized(shown)).toMatchInlineSnapshot(`
    "Projection: exprs=[city, coalesce(match(bio, 'red'), FALSE) AS red]
      Join: type=left, on=team = team
        TableScan: table=teams, columns=[team, city]
        TableScan: table=people, columns=[team, match(bio, 'red')]"
  `)
  expect(multiset(await query(shown))).toEqual([
    'Nice|false',
    'Oslo|false',
    'Oslo|true',
    'Oslo|true',
    'Rome|false',
    'Rome|true',
  ])
  const filtered = b.project(where(joined, match(p, 'bio', 'red')), { city: ref(t, 'city') })
  expect(optimized(filtered)).toMatchInlineSnapshot(`
    "Projection: exprs=[city]
      Join: type=inner, on=team = team
        TableScan: table=teams, columns=[team, city]
        TableScan: table=people, columns=[team], text=[match(bio, 'red')]"
  `)
  expect(multiset(await query(filtered))).toEqual(['Oslo', 'Oslo', 'Rome'])
})

test('score() is a column of a scan with a text filter, also with the pushdowns off, and an error without one', async () => {
  const b = new Builder()
  const p = b.scan(people)
  const score = new ScoreExpr(ref(p, 'bio').id, new Float64())
  const found = b.project(where(p, match(p, 'bio', 'tea')), { id: ref(p, 'id'), score })
  const plan = limit(orderBy(found, { expr: ref(found, 'score'), descending: true, nullsFirst: false }), 1)
  const settings = settingsWith({ target_partitions: 2 })
  expect(formatPlan(createPhysicalPlan(optimize(plan, planning(settings)), { settings }))).toMatchInlineSnapshot(`
    "LimitExec: fetch=1
      SortPreservingMergeExec: keys=[score DESC NULLS LAST], fetch=1
        SortExec: keys=[score DESC NULLS LAST], fetch=1, preserve_partitioning=true
          ProjectionExec: exprs=[id, _score AS score]
            FakeSource: table=people, columns=[id, _score], text=[match(bio, 'tea')]"
  `)
  const off = settingsWith({ 'rules.push_down_predicates': 'off', 'rules.push_down_text_filters': 'off' })
  expect(multiset(await query(found))).toEqual(['1|3', '4|3'])
  expect(multiset(await query(found, off))).toEqual(['1|3', '4|3'])
  expect(() => optimize(b.project(p, { score }), planning())).toThrow('score() needs a condition that scores')
  const marked = where(p, new LogicalExpr('OR', [match(p, 'bio', 'tea'), match(p, 'bio', 'red')]))
  expect(() => optimize(b.project(marked, { score }), planning())).toThrow('score() needs a condition that scores')
})

test('a path of literal steps into a JSON column is read by the scan', async () => {
  const b = new Builder()
  const l = b.scan(logs)
  const method = jsonGet(jsonGet(ref(l, 'attrs'), 'http', false), 'method', true)
  const plan = b.project(where(l, eq(method, literal('GET'))), { message: ref(l, 'message'), method })
  expect(optimized(plan)).toMatchInlineSnapshot(`
    "Projection: exprs=[message, json_get_text(json_get(attrs, 'http'), 'method') AS method]
      Filter: predicate=json_get_text(json_get(attrs, 'http'), 'method') = 'GET'
        TableScan: table=logs, columns=[message, json_get_text(json_get(attrs, 'http'), 'method')]"
  `)
  expect(multiset(await query(plan))).toEqual(['disk full|GET'])
  expect(multiset((await runDistributed(distribute(plan, settingsWith({ target_partitions: 3 }), 2))).rows)).toEqual([
    'disk full|GET',
  ])
})
