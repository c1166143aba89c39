import { setTimeout as sleep } from 'node:timers/promises'
import { FilterExec, LimitExec, literal, SqlState, VolleyError, type ExecutionPlan } from '@volley/core'
import { NetworkShuffleExec } from '@volley/planner'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Coordinator,
  createWorkerServer,
  GrpcWorkerClient,
  identityOf,
  LOCAL_WORKER,
  type LocalTaskExecutor,
  type WorkerServer,
} from '../src/index.ts'
import { collectNumbers } from './support/collect.ts'
import { FaultExec } from './support/fault-exec.ts'
import { gather, producersOf, schema, stage } from './support/plans.ts'
import { testSession, type TestSession } from './support/session.ts'

const sessions: TestSession[] = []
let servers: WorkerServer[] = []
let coordinator: Coordinator
let urls: string[] = []

beforeAll(async () => {
  const build = (): Promise<TestSession> => {
    sessions.push(testSession())
    return Promise.resolve(sessions.at(-1)!)
  }
  servers = await Promise.all([1, 2].map(() => createWorkerServer({ tasks: { build }, leaseSeconds: 1 })))
  urls = servers.map((server) => server.address)
  coordinator = new Coordinator({ session: await build() })
})

afterAll(async () => {
  await coordinator.close()
  await Promise.all(servers.map((server) => server.close()))
})

/** Two stages of two tasks each over a leaf with a fault. */
function faulty(
  fault: ConstructorParameters<typeof FaultExec>[0],
  workers: readonly string[],
): ReturnType<typeof gather> {
  const leaves = [new FaultExec(fault, 2), new FaultExec(fault, 2)]
  const first = stage(1, 'shuffle', workers, leaves)
  const readers = [0, 1].map(
    (m) => new FilterExec(new NetworkShuffleExec(1, producersOf(first), schema, [], 1, m), literal(true)),
  )
  return gather([first, stage(2, 'coalesce', workers, readers, [first])])
}

/** Waits until no task, stream or block is left anywhere. */
async function expectNothingLeft(): Promise<void> {
  const left = (): number[] => [
    ...sessions.map((session) => session.arena.liveBlocks),
    ...servers.map((server) => (server.executor as LocalTaskExecutor).liveTasks),
    ...servers.map((server) => server.openStreams),
    coordinator.openStreams,
  ]
  for (let i = 0; i < 500 && left().some((count) => count > 0); i++) await sleep(10)
  expect(left()).toEqual(left().map(() => 0))
}

async function failure(run: Promise<unknown>): Promise<VolleyError> {
  const error: unknown = await run.then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(VolleyError)
  return error as VolleyError
}

describe.each([
  ['on workers', () => urls],
  ['in this process', () => [LOCAL_WORKER]],
])('a query %s', { timeout: 30_000 }, (_where, workers) => {
  test('that is closed early leaves nothing', async () => {
    const execution = coordinator.execute(faulty('endless', workers()))
    for (let i = 0; i < 5; i++) expect((await execution.next())!.numRows).toBeGreaterThan(0)
    await execution.close()
    expect(await execution.next()).toBe(null)
    await expectNothingLeft()
  })

  test('under a LIMIT ends by itself', async () => {
    const plan = faulty('endless', workers())
    const root: ExecutionPlan = new LimitExec(plan.root, 0, 2500)
    const execution = coordinator.execute({ ...plan, root })
    expect(await collectNumbers(execution)).toHaveLength(2500)
    await expectNothingLeft()
  })

  test('that is cancelled while it waits ends at once', async () => {
    const abort = new AbortController()
    const execution = coordinator.execute(faulty('stall', workers()), { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    const error = await failure(collectNumbers(execution))
    expect([error.code, error.message]).toEqual([SqlState.queryCanceled, 'the query was cancelled'])
    await expectNothingLeft()
  })

  test('that is closed before it starts, or cancelled before, does nothing', async () => {
    const unused = coordinator.execute(faulty('endless', workers()))
    await unused.close()
    expect(await unused.next()).toBe(null)
    const execution = coordinator.execute(faulty('endless', workers()), { signal: AbortSignal.abort() })
    expect((await failure(collectNumbers(execution))).code).toBe(SqlState.queryCanceled)
    await expectNothingLeft()
  })

  test('that fails in a task fails with the error of the task, and where', async () => {
    const error = await failure(collectNumbers(coordinator.execute(faulty('fail', workers()))))
    expect([error.code, error.message]).toEqual([SqlState.dataCorrupted, 'the split 01J is damaged'])
    expect(error.subject.split).toBe('01J')
    if (workers() === urls) expect(urls).toContain(error.subject.worker)
    await expectNothingLeft()
  })
})

describe('a coordinator that goes away', { timeout: 30_000 }, () => {
  test('without a word loses its lease', async () => {
    const { codec } = sessions[0]!
    const client = new GrpcWorkerClient(urls[0]!, identityOf(codec))
    const plan = codec.encodePlan(new FaultExec('endless'))
    const task = { query: 'silent', stage: 1, task: 0, attempt: 0 }
    await client.createTasks([{ ...task, plan, settings: new Map(), consumers: 1, worker: urls[0]! }])
    const frames = client.openPartition({ ...task, partition: 0 })
    expect((await frames.next())!.body.kind).toBe('data')
    expect((servers[0]!.executor as LocalTaskExecutor).liveTasks).toBe(1)
    let last = await frames.next()
    while (last!.body.kind === 'data') last = await frames.next()
    expect(last!.body).toMatchObject({ kind: 'error', error: { message: 'the coordinator is gone' } })
    await client.close()
    await expectNothingLeft()
  })

  test('leaves nothing on the workers', async () => {
    const session = testSession()
    const other = new Coordinator({ session })
    const execution = other.execute(faulty('endless', urls))
    await execution.next()
    expect((servers[0]!.executor as LocalTaskExecutor).liveTasks).toBeGreaterThan(0)
    await other.close()
    await expectNothingLeft()
    expect(session.arena.liveBlocks).toBe(0)
  })
})
