import { PlanCodec } from '@volley/codec'
import { defaultFunctions, formatPlan, HashJoinExec, typeKey, type ExecutionPlan } from '@volley/core'
import { NetworkExec, type DistributedPlan, type StageTask } from '@volley/planner'
import { SplitSource, tantivyCodecs, type SplitRef } from '@volley/splits'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { PlanRunner, explainQuery, multisetDifference, measuredSession, withDescendants } from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { anyQuery } from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const runner = new PlanRunner()
afterAll(() => runner.close())
const codec = new PlanCodec(defaultFunctions(), tantivyCodecs)

const settings = fc.record({
  target_partitions: fc.constantFrom(1, 2, 3, 7),
  broadcast_threshold_bytes: fc.constantFrom(0, 10_485_760),
  repartition_groups_above: fc.constantFrom(0, 10_000),
})

// Tags are for pruning, which is over when a plan is sent.
expect.addEqualityTesters([
  function (this: { equals: (a: unknown, b: unknown) => boolean }, a: unknown, b: unknown) {
    if (!isSplitRef(a) || !isSplitRef(b)) return undefined
    const [{ tags: _a, ...left }, { tags: _b, ...right }] = [a, b]
    return this.equals(Object.entries(left), Object.entries(right))
  },
])

function isSplitRef(value: unknown): value is SplitRef {
  return typeof value === 'object' && value !== null && 'splitId' in value && 'footerStart' in value
}

/** Plans of random queries over random splits, for one to five workers. */
async function withPlans(
  numRuns: number,
  check: (plan: DistributedPlan, splitIds: readonly string[], table: string) => Promise<void> | void,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      corpora({ maxDocs: 30, maxSplits: 6 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(anyQuery, settings), { minLength: 6, maxLength: 6 }),
      async (corpus, workers, queries) => {
        const { indexId, splits } = await sessions.tree.publish(corpus)
        const urls = Array.from({ length: workers }, (_, i) => `10.0.0.${i + 1}:7700`)
        const { session } = measuredSession(sessions.tree.uri, urls)
        try {
          for (const [query, setting] of queries) {
            const { distributed } = await explainQuery(session, query.sql(indexId), setting)
            await check(
              distributed,
              splits.map(({ splitId }) => splitId),
              indexId,
            )
          }
        } finally {
          await session.close()
        }
      },
    ),
    { numRuns: numRuns * MORE },
  )
}

const sourcesOf = (plan: ExecutionPlan): SplitSource[] =>
  withDescendants(plan).filter((node) => node instanceof SplitSource)

test('5: a split is read by one task of a stage, and all splits are read', { timeout: 60_000 * MORE }, async () => {
  let shared = 0
  await withPlans(12, (plan, splitIds) => {
    for (const { plan: stagePlan, tasks } of plan.stages) {
      if (sourcesOf(stagePlan).length === 0) continue
      const planned = new Set(
        sourcesOf(stagePlan).flatMap((source) => source.table.layout.splits.map((split) => split.splitId)),
      )
      expect(tasks.flatMap((task) => task.splits).sort()).toEqual([...planned].sort())
      expect(splitIds).toEqual(expect.arrayContaining([...planned]))
      expect(new Set(tasks.map((task) => task.worker)).size).toBe(tasks.length)
      for (const task of tasks) expectOwnShare(task)
      if (tasks.length > 1) shared++
    }
  })
  expect(shared).toBeGreaterThan(10)
})

/** All sources of a task read exactly its splits, those of one scan by one layout. */
function expectOwnShare(task: StageTask): void {
  const sources = sourcesOf(task.plan)
  const read = new Set(sources.flatMap((source) => source.table.layout.splits.map((split) => split.splitId)))
  expect([...read].sort()).toEqual([...task.splits].sort())
  const layouts = new Map(sources.map((source) => [source.table.layout.parentId, source.table.layout.layoutId]))
  for (const { table } of sources) expect(table.layout.layoutId).toBe(layouts.get(table.layout.parentId))
}

