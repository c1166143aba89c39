import { LogicalExpr, RepartitionExec, type ExecutionPlan } from '@volley/core'
import {
  createPhysicalPlan,
  formatDistributedPlan,
  optimize,
  type LogicalJoinType,
  type LogicalPlan,
} from '@volley/planner'
import { expect, test } from 'vitest'
import { Builder, eq, join, planning, ref } from './support/build.ts'
import { FakeTable } from './support/fake-table.ts'
import { people, teams } from './support/demo.ts'
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
