import { Arena, Region } from '@volley/kernels'
import { Field, Schema } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ColumnExpr,
  ComparisonExpr,
  FilterExec,
  HashJoinExec,
  INT32,
  INT64,
  literal,
  MemoryExec,
  RecordBatch,
  toArrowRecordBatch,
  UTF8,
  ValuesExec,
  vectorOf,
  type ExecutionPlan,
  type JoinType,
  type ScalarValue,
} from '../../src/index.ts'
import { column } from './engine-support.ts'
import { runLimited } from './spill-support.ts'

const TYPES: readonly JoinType[] = [
  'inner',
  'left',
  'right',
  'full',
  'left_semi',
  'left_anti',
  'left_mark',
  'left_single',
  'right_semi',
  'right_anti',
  'right_mark',
]
const SCHEMA = new Schema([new Field('k', INT64, true), new Field('n', INT32, true), new Field('t', UTF8, true)])
const arena = new Arena({ reserveBytes: 16 << 20 })

type Rows = readonly (readonly ScalarValue[])[]

function rows(maxKey: number, unique = false): fc.Arbitrary<Rows> {
  const key = fc.option(fc.integer({ min: 0, max: maxKey }).map(BigInt))
  const row = fc.tuple(key, fc.option(fc.integer({ min: 0, max: 3 })), fc.option(fc.constantFrom('', 'a', 'bc')))
  const list = unique ? fc.uniqueArray(row, { selector: ([k]) => k, maxLength: 12 }) : fc.array(row, { maxLength: 30 })
  return list as fc.Arbitrary<Rows>
}

/** Rows in memory, whose scan leaves out what it may; `ValuesExec` gives them all. */
function inMemory(all: Rows): ExecutionPlan {
  const region = new Region(arena)
  const columns = SCHEMA.fields.map((field, i) =>
    vectorOf(
      field.type,
      all.map((row) => row[i]!),
      region,
    ),
  )
  const batch = toArrowRecordBatch(new RecordBatch(SCHEMA, columns, all.length, null, region))
  region.release()
  return new MemoryExec(SCHEMA, [[batch]])
}

test('a scan that leaves out what a join above drops, and what a filter drops, gives every join the same rows', async () => {
  let dropped = 0
  await fc.assert(
    fc.asyncProperty(
      rows(40, true),
      rows(80),
      fc.constantFrom(...TYPES),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      async (left, right, joinType, nullAware, filtered, correlated) => {
        const unknown = nullAware && ['left_anti', 'left_mark', 'right_anti', 'right_mark'].includes(joinType)
        const joined = (probe: ExecutionPlan): ExecutionPlan => {
          const build = new ValuesExec(SCHEMA, left)
          const some = filtered ? new FilterExec(probe, new ComparisonExpr('>', column(probe, 1), literal(1))) : probe
          const on = [{ left: column(build, 0), right: column(some, 0) }]
          const other = new ColumnExpr(SCHEMA.fields.length + 1, 'n', INT32, true)
          const filter = correlated ? new ComparisonExpr('<>', column(build, 1), other) : null
          return new HashJoinExec(build, some, on, joinType, filter, 'collect_left', {
            nullEqualsNull: false,
            nullAware: unknown,
          })
        }
        const text = (all: readonly unknown[]): string[] =>
          all.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).sort()
        const outcome = async (plan: ExecutionPlan): Promise<string[]> => {
          try {
            return text((await runLimited(plan, { batchSize: 7 })).rows)
          } catch (error) {
            return [(error as Error).message]
          }
        }
        expect(await outcome(joined(inMemory(right)))).toEqual(await outcome(joined(new ValuesExec(SCHEMA, right))))
        dropped += +right.some(([k]) => k === null || !left.some(([other]) => other === k))
      },
    ),
    { numRuns: 300 },
  )
  expect(dropped).toBeGreaterThan(100)
})