test('22: all tasks of a stage give the same schema and partitions', { timeout: 60_000 * MORE }, async () => {
  let tasks = 0
  await withPlans(12, (plan) => {
    for (const stage of plan.stages) {
      const shape = shapeOf(stage.plan)
      for (const task of stage.tasks) expect(shapeOf(task.plan)).toBe(shape)
      tasks += stage.tasks.length
    }
    for (const reader of [plan.root, ...plan.stages.flatMap((stage) => stage.tasks.map((task) => task.plan))].flatMap(
      networkReaders,
    )) {
      const stage = plan.stages.find(({ id }) => id === reader.stageId)!
      expect(reader.producers.map(({ worker }) => worker)).toEqual(stage.tasks.map(({ worker }) => worker))
      expect(schemaOf(reader)).toBe(schemaOf(stage.plan))
    }
  })
  expect(tasks).toBeGreaterThan(50)
})

const networkReaders = (plan: ExecutionPlan): NetworkExec[] =>
  withDescendants(plan).filter((node) => node instanceof NetworkExec)

function schemaOf(plan: ExecutionPlan): string {
  return plan.schema.fields.map(({ name, type, nullable }) => `${name} ${typeKey(type)} ${nullable}`).join(', ')
}

function shapeOf(plan: ExecutionPlan): string {
  return `${plan.partitioning.count}: ${schemaOf(plan)}`
}

test(
  '8: both sides of a partitioned join are dealt by its keys to the same tasks and partitions',
  { timeout: 60_000 * MORE },
  async () => {
    let joins = 0
    await withPlans(25, (plan) => {
      for (const stage of plan.stages) {
        for (const { plan: taskPlan } of stage.tasks) {
          for (const join of withDescendants(taskPlan)) {
            if (!(join instanceof HashJoinExec) || join.mode !== 'partitioned') continue
            joins++
            const readers = [join.left, join.right].map((side) => networkReaders(side)[0]!)
            expect(join.left.partitioning.count).toBe(join.right.partitioning.count)
            for (const [i, reader] of readers.entries()) {
              expect(reader.kind).toBe('NetworkShuffleExec')
              const { partitioning } = plan.stages.find(({ id }) => id === reader.stageId)!.plan
              expect(partitioning.kind).toBe('hash')
              const keys = join.on.map((key) => String(i === 0 ? key.left : key.right))
              expect((partitioning as { exprs: readonly unknown[] }).exprs.map(String)).toEqual(keys)
            }
          }
        }
      }
    })
    expect(joins).toBeGreaterThan(3)
  },
)

test('23: a plan comes out of the codec as it went in, and runs the same', { timeout: 60_000 * MORE }, async () => {
  const kinds = new Set<string>()
  let rows = 0
  await withPlans(10, async (plan) => {
    for (const stage of plan.stages) {
      for (const task of stage.tasks) {
        const bytes = codec.encodePlan(task.plan)
        const decoded = codec.decodePlan(bytes)
        expect(formatPlan(decoded)).toBe(formatPlan(task.plan))
        expect(shapeOf(decoded)).toBe(shapeOf(task.plan))
        expect(decoded).toEqual(task.plan)
        expect(Buffer.from(codec.encodePlan(decoded)).equals(bytes)).toBe(true)
        for (const node of withDescendants(task.plan)) kinds.add(node.kind)
        if (stage.inputs.length > 0 || rows > 500) continue
        const [expected, actual] = [await runner.run(task.plan), await runner.run(decoded)]
        expect(actual).toHaveLength(expected.length)
        for (const [i, partition] of expected.entries()) expect(multisetDifference(actual[i]!, partition)).toBeNull()
        rows += expected.flat().length
      }
    }
  })
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      'AggregateExec',
      'DocIdJoinExec',
      'DocumentExec',
      'FastFieldExec',
      'FilterExec',
      'HashJoinExec',
      'InvertedIndexExec',
      'NetworkBroadcastExec',
      'ProjectionExec',
      'SortExec',
      'TantivyAggregateExec',
    ]),
  )
  expect(rows).toBeGreaterThan(100)
})
