import { Field, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  ArithmeticExpr,
  CaseExpr,
  CastExpr,
  ComparisonExpr,
  INT32,
  INT64,
  LiteralExpr,
  literal,
  WindowCall,
  WindowExec,
  type ExecutionPlan,
  type Expr,
  type FrameBound,
  type WindowFrame,
} from '../../src/index.ts'
import { column, expectSameRows, functions, typesOf } from './engine-support.ts'
import { sortKeys, table } from './spill-plans.ts'
import { runLimited } from './spill-support.ts'

const bound = (kind: FrameBound['kind'], offset: number | null = null): FrameBound => ({
  kind,
  offset: offset === null ? null : literal(offset),
})

const BEFORE = bound('unbounded_preceding')
const BEHIND = bound('unbounded_following')
const HERE = bound('current_row')

/** Starts and ends of frames that no streaming order of the rows alone could have. */
const SHAPES: readonly (readonly [FrameBound, FrameBound])[] = [
  [bound('preceding', 9), bound('following', 7)],
  [BEFORE, bound('preceding', 3)],
  [bound('following', 2), BEHIND],
  [bound('preceding', 30), bound('preceding', 4)],
  [HERE, BEHIND],
  [BEFORE, HERE],
]
const EXCLUDED: readonly WindowFrame['exclude'][] = ['no_others', 'ties', 'current_row', 'group']

/** Aggregates and values over a frame, and rows that are far away, over rows ordered by the first column. */
function framed(input: ExecutionPlan, partitionBy: readonly Expr[], frame: WindowFrame): WindowExec {
  const [n, t] = [column(input, 1), column(input, 2)]
  const spec = { partitionBy, orderBy: sortKeys(input, 0, 1), frame, nullable: true, filter: null }
  const own = frame.units === 'range' ? { ...spec, orderBy: sortKeys(input, 0) } : spec
  const few = new ComparisonExpr('<', n, new LiteralExpr(INT64, 2n ** 40n))
  const over = (name: string, args: readonly Expr[], filter: Expr | null = null): WindowCall => {
    const fn = functions.window(name) ?? functions.aggregate(name)!
    const type = fn.resolve(args.map((arg) => arg.type))!.returnType
    return new WindowCall(fn, args, { ...own, type, filter })
  }
  const orderFree = [over('sum', [n]), over('count', [t], few), over('min', [t]), over('avg', [n]), over('count', [])]
  // What depends on the order of peers has an order without any.
  const ordered =
    frame.units === 'range'
      ? []
      : [
          over('first_value', [t]),
          over('last_value', [n]),
          over('nth_value', [t, literal(3n)]),
          over('nth_value', [n, above(input, 1n)]),
          over('lag', [t, literal(6000n)]),
          over('lead', [n, above(input, -20n), literal(-1n)]),
        ]
  const calls = [...orderFree, ...ordered]
  const results = calls.map((call, i) => new Field(`w${i}`, call.type, true))
  return new WindowExec(input, calls, new Schema([...input.schema.fields, ...results]))
}

/** The first column, which is below 40, or NULL, and something. */
function above(input: ExecutionPlan, by: bigint): Expr {
  return new ArithmeticExpr('+', new CastExpr(column(input, 0), INT64, false), literal(by), INT64)
}

test('frames of any kind over one large partition are evaluated from rows on disk', async () => {
  const input = table(220, 40, 31, 70, 1)
  const most = new CaseExpr(
    [{ when: new ComparisonExpr('<', column(input, 0), literal(36)), then: new LiteralExpr(INT32, 1) }],
    column(input, 0),
    INT32,
  )
  for (const [u, units] of (['rows', 'groups', 'range'] as const).entries()) {
    for (const [s, [start, end]] of SHAPES.entries()) {
      if ((s + u) % 3 !== 0) continue
      const frame = { units, start, end, exclude: EXCLUDED[(u + s) % EXCLUDED.length]! }
      const plan = framed(input, s < 2 ? [most] : [], frame)
      const free = await runLimited(plan, { batchSize: 64 })
      const limited = await runLimited(plan, { batchSize: 32, limitBytes: 64_000 })
      expect(limited.spilledBytes).toBeGreaterThan(0)
      expectSameRows(limited.rows, free.rows, typesOf(plan))
    }
  }
})
