import {
  explainReport,
  formatDistributedPlan,
  NetworkBroadcastExec,
  planDistributed,
  createPhysicalPlan,
  optimize,
  type TaskReport,
} from '@volley/planner'
import { Values } from '@volley/planner'
import { expect, test } from 'vitest'
import { Builder, eq, int, join, planning, ref } from './support/build.ts'
import { people, teams } from './support/demo.ts'
import { distribute, inTurn, multiset, query, runDistributed, settingsWith } from './support/run.ts'

test('a large GROUP BY over a partitioned join is cut at its shuffles', () => {
  const b = new Builder()
  const [p, t] = [b.scan(people), b.scan(teams)]
  const plan = b.aggregate(
    join(p, t, 'inner', eq(ref(p, 'team'), ref(t, 'team'))),
    { age: ref(p, 'age') },
    { n: ['count', null] },
  )
  const settings = settingsWith({ target_partitions: 2, broadcast_threshold_bytes: 0, repartition_groups_above: 0 })
  expect(formatDistributedPlan(distribute(plan, settings, 2))).toMatchInlineSnapshot(`
    "Stage 0: coordinator
      CoalescePartitionsExec: partitions=4
        NetworkCoalesceExec: stage=4, tasks=2, partitions=4
    Stage 4: tasks=2, exchange=coalesce, workers=[w0:1, w1:1]
      AggregateExec: mode=final, groups=[age], aggregates=[count(*)]
        NetworkShuffleExec: stage=3, tasks=2, partitioning=hash([age], 2)
    Stage 3: tasks=2, exchange=shuffle, workers=[w0:1, w1:1]
      RepartitionExec: partitioning=hash([age], 4), input_partitions=2
        AggregateExec: mode=partial, groups=[age], aggregates=[count(*)]
          HashJoinExec: type=inner, mode=partitioned, on=[team = team], estimated=32 ⋈ 96 bytes
            NetworkShuffleExec: stage=1, tasks=1, partitioning=hash([team], 2)
            NetworkShuffleExec: stage=2, tasks=2, partitioning=hash([team], 2)
    Stage 2: tasks=2, exchange=shuffle, splits=2, workers=[w0:1, w1:1]
      RepartitionExec: partitioning=hash([team], 4), input_partitions=2
        FakeSource: table=people, columns=[team, age]
    Stage 1: tasks=1, exchange=shuffle, splits=1, workers=[w0:1]
      RepartitionExec: partitioning=hash([team], 4), input_partitions=2
        FakeSource: table=teams, columns=[team]"
  `)
})

test('a small join side is broadcast; one whose unmatched rows come out is not', () => {
  const b = new Builder()
  const [p, t] = [b.scan(people), b.scan(teams)]
  const on = eq(ref(p, 'team'), ref(t, 'team'))
  const settings = settingsWith({ target_partitions: 2 })
  expect(formatDistributedPlan(distribute(join(p, t, 'left', on), settings, 2))).toMatchInlineSnapshot(`
    "Stage 0: coordinator
      CoalescePartitionsExec: partitions=4
        NetworkCoalesceExec: stage=2, tasks=2, partitions=4
    Stage 2: tasks=2, exchange=coalesce, splits=2, workers=[w0:1, w1:1]
      ProjectionExec: exprs=[id, team, age, bio, team, city, size]
        HashJoinExec: type=right, mode=collect_left, on=[team = team], estimated=160 ⋈ 288 bytes
          CoalescePartitionsExec: partitions=2
            NetworkBroadcastExec: stage=1, tasks=1, partitions=2
          FakeSource: table=people, columns=[id, team, age, bio]
    Stage 1: tasks=1, exchange=broadcast, splits=1, workers=[w0:1]
      FakeSource: table=teams, columns=[team, city, size]"
  `)
  const full = distribute(join(p, t, 'full', on), settings, 2)
  expect(full.stages.map((stage) => stage.exchange)).toEqual(['shuffle', 'shuffle', 'coalesce'])
})

test('literal rows in a union come out once, and repeat in a collected side', async () => {
  const b = new Builder()
  const one = () => new Values([b.column('id', { type: int(0).type, nullable: false })], [[int(7)], [int(1)]])
  const p = b.scan(people, ['id'])
  const union = b.union(p, one())
  const settings = settingsWith({ target_partitions: 3 })
  const staged = distribute(union, settings, 2)
  expect(staged.stages).toHaveLength(1)
  expect(staged.stages[0]!.tasks).toHaveLength(2)
  expect(multiset((await runDistributed(staged)).rows)).toEqual(['1', '1', '2', '3', '4', '5', '6', '7'])
  const values = one()
  const joined = join(b.scan(people, ['id']), values, 'inner', null)
  const product = distribute(joined, settings, 2)
  expect(JSON.stringify(explainReport(product))).not.toContain(NetworkBroadcastExec.name)
  expect(multiset((await runDistributed(product)).rows)).toEqual(multiset(await query(joined)))
})

test('a plan without splits stays on the coordinator', () => {
  const b = new Builder()
  const values = new Values([b.column('id', { type: int(0).type, nullable: false })], [[int(7)]])
  const settings = settingsWith({})
  const physical = createPhysicalPlan(optimize(values, planning(settings)), { settings, distributed: true })
  expect(planDistributed(physical, { workers: [], placement: inTurn }).stages).toEqual([])
})

test('EXPLAIN as JSON names workers, splits and what they gave', () => {
  const b = new Builder()
  const p = b.scan(people, ['id'])
  const staged = distribute(p, settingsWith({}), 2)
  const leaf = { name: 'FakeSource', details: [], children: [], counters: new Map([['docs', 3]]) }
  const report = (task: number): TaskReport => ({
    stage: 1,
    task,
    worker: `w${task}:1`,
    rowsOut: 3,
    bytesOut: 100,
    plan: { ...leaf, rowsOut: 3, elapsedMs: 1 + task },
  })
  const { stages } = explainReport(staged, [report(0), report(1)])
  expect(stages[0]).toMatchObject({
    id: 0,
    tasks: [{ worker: 'coordinator' }],
    plan: { name: 'CoalescePartitionsExec', rows_out: null },
  })
  expect(stages[1]).toEqual({
    id: 1,
    exchange: 'coalesce',
    inputs: [],
    tasks: [
      { worker: 'w0:1', splits: ['p1'], rows_out: 3, bytes_out: 100 },
      { worker: 'w1:1', splits: ['p2'], rows_out: 3, bytes_out: 100 },
    ],
    plan: { name: 'FakeSource', details: {}, rows_out: 6, elapsed_ms: 2, counters: { docs: 6 }, children: [] },
  })
  expect(formatDistributedPlan(staged, [report(0), report(1)])).toContain(
    'FakeSource [rows_out=6, elapsed_ms=2, docs=6]',
  )
})
