import { Arena, Region } from '@volley/kernels'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  callFunction,
  CoalescePartitionsExec,
  ComparisonExpr,
  conjunction,
  FilterExec,
  IsNullExpr,
  LiteralExpr,
  MemoryExec,
  ProjectionExec,
  RecordBatch,
  toArrowRecordBatch,
  vectorOf,
  type ExecutionPlan,
  type Expr,
} from '../../src/index.ts'
import {
  column,
  columns,
  expectSameRows,
  functions,
  relation,
  run,
  schemaOf,
  typesOf,
  type Relation,
} from './engine-support.ts'

const COLUMNS = [
  columns.int('i'),
  columns.long('n'),
  columns.double('d'),
  columns.text('t'),
  columns.bool('b'),
  columns.decimal('m'),
  columns.text('u'),
]
const arena = new Arena({ reserveBytes: 16 * 1024 * 1024 })

/** The rows in memory in two partitions, the second of which is cut from a longer batch. */
function memory(rows: Relation['rows'], cut: number): MemoryExec {
  const schema = schemaOf(COLUMNS)
  const region = new Region(arena)
  const vectors = COLUMNS.map((one, c) =>
    vectorOf(
      one.type,
      rows.map((row) => row[c + 1]!),
      region,
    ),
  )
  const batch = toArrowRecordBatch(new RecordBatch(schema, vectors, rows.length, null, region))
  region.release()
  return new MemoryExec(schema, [[batch], [batch.slice(cut), batch.slice(0, cut)]])
}

const condition = fc.oneof(
  fc.record({ at: fc.constant(0), op: fc.constantFrom('=', '<>', '<', '>='), value: fc.integer({ min: -1, max: 4 }) }),
  fc.record({
    at: fc.constant(1),
    op: fc.constantFrom('=', '<', '>'),
    value: fc.constantFrom(0n, 1n, 9007199254740993n),
  }),
  fc.record({ at: fc.constant(3), op: fc.constantFrom('=', '<>', '<', 'long'), value: fc.constantFrom('', 'a', 'ä') }),
  fc.record({ at: fc.integer({ min: 0, max: 6 }), op: fc.constantFrom('null', 'present'), value: fc.constant(0) }),
)

function conditionOn(
  plan: ExecutionPlan,
  { at, op, value }: { at: number; op: string; value: string | number | bigint },
): Expr {
  const operand = column(plan, at)
  if (op === 'null' || op === 'present') return new IsNullExpr(operand, op === 'present')
  if (op === 'long') {
    const length = callFunction(functions.scalar('length')!, [operand])!
    return new ComparisonExpr('>', length, new LiteralExpr(length.type, 1))
  }
  return new ComparisonExpr(op as '=', operand, new LiteralExpr(operand.type, value))
}

test('rows of memory that conditions are handed to are those that a filter leaves', async () => {
  let [few, many, some] = [0, 0, 0]
  await fc.assert(
    fc.asyncProperty(
      relation('t', COLUMNS, 60, 1),
      fc.array(condition, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.subarray([0, 1, 2, 3, 4, 5, 6]),
      fc.integer({ min: 1, max: 70 }),
      async ({ rows }, conditions, cut, wanted, batchSize) => {
        const results = [true, false].map((handed) => {
          const source = memory(rows, cut % rows.length)
          const input = handed ? source : new CoalescePartitionsExec(source)
          const predicate = conjunction(conditions.map((one) => conditionOn(input, one)))!
          const filter = new FilterExec(input, predicate)
          const exprs = wanted.map((at) => column(filter, at))
          const schema = schemaOf(wanted.map((at) => COLUMNS[at]!))
          return wanted.length === 0 ? filter : new ProjectionExec(filter, exprs, schema)
        })
        const [one, other] = [await run(results[0]!, batchSize), await run(results[1]!, batchSize)]
        expectSameRows(one, other, typesOf(results[0]!))
        if (one.length === 0) some++
        else if (one.length * 4 <= rows.length * 2) few++
        else many++
      },
    ),
    { numRuns: 80 },
  )
  expect(few).toBeGreaterThan(8)
  expect(many).toBeGreaterThan(8)
  expect(some).toBeGreaterThan(3)
})
