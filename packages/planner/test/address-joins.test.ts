import { LogicalExpr, RepartitionExec, type ExecutionPlan } from '@volley/core'
import {
  createPhysicalPlan,
  formatDistributedPlan,
  formatLogicalPlan,
  optimize,
  type LogicalJoinType,
  type LogicalPlan,
} from '@volley/planner'
import { expect, test } from 'vitest'
import { Builder, eq, join, planning, ref } from './support/build.ts'
import { FakeTable } from './support/fake-table.ts'
import { people, teams } from './support/demo.ts'
import { Random } from './support/random-query.ts'
import { distribute, multiset, query, runDistributed, settingsWith } from './support/run.ts'

const ADDRESS = ['_split_id', '_segment_ord', '_doc_id']

function addressJoin(
  b: Builder,
  left: FakeTable,
  right: FakeTable,
  type: LogicalJoinType,
  keys = ADDRESS,
): LogicalPlan {
  const l = b.scan(left, [...ADDRESS, left.own[0]!.name])
  const r = b.scan(right, [...ADDRESS, right.own[1]!.name])
  const on = keys.map((key) => eq(ref(r, key), ref(l, key)))
  const joined = join(l, r, type, on.length === 1 ? on[0]! : new LogicalExpr('AND', on))
  const outputs =
    type === 'left_semi'
      ? { l: ref(l, left.own[0]!.name) }
      : { l: ref(l, left.own[0]!.name), r: ref(r, right.own[1]!.name) }
  return b.project(joined, outputs)
}

function nodes(plan: ExecutionPlan): ExecutionPlan[] {
  return [plan, ...plan.children.flatMap(nodes)]
}

const exchanges = (plan: ExecutionPlan) => nodes(plan).filter((node) => node instanceof RepartitionExec).length
const pairs = people.splits.flatMap((split) => split.rows.map((row) => `${row[0]}|${row[1] ?? 'NULL'}`)).sort()

test('sources of one layout join on the address without an exchange, at any number of partitions', async () => {
  for (const partitions of [1, 2, 3, 7, 16]) {
    const settings = settingsWith({ target_partitions: partitions, broadcast_threshold_bytes: 0 })
    for (const type of ['inner', 'left', 'right', 'full'] as const) {
      const plan = addressJoin(new Builder(), people, people, type)
      const physical = createPhysicalPlan(optimize(plan, planning(settings)), { settings })
      expect(exchanges(physical), type).toBe(0)
      expect(nodes(physical).some((node) => node.kind === 'DocIdJoinExec')).toBe(type !== 'full')
      expect(multiset(await query(plan, settings)), `${type} ${partitions}`).toEqual(pairs)
      const staged = distribute(plan, settings, 2)
      expect(staged.stages.map((stage) => stage.exchange)).toEqual(['coalesce'])
      expect(multiset((await runDistributed(staged)).rows)).toEqual(pairs)
    }
  }
})

test('prints the join of two sources', () => {
  const settings = settingsWith({ target_partitions: 4 })
  expect(formatDistributedPlan(distribute(addressJoin(new Builder(), people, people, 'inner'), settings, 2)))
    .toMatchInlineSnapshot(`
    "Stage 0: coordinator
      CoalescePartitionsExec: partitions=8
        NetworkCoalesceExec: stage=1, tasks=2, partitions=8
    Stage 1: tasks=2, exchange=coalesce, splits=2, workers=[w0:1, w1:1]
      ProjectionExec: exprs=[id AS l, team AS r]
        DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
          FakeSource: table=people, columns=[_split_id, _segment_ord, _doc_id, id]
          FakeSource: table=people, columns=[_split_id, _segment_ord, _doc_id, team]"
  `)
})

test('without the split in the key, or over two layouts, there is no address join', async () => {
  const settings = settingsWith({ target_partitions: 2, broadcast_threshold_bytes: 0 })
  const physical = (plan: LogicalPlan) => createPhysicalPlan(optimize(plan, planning(settings)), { settings })
  const partial = addressJoin(new Builder(), people, people, 'inner', ['_segment_ord', '_doc_id'])
  expect(exchanges(physical(partial))).toBe(2)
  expect(await query(partial, settings)).toHaveLength(12)
  expect((await runDistributed(distribute(partial, settings, 2))).rows).toHaveLength(12)
  expect(exchanges(physical(addressJoin(new Builder(), people, teams, 'inner')))).toBe(2)
})

