import { Field, Schema } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  AggregateExec,
  DEFAULT_FRAME,
  HashJoinExec,
  hashPartitioning,
  INT64,
  RepartitionExec,
  SortExec,
  SortPreservingMergeExec,
  WindowCall,
  WindowExec,
  type AggregateMode,
  type ExecutionPlan,
} from '../../src/index.ts'
import { aggregate, column, expectSameRows, functions, typesOf } from './engine-support.ts'
import { randoms } from '@volley/kernels/testing'
import { sortKeys, table } from './spill-plans.ts'
import { JitteryStore, runLimited } from './spill-support.ts'

/** Numbers the rows of the same first column, and adds up the third one's. */
function windowed(input: ExecutionPlan): WindowExec {
  const common = { partitionBy: [column(input, 0)], nullable: true, filter: null, ignoreNulls: false }
  const sum = aggregate('sum', [column(input, 2)])
  const number = { ...common, orderBy: sortKeys(input, 1), frame: DEFAULT_FRAME, type: INT64 }
  const calls = [
    new WindowCall(functions.window('dense_rank')!, [], number),
    new WindowCall(sum.fn, sum.args, { ...common, orderBy: [], frame: DEFAULT_FRAME, type: sum.type }),
  ]
  const results = calls.map((call, i) => new Field(`w${i}`, call.type, true))
  return new WindowExec(input, calls, new Schema([...input.schema.fields, ...results]))
}

/** Joins, groups, numbers and sorts rows in two partitions: queues, joins, aggregates, windows and sorts share a limit. */
function longPlan(rows: number): ExecutionPlan {
  const dealt = (plan: ExecutionPlan): ExecutionPlan =>
    new RepartitionExec(plan, hashPartitioning([column(plan, 0)], 2))
  const left = dealt(table(rows, rows >>> 1, 21, 40))
  const right = dealt(table(rows, rows >>> 1, 22, 20))
  const on = [{ left: column(left, 0), right: column(right, 0) }]
  const options = { nullEqualsNull: false, nullAware: false }
  const joined = new HashJoinExec(left, right, on, 'full', null, 'partitioned', options)
  const groups = [column(joined, 3), column(joined, 5)]
  const calls = [aggregate('sum', [column(joined, 1)]), aggregate('count', [column(joined, 2)], { distinct: true })]
  const fields = groups.map((group) => new Field(group.name, group.type, true))
  const step = (of: ExecutionPlan, mode: AggregateMode, keys: typeof groups, schema: Schema): AggregateExec =>
    new AggregateExec(of, mode, keys, null, calls, schema)
  const partial = step(joined, 'partial', groups, AggregateExec.partialSchema(fields, null, calls))
  const keyed = new RepartitionExec(partial, hashPartitioning([column(partial, 0), column(partial, 1)], 2))
  const results = calls.map((call, i) => new Field(`a${i}`, call.type, true))
  const grouped = step(keyed, 'final', [column(keyed, 0), column(keyed, 1)], new Schema([...fields, ...results]))
  const numbered = windowed(dealt(grouped))
  const sorted = new SortExec(numbered, sortKeys(numbered, 1, 0, 2), null, true)
  return new SortPreservingMergeExec(sorted, sortKeys(numbered, 1, 0, 2), null)
}

type Outcome = 'rows' | '53200'

test('whether a plan of many operators can run under a limit does not depend on which of them comes first', async () => {
  const runs = Number(process.env['VOLLEY_SCARCE_RUNS'] ?? 2)
  const plan = longPlan(400)
  const free = await runLimited(plan)
  const seen = new Set<Outcome>()
  const next = randoms(7)
  let spilled = 0
  for (const limitBytes of [60_000, 500_000]) {
    const outcomes = new Set<Outcome>()
    for (let run = 0; run < runs; run++) {
      const store = new JitteryStore(next)
      try {
        const limited = await runLimited(plan, { limitBytes, store, batchSize: 128 })
        expectSameRows(limited.rows, free.rows, typesOf(plan))
        expect(limited.peakBytes).toBeLessThanOrEqual(limitBytes)
        spilled += limited.spillCount
        outcomes.add('rows')
      } catch (error) {
        if ((error as { readonly code?: string }).code !== '53200') throw error
        outcomes.add('53200')
      }
    }
    expect([limitBytes, ...outcomes]).toHaveLength(2)
    for (const outcome of outcomes) seen.add(outcome)
  }
  expect([...seen].toSorted()).toEqual(['53200', 'rows'])
  expect(spilled).toBeGreaterThan(runs)
})
