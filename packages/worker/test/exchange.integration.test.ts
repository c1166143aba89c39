import { SqlState } from '@volley/core'
import { NetworkShuffleExec } from '@volley/planner'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Coordinator, createWorkerServer, LOCAL_WORKER, ThreadTaskExecutor, type WorkerServer } from '../src/index.ts'
import { collectNumbers } from './support/collect.ts'
import { FaultExec } from './support/fault-exec.ts'
import { broadcast, gather, producersOf, schema, shuffle, stage } from './support/plans.ts'
import { testSession, type TestSession } from './support/session.ts'

/** Workers on sockets whose sessions are in this process, so that their arenas can be looked at. */
const sessions: TestSession[] = []
let servers: WorkerServer[] = []
let coordinator: Coordinator
let urls: string[] = []

beforeAll(async () => {
  const build = (): Promise<TestSession> => {
    const session = testSession()
    sessions.push(session)
    return Promise.resolve(session)
  }
  servers = await Promise.all([1, 2, 3].map(() => createWorkerServer({ tasks: { build } })))
  urls = servers.map((server) => server.address)
  const session = testSession()
  sessions.push(session)
  coordinator = new Coordinator({ session })
})

afterAll(async () => {
  await coordinator.close()
  await Promise.all(servers.map((server) => server.close()))
})

const shape = fc.record({
  producers: fc.integer({ min: 1, max: 4 }),
  consumers: fc.integer({ min: 1, max: 3 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  rows: fc.integer({ min: 0, max: 2500 }),
  workers: fc.integer({ min: 0, max: 3 }),
})

/** Distinct numbers of a producer's partition; every third partition is empty. */
function rowsOf(producer: number, partition: number, count: number): number[] {
  if ((producer + partition) % 3 === 2) return []
  return Array.from({ length: count }, (_, i) => producer * 1_000_000 + partition * 10_000 + i)
}

function workersOf(count: number): readonly string[] {
  return count === 0 ? [LOCAL_WORKER] : urls.slice(0, count)
}

function expectNothingLeft(): void {
  for (const { arena } of sessions) expect(arena.liveBlocks).toBe(0)
  expect(coordinator.openStreams).toBe(0)
}

describe('exchanges over sockets', { timeout: 30_000 }, () => {
  test('a shuffle of N producers, M consumers and P partitions gives each row once', async () => {
    let rowsSeen = 0
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, workers, ...sizes }) => {
        const plan = shuffle(workersOf(workers), sizes, (producer, partition) => rowsOf(producer, partition, rows))
        const expected: number[] = []
        for (let n = 0; n < sizes.producers; n++) {
          for (let p = 0; p < sizes.consumers * sizes.partitions; p++) expected.push(...rowsOf(n, p, rows))
        }
        expect(await collectNumbers(coordinator.execute(plan))).toEqual(expected.sort((a, b) => a - b))
        rowsSeen += expected.length
        expectNothingLeft()
      }),
      { numRuns: 12 },
    )
    expect(rowsSeen).toBeGreaterThan(1000)
  })

  test('a broadcast arrives once at each consumer and is computed once', async () => {
    let rowsSeen = 0
    await fc.assert(
      fc.asyncProperty(shape, async ({ rows, workers, ...sizes }) => {
        const plan = broadcast(workersOf(workers), sizes, (producer, partition) => rowsOf(producer, partition, rows))
        const once: number[] = []
        for (let n = 0; n < sizes.producers; n++)
          for (let p = 0; p < sizes.partitions; p++) once.push(...rowsOf(n, p, rows))
        const expected = Array.from({ length: sizes.consumers }, () => once).flat()
        const execution = coordinator.execute(plan)
        expect(await collectNumbers(execution)).toEqual(expected.sort((a, b) => a - b))
        const [producers, consumers] = execution.metrics.stages
        expect(producers!.plan!.rowsOut).toBe(once.length)
        expect(consumers!.plan!.rowsOut).toBe(expected.length)
        rowsSeen += expected.length
        expectNothingLeft()
      }),
      { numRuns: 12 },
    )
    expect(rowsSeen).toBeGreaterThan(1000)
  })

  test('the metrics of every task come back', async () => {
    const sizes = { producers: 2, consumers: 3, partitions: 2 }
    const execution = coordinator.execute(shuffle(urls, sizes, (n, p) => rowsOf(n, p, 500)))
    const rows = await collectNumbers(execution)
    const { root, stages } = execution.metrics
    expect(root.rowsOut).toBe(rows.length)
    expect(stages.map((stage) => [stage.id, stage.tasks.length, stage.plan?.name])).toEqual([
      [1, 2, 'MemoryExec'],
      [2, 3, 'NetworkShuffleExec'],
    ])
    for (const stage of stages) {
      expect(stage.plan!.rowsOut).toBe(rows.length)
      expect(stage.tasks.reduce((sum, task) => sum + task.rowsOut, 0)).toBe(rows.length)
      expect(stage.tasks.every((task) => urls.includes(task.worker) && task.bytesOut > 0)).toBe(true)
    }
  })

  test('a large partition goes through in messages under credit', async () => {
    const rows = Array.from({ length: 1_000_000 }, (_, i) => i)
    const plan = shuffle(urls.slice(0, 2), { producers: 1, consumers: 1, partitions: 1 }, () => rows)
    const execution = coordinator.execute(plan)
    let count = 0
    let sum = 0
    for (let batch = await execution.next(); batch !== null; batch = await execution.next()) {
      count += batch.numRows
      for (const value of (batch.columns[0] as unknown as { values: Int32Array }).values) sum += value
    }
    await execution.close()
    expect([count, sum]).toEqual([1_000_000, (1_000_000 * 999_999) / 2])
    expectNothingLeft()
  })
})

