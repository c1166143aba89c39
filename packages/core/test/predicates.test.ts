/* oxlint-disable unicorn/no-thenable -- branches of CASE are not awaited */
import fc from 'fast-check'
import type { DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  ArithmeticExpr,
  BOOL,
  CaseExpr,
  CoalesceExpr,
  ColumnExpr,
  ComparisonExpr,
  decimalType,
  evaluatePredicate,
  FLOAT64,
  InListExpr,
  INT16,
  INT32,
  INT64,
  IsNullExpr,
  IsTruthExpr,
  LikeExpr,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  RecordBatch,
  timestampType,
  UINT64,
  UTF8,
  type ComparisonOperator,
  type Expr,
  type ScalarValue,
} from '../src/index.ts'
import { asDictionary, batchOf, errorCode, valuesOf, withRegion } from './expression-support.ts'

const TEXTS = ['', 'a', 'ab', 'abc', 'b', 'é', 'éa', 'z']
const pool: readonly (readonly [DataType, readonly ScalarValue[]])[] = [
  [INT16, [-5, 0, 3, 7]],
  [INT32, [-2147483648, -1, 0, 1, 2147483647]],
  [INT64, [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n]],
  [UINT64, [0n, 1n, 2n ** 63n, 2n ** 64n - 1n]],
  [FLOAT64, [-Infinity, -1.5, -0, 0, 2, Infinity, NaN]],
  [decimalType(38, 2), [-(10n ** 37n), -1n, 0n, 1n, 10n ** 37n]],
  [timestampType(3), [-1n, 0n, 1700000000123456789n]],
  [UTF8, TEXTS],
  [UTF8, TEXTS],
  [BOOL, [true, false]],
]
const OPERATORS: readonly ComparisonOperator[] = [
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IS DISTINCT FROM',
  'IS NOT DISTINCT FROM',
]

const column = (i: number): Expr => new ColumnExpr(i, `c${i}`, pool[i]![0], true)
const valueOfType = (i: number): fc.Arbitrary<ScalarValue> => fc.constantFrom<ScalarValue>(...pool[i]![1], null)

const comparison = fc.nat(pool.length - 1).chain((i) =>
  fc.tuple(fc.constantFrom(...OPERATORS), valueOfType(i), fc.boolean()).map(([op, value, swap]): Expr => {
    const constant = new LiteralExpr(pool[i]![0], value)
    return swap ? new ComparisonExpr(op, constant, column(i)) : new ComparisonExpr(op, column(i), constant)
  }),
)
const columns = fc.constantFrom(...OPERATORS).map((op): Expr => new ComparisonExpr(op, column(7), column(8)))
const inList = fc.nat(pool.length - 1).chain((i) =>
  fc.tuple(fc.array(valueOfType(i), { minLength: 1, maxLength: 4 }), fc.boolean()).map(
    ([values, negated]): Expr =>
      new InListExpr(
        column(i),
        values.map((v) => new LiteralExpr(pool[i]![0], v)),
        negated,
      ),
  ),
)
const like = fc
  .tuple(fc.constantFrom('a%', '%a', '%b%', '_', 'a_c', '%', '', '_%a'), fc.boolean(), fc.boolean())
  .map(
    ([pattern, negated, caseInsensitive]): Expr =>
      new LikeExpr(column(7), new LiteralExpr(UTF8, pattern), { negated, caseInsensitive, escape: null }),
  )
const leaf = fc.oneof(
  comparison,
  columns,
  inList,
  like,
  fc.constant(column(9)),
  fc.nat(pool.length - 1).chain((i) => fc.boolean().map((negated): Expr => new IsNullExpr(column(i), negated))),
  fc.constantFrom<ScalarValue>(true, false, null).map((value): Expr => new LiteralExpr(BOOL, value)),
)
const predicate: fc.Arbitrary<Expr> = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]): Expr => new LogicalExpr('AND', [a, b])),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]): Expr => new LogicalExpr('OR', [a, b])),
    tie('expr').map((a): Expr => new NotExpr(a)),
    fc
      .tuple(tie('expr'), fc.constantFrom(true, false, null), fc.boolean())
      .map(([a, value, negated]): Expr => new IsTruthExpr(a, value, negated)),
    fc
      .tuple(tie('expr'), tie('expr'), tie('expr'))
      .map(([when, then, otherwise]): Expr => new CaseExpr([{ when, then }], otherwise, BOOL)),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]): Expr => new CoalesceExpr([a, b], BOOL)),
  ),
})).expr