test('a source whose addresses were multiplied by a join is not looked up', async () => {
  const b = new Builder()
  const l = b.scan(people, [...ADDRESS, 'id'])
  const r = b.scan(people, [...ADDRESS, 'team'])
  const t = b.scan(people, ['team'])
  const many = join(r, t, 'inner', eq(ref(r, 'team'), ref(t, 'team')))
  const on = new LogicalExpr(
    'AND',
    ADDRESS.map((key) => eq(ref(l, key), ref(many, key))),
  )
  const plan = b.project(join(l, many, 'inner', on), { id: ref(l, 'id') })
  const expected = ['1', '1', '2', '2', '3', '3', '5', '6', '6']
  for (const partitions of [1, 3]) {
    expect(multiset(await query(plan, settingsWith({ target_partitions: partitions })))).toEqual(expected)
    expect(
      multiset((await runDistributed(distribute(plan, settingsWith({ target_partitions: partitions }), 3))).rows),
    ).toEqual(expected)
  }
})

/** Joins of four scans of one table, each with one before it, by its address or a part of it, in any way. */
function chain(b: Builder, random: Random): LogicalPlan {
  const scans = [b.scan(people, [...ADDRESS, 'id', 'team'])]
  const types: LogicalJoinType[] = ['left']
  let plan: LogicalPlan = scans[0]!
  for (let k = 1; k < 4; k++) {
    const next = b.scan(people, [...ADDRESS, 'id', 'team'])
    const shown = scans.filter((_, i) => types[i] === 'inner' || types[i] === 'left')
    const to = random.pick(shown)
    const type = random.pick(['inner', 'inner', 'left', 'left_semi', 'left_anti'] as const)
    const keys = random.pick([ADDRESS, ADDRESS, ['_doc_id'], ['_split_id', '_segment_ord']])
    const on = keys.map((key) => eq(ref(to, key), ref(next, key)))
    plan = join(plan, next, type, on.length === 1 ? on[0]! : new LogicalExpr('AND', on))
    scans.push(next)
    types.push(type)
  }
  return b.project(
    plan,
    Object.fromEntries(
      scans.flatMap((scan, i) =>
        types[i] === 'inner' || types[i] === 'left' ? [[`c${i}`, ref(scan, i % 2 === 0 ? 'id' : 'team')]] : [],
      ),
    ),
  )
}

const byAddress = (plan: ExecutionPlan) => nodes(plan).filter((node) => node.kind === 'DocIdJoinExec').length

test('joins by address come first, below any that hand their rows on, with the same rows', async () => {
  const random = new Random(11)
  let more = 0
  for (let i = 0; i < 80; i++) {
    const plan = chain(new Builder(), random)
    const values = { target_partitions: 1 + (i % 3), broadcast_threshold_bytes: 0 }
    const [on, off] = [settingsWith(values), settingsWith({ ...values, 'rules.reorder_joins': 'off' })]
    const expected = multiset(await query(plan, off))
    expect(multiset(await query(plan, on))).toEqual(expected)
    if (i % 4 === 0) expect(multiset((await runDistributed(distribute(plan, on, 1 + (i % 3)))).rows)).toEqual(expected)
    const [after, before] = [on, off].map((settings) =>
      createPhysicalPlan(optimize(plan, planning(settings)), { settings }),
    )
    expect(byAddress(after!)).toBeGreaterThanOrEqual(byAddress(before!))
    expect(exchanges(after!)).toBeLessThanOrEqual(exchanges(before!))
    more += +(byAddress(after!) > byAddress(before!))
  }
  expect(more).toBeGreaterThan(10)
})

test('prints a join by address that was written above one by another key', () => {
  const b = new Builder()
  const [l, m, r] = [
    b.scan(people, [...ADDRESS, 'id']),
    b.scan(people, ['_doc_id', 'team']),
    b.scan(people, [...ADDRESS, 'age']),
  ]
  const partly = join(l, m, 'left', eq(ref(l, '_doc_id'), ref(m, '_doc_id')))
  const on = new LogicalExpr(
    'AND',
    ADDRESS.map((key) => eq(ref(l, key), ref(r, key))),
  )
  const plan = b.project(join(partly, r, 'inner', on), { id: ref(l, 'id'), team: ref(m, 'team'), age: ref(r, 'age') })
  expect(formatLogicalPlan(optimize(plan, planning()))).toMatchInlineSnapshot(`
    "Projection: exprs=[id, team, age]
      Join: type=left, on=_doc_id = _doc_id
        Projection: exprs=[_doc_id, id, age]
          Join: type=inner, on=(_split_id = _split_id) AND (_segment_ord = _segment_ord) AND (_doc_id = _doc_id)
            TableScan: table=people, columns=[_split_id, _segment_ord, _doc_id, id]
            TableScan: table=people, columns=[_split_id, _segment_ord, _doc_id, age]
        TableScan: table=people, columns=[_doc_id, team]"
  `)
})