describe('exchanges between threads', () => {
  test('of one process are the same', { timeout: 30_000 }, async () => {
    const entry = new URL('support/task-thread.ts', import.meta.url)
    const execArgv = ['-C', '@volley/source']
    const session = testSession()
    let executor: ThreadTaskExecutor | null = null
    const names = ['local:0', 'local:1']
    const threaded = new Coordinator({
      session,
      threads: async (source) => (executor = new ThreadTaskExecutor({ entry, packed: true, execArgv }, source)),
    })
    try {
      const sizes = { producers: 3, consumers: 2, partitions: 2 }
      const rows = (n: number, p: number): number[] => rowsOf(n, p, 400)
      const shuffled = threaded.execute(shuffle(names, sizes, rows))
      expect(await collectNumbers(shuffled)).toEqual(
        await collectNumbers(coordinator.execute(shuffle(urls, sizes, rows))),
      )
      expect(shuffled.metrics.stages.every((stage) => stage.tasks.every((task) => task.bytesOut > 0))).toBe(true)
      const copies = threaded.execute(broadcast(names, sizes, rows))
      expect(await collectNumbers(copies)).toHaveLength(2 * 4 * 400)
      expect(copies.metrics.stages[0]!.plan!.rowsOut).toBe(4 * 400)

      // A thread that dies is an error; the next query has a new one.
      const dying = stage(1, 'shuffle', names, [new FaultExec('die', 2), new FaultExec('endless', 2)])
      const readers = names.map((_, m) => new NetworkShuffleExec(1, producersOf(dying), schema, [], 1, m))
      const lost = threaded.execute(gather([dying, stage(2, 'coalesce', names, readers, [dying])]))
      await expect(collectNumbers(lost)).rejects.toMatchObject({ code: SqlState.workerLost })
      expect(await collectNumbers(threaded.execute(shuffle(names, sizes, rows)))).toHaveLength(3200)

      // One that spins hears that its query has ended.
      const spinning = gather([stage(1, 'coalesce', names, [new FaultExec('spin'), new FaultExec('spin')])])
      const cancelled = threaded.execute(spinning, { signal: AbortSignal.timeout(50) })
      await expect(collectNumbers(cancelled)).rejects.toMatchObject({ code: SqlState.queryCanceled })

      expect(session.arena.liveBlocks).toBe(0)
      expect(await executor!.liveBytes()).toEqual([0, 0])
    } finally {
      await threaded.close()
    }
  })
})