const rows = fc.array(fc.tuple(...pool.map((_, i) => valueOfType(i))), { minLength: 1, maxLength: 30 })

/** Plain rows, or with text by code, and some rows left out. */
const input = fc.record({
  rows,
  keep: fc.infiniteStream(fc.boolean()),
  all: fc.boolean(),
  encoding: fc.constantFrom('plain', 'sorted', 'unsorted'),
})

test('a predicate selects the rows where its value is true, under any selection and encoding', () => {
  let selectedSome = 0
  let droppedSome = 0
  fc.assert(
    fc.property(predicate, input, (expr, { rows: table, keep, all, encoding }) => {
      withRegion((region) => {
        const kept = Uint32Array.from([...table.keys()].filter(() => keep.next().value))
        const selection = all ? null : kept
        const plain = batchOf(
          pool.map(([type], i) => ({ type, values: table.map((row) => row[i]!) })),
          region,
          selection,
        )
        const vectors = plain.columns.map((vector) =>
          vector.encoding === 'bytes' && encoding !== 'plain'
            ? asDictionary(vector, encoding === 'sorted', region)
            : vector,
        )
        const batch = new RecordBatch(plain.schema, vectors, plain.length, selection, region)
        const candidates = [...(selection ?? table.keys())]
        const values = valuesOf(expr, batch)
        const selected = [...evaluatePredicate(expr, batch, region)]
        expect(selected).toEqual(candidates.filter((_, k) => values[k] === true))
        const negated = [...evaluatePredicate(new NotExpr(expr), batch, region)]
        expect(negated).toEqual(candidates.filter((_, k) => values[k] === false))
        const unknown = [...evaluatePredicate(new IsNullExpr(expr, false), batch, region)]
        expect(unknown).toEqual(candidates.filter((_, k) => values[k] === null))
        const alone = table.map(
          (_, row) =>
            valuesOf(expr, new RecordBatch(plain.schema, plain.columns, plain.length, Uint32Array.of(row), region))[0],
        )
        expect(values).toEqual(candidates.map((row) => alone[row]))
        selectedSome += +(selected.length > 0)
        droppedSome += +(negated.length > 0)
      })
    }),
    { numRuns: 250, seed: 7 },
  )
  expect(selectedSome).toBeGreaterThan(50)
  expect(droppedSome).toBeGreaterThan(50)
})

const integer = (i: number): Expr => new ColumnExpr(i, `c${i}`, INT64, true)
const zero = new LiteralExpr(INT64, 0n)
const ratio = new ArithmeticExpr('/', integer(0), integer(1), INT64)

test('errors come from selected rows only', () => {
  withRegion((region) => {
    const table = [
      { type: INT64, values: [10n, 20n, 30n, null] },
      { type: INT64, values: [2n, 0n, null, 0n] },
    ]
    const guarded = new CaseExpr([{ when: new ComparisonExpr('<>', integer(1), zero), then: ratio }], zero, INT64)
    expect(valuesOf(guarded, batchOf(table, region))).toEqual([5n, 0n, 0n, 0n])
    const both = new LogicalExpr('AND', [
      new ComparisonExpr('<>', integer(1), zero),
      new ComparisonExpr('>', ratio, zero),
    ])
    expect([...evaluatePredicate(both, batchOf(table, region), region)]).toEqual([0])
    expect(valuesOf(both, batchOf(table, region))).toEqual([true, false, null, false])
    expect(errorCode(() => valuesOf(ratio, batchOf(table, region)))).toBe('22012')
    expect(valuesOf(ratio, batchOf(table, region, Uint32Array.of(0, 2, 3)))).toEqual([5n, null, null])
    const lazy = new CoalesceExpr([integer(0), ratio], INT64)
    expect(valuesOf(lazy, batchOf(table, region))).toEqual([10n, 20n, 30n, null])
  })
})

test('a constant expression is not evaluated for no rows', () => {
  withRegion((region) => {
    const fails = new ArithmeticExpr('/', new LiteralExpr(INT64, 1n), zero, INT64)
    const batch = batchOf([{ type: INT64, values: [1n] }], region, new Uint32Array(0))
    expect(valuesOf(fails, batch)).toEqual([])
    expect(errorCode(() => valuesOf(fails, batchOf([{ type: INT64, values: [1n] }], region)))).toBe('22012')
  })
})
