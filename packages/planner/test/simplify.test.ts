import {
  CastExpr,
  ComparisonExpr,
  DATE,
  decimalType,
  INT32,
  INT64,
  INT8,
  InListExpr,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  timestampType,
  UINT64,
  type ComparisonOperator,
  type Expr,
  type ScalarValue,
} from '@volley/core'
import { ColumnRef, evaluateConstant, simplifyExpr } from '@volley/planner'
import type { DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import { cmp, eq, int } from './support/build.ts'
import { Random } from './support/random-query.ts'

const x = new ColumnRef(1, 'x', INT32, true)
const shown = (expr: Expr) => String(simplifyExpr(expr))

test('folds constants, resolves logic and factors what branches of an OR share', () => {
  const [a, b, c] = [eq(x, int(1)), cmp('>', x, int(2)), cmp('<', x, int(9))]
  const and = (...operands: Expr[]) => new LogicalExpr('AND', operands)
  const or = (...operands: Expr[]) => new LogicalExpr('OR', operands)
  expect(shown(eq(int(1), int(2)))).toBe('FALSE')
  expect(shown(and(a, eq(int(1), int(1)), a))).toBe('x = 1')
  expect(shown(or(and(a, b), and(a, c)))).toBe('(x = 1) AND ((x > 2) OR (x < 9))')
  expect(shown(or(and(a, b), a))).toBe('x = 1')
  expect(shown(new NotExpr(new NotExpr(a)))).toBe('x = 1')
  expect(shown(new NotExpr(b))).toBe('x <= 2')
  expect(shown(new InListExpr(x, [int(3)], true))).toBe('x <> 3')
})

test('a comparison of a widened column is one of the column itself, for every value', () => {
  const random = new Random(7)
  const cases: readonly (readonly [
    DataType,
    DataType,
    (random: Random) => ScalarValue,
    (random: Random) => ScalarValue,
  ])[] = [
    [INT32, INT64, (r) => r.below(7) - 3, (r) => BigInt(r.below(9) - 4)],
    [INT8, INT64, (r) => r.below(256) - 128, (r) => BigInt(r.below(600) - 300)],
    [INT64, decimalType(20, 1), (r) => BigInt(r.below(7) - 3), (r) => BigInt(r.below(90) - 45)],
    [UINT64, decimalType(20, 0), (r) => BigInt(r.below(4)), (r) => BigInt(r.below(9) - 4)],
    [timestampType(0), timestampType(3), (r) => BigInt(r.below(5) - 2), (r) => BigInt(r.below(5) - 2) * 500_000_000n],
    [DATE, timestampType(2), (r) => r.below(5) - 2, (r) => BigInt(r.below(9) - 4) * 43_200_000_000n],
  ]
  const ops: readonly ComparisonOperator[] = [
    '=',
    '<>',
    '<',
    '<=',
    '>',
    '>=',
    'IS DISTINCT FROM',
    'IS NOT DISTINCT FROM',
  ]
  let unwrapped = 0
  for (let i = 0; i < 3000; i++) {
    const [narrow, wide, value, bound] = random.pick(cases)
    const column = new ColumnRef(1, 'x', narrow, true)
    const literal = new LiteralExpr(wide, bound(random))
    const cast = new CastExpr(column, wide, false)
    const op = random.pick(ops)
    const original = random.chance(30)
      ? new InListExpr(cast, [literal, new LiteralExpr(wide, bound(random))], random.chance(50))
      : random.chance(50)
        ? new ComparisonExpr(op, cast, literal)
        : new ComparisonExpr(op, literal, cast)
    const simplified = simplifyExpr(original)
    if (!String(simplified).includes('CAST')) unwrapped++
    const given = new LiteralExpr(narrow, random.chance(5) ? null : value(random))
    const at = (expr: Expr): Expr => (expr instanceof ColumnRef ? given : expr.withChildren(expr.children.map(at)))
    expect(evaluateConstant(at(simplified)), `${original} -> ${simplified} at ${given}`).toEqual(
      evaluateConstant(at(original)),
    )
  }
  expect(unwrapped).toBeGreaterThan(1000)
})
