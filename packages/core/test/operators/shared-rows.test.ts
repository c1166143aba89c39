import { Field, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  ArithmeticExpr,
  ComparisonExpr,
  HashJoinExec,
  INT32,
  LimitExec,
  literal,
  ProjectionExec,
  ReadSharedRowsExec,
  SharedRowsExec,
  UnionExec,
  UTF8,
  FilterExec,
  ValuesExec,
  type ExecutionPlan,
} from '../../src/index.ts'
import { column, relation, scan, columns } from './engine-support.ts'
import { InterruptedStore, runLimited } from './spill-support.ts'
import fc from 'fast-check'

const ROWS = 20_000
const SCHEMA = new Schema([new Field('k', INT32, false), new Field('t', UTF8, false)])

function numbers(rows = ROWS): ExecutionPlan {
  return new ValuesExec(
    SCHEMA,
    Array.from({ length: rows }, (_, i) => [i, `row ${i}`]),
  )
}

/** Rows of both sides with equal keys: the left side is read to its end before the right one is begun. */
function joined(left: ExecutionPlan, right: ExecutionPlan): ExecutionPlan {
  const on = [{ left: column(left, 0), right: column(right, 0) }]
  return new HashJoinExec(left, right, on, 'inner', null, 'collect_left', { nullEqualsNull: false, nullAware: false })
}

function fifths(plan: ExecutionPlan): ExecutionPlan {
  return new FilterExec(plan, new ComparisonExpr('<', column(plan, 0), literal(ROWS / 5)))
}

test('each reader gets all rows, whichever is first, and the input is executed once', async () => {
  await fc.assert(
    fc.asyncProperty(
      relation('t', [columns.int('a'), columns.text('b')], 40, 1),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 2, max: 4 }),
      fc.boolean(),
      async (table, partitions, readers, sourceFirst) => {
        const source = new SharedRowsExec(1, scan(table, partitions), readers)
        const others = Array.from({ length: readers - 1 }, (_, i) => new ReadSharedRowsExec(source, i + 1))
        const plan = new UnionExec(sourceFirst ? [source, ...others] : [...others, source])
        const { rows } = await runLimited(plan, { batchSize: 3 })
        const once = await runLimited(scan(table, partitions))
        const sorted = (all: readonly unknown[]): string[] => all.map((row) => JSON.stringify(row)).sort()
        expect(sorted(rows)).toEqual(sorted(Array.from({ length: readers }, () => once.rows).flat()))
      },
    ),
    { numRuns: 40 },
  )
})

test('one reader may be read to its end before another is begun, from memory and from disk', async () => {
  for (const sourceFirst of [true, false]) {
    const source = new SharedRowsExec(1, numbers(), 2)
    const reader = new ReadSharedRowsExec(source, 1)
    const plan = sourceFirst ? joined(fifths(source), reader) : joined(fifths(reader), source)
    const free = await runLimited(plan)
    expect(free.rows).toHaveLength(ROWS / 5)
    expect(free.spilledBytes).toBe(0)
    const limited = await runLimited(plan, { limitBytes: Math.floor(free.peakBytes / 10) })
    expect(limited.spilledBytes).toBeGreaterThan(0)
    expect(limited.rows.map((row) => JSON.stringify(row)).sort()).toEqual(
      free.rows.map((row) => JSON.stringify(row)).sort(),
    )
  }
})

test('a reader that stops early, or is never read, keeps the other from nothing', async () => {
  const source = new SharedRowsExec(1, numbers(), 2)
  const few = new LimitExec(new ReadSharedRowsExec(source, 1), 0, 3)
  expect((await runLimited(new UnionExec([few, source]))).rows).toHaveLength(ROWS + 3)
  expect((await runLimited(new UnionExec([source, few]))).rows).toHaveLength(ROWS + 3)
  const twice = new SharedRowsExec(1, numbers(), 2)
  expect((await runLimited(new LimitExec(twice, 0, 5))).rows).toHaveLength(5)
  const none = new ValuesExec(SCHEMA, [])
  const both = new SharedRowsExec(1, numbers(), 2)
  const other = new ReadSharedRowsExec(both, 1)
  const plan = new UnionExec([joined(none, both), joined(fifths(other), numbers())])
  expect((await runLimited(plan)).rows).toHaveLength(ROWS / 5)
})

test('an error of the input, and a cancellation while it spills, reach who reads', async () => {
  const input = numbers()
  const inverse = new ArithmeticExpr('/', literal(1), column(input, 0), INT32)
  const failing = new ProjectionExec(input, [inverse], new Schema([new Field('b', INT32, false)]))
  const broken = new SharedRowsExec(1, failing, 2)
  await expect(runLimited(new UnionExec([broken, new ReadSharedRowsExec(broken, 1)]))).rejects.toThrow('zero')
  const controller = new AbortController()
  const store = new InterruptedStore(2, () => controller.abort())
  const source = new SharedRowsExec(1, numbers(), 2)
  const plan = joined(fifths(source), new ReadSharedRowsExec(source, 1))
  await expect(runLimited(plan, { limitBytes: 100_000, signal: controller.signal, store })).rejects.toThrow('cancelled')
})

test('what one task reads, another reads anew', async () => {
  const source = new SharedRowsExec(1, numbers(10), 2)
  const plan = new UnionExec([source, new ReadSharedRowsExec(source, 1)])
  for (let i = 0; i < 2; i++) expect((await runLimited(plan)).rows).toHaveLength(20)
})
