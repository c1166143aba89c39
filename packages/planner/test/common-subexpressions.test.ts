import {
  AggregateCall,
  AggregateExec,
  ArithmeticExpr,
  CaseExpr,
  ColumnExpr,
  ComparisonExpr,
  defaultFunctions,
  formatPlan,
  INT64,
  literal,
  ProjectionExec,
  ValuesExec,
  type Expr,
} from '@volley/core'
import { commonSubexpressions, SessionSettings } from '@volley/planner'
import { Field, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'

const schema = new Schema([new Field('a', INT64, true), new Field('b', INT64, true)])
const values = new ValuesExec(schema, [])
const [a, b] = schema.fields.map((field, i) => new ColumnExpr(i, field.name, INT64, true)) as [Expr, Expr]
const context = { settings: new SessionSettings() }
const plus = (left: Expr, right: Expr): Expr => new ArithmeticExpr('+', left, right, INT64)
const times = (left: Expr, right: Expr): Expr => new ArithmeticExpr('*', left, right, INT64)

function project(...exprs: Expr[]): ProjectionExec {
  return new ProjectionExec(values, exprs, new Schema(exprs.map((expr, i) => new Field(`c${i}`, expr.type, true))))
}

test('what two expressions share is computed once, the largest of it', () => {
  const shared = times(a, plus(a, b))
  const plan = commonSubexpressions.apply(project(plus(shared, b), times(shared, a), b), context)
  expect(formatPlan(plan)).toBe(
    [
      'ProjectionExec: exprs=[__common_0 + b AS c0, __common_0 * a AS c1, b AS c2]',
      '  ProjectionExec: exprs=[a, b, a * (a + b) AS __common_0]',
      '    ValuesExec: rows=0',
    ].join('\n'),
  )
  expect(commonSubexpressions.apply(plan, context)).toBe(plan)
})

test('columns, literals and what stands once are left alone', () => {
  const plan = project(plus(a, b), plus(b, a), a, literal(1n))
  expect(commonSubexpressions.apply(plan, context)).toBe(plan)
})

test('what may not be reached is not computed for it', () => {
  const risky = times(a, b)
  const inBranch = (otherwise: Expr): Expr =>
    new CaseExpr([{ when: new ComparisonExpr('>', a, b), then: risky }], otherwise, INT64)
  const lazy = project(inBranch(a), inBranch(b))
  expect(commonSubexpressions.apply(lazy, context)).not.toBe(lazy)
  expect(formatPlan(commonSubexpressions.apply(lazy, context))).toContain('a > b AS __common_0]')
  const certain = project(inBranch(a), risky)
  expect(formatPlan(commonSubexpressions.apply(certain, context))).toContain('a * b AS __common_0]')
})

test('aggregates share their arguments, those of filtered ones only where another computes them', () => {
  const fn = defaultFunctions().aggregate('sum')!
  const resolved = fn.resolve([INT64])!
  const sum = (expr: Expr, filter: Expr | null): AggregateCall =>
    new AggregateCall(fn, [expr], {
      distinct: false,
      filter,
      orderBy: [],
      type: resolved.returnType,
      nullable: true,
      argTypes: resolved.argTypes,
    })
  const aggregate = (...calls: AggregateCall[]): string => {
    const output = new Schema(calls.map((call, i) => new Field(`c${i}`, call.type, true)))
    return formatPlan(commonSubexpressions.apply(new AggregateExec(values, 'single', [], null, calls, output), context))
  }
  const shared = times(a, b)
  const positive = new ComparisonExpr('>', a, b)
  const other = new ComparisonExpr('<', a, b)
  expect(aggregate(sum(shared, positive), sum(shared, other))).not.toContain('__common')
  expect(aggregate(sum(shared, positive), sum(shared, null))).toContain('a * b AS __common_0]')
})
