import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { CODEC_VERSION } from '@volley/codec'
import { defaultFunctions, FunctionRegistry, SqlState, VolleyError } from '@volley/core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  Coordinator,
  createWorkerServer,
  GrpcWorkerServer,
  identityOf,
  LocalTaskExecutor,
  LocalWorkers,
} from '../src/index.ts'
import { defaultPatience, type Patience } from '../src/grpc/patience.ts'
import { collectNumbers } from './support/collect.ts'
import { FaultExec } from './support/fault-exec.ts'
import { gather, shuffle, stage } from './support/plans.ts'
import { testSession } from './support/session.ts'

/** As patient as need be on a busy machine, and no more. */
const patience: Patience = { helloMs: 1200, beatMs: 250, beatsMissed: 4, endMs: 500 }

function startCoordinator(): Coordinator {
  const coordinator = new Coordinator({ session: testSession(), patience })
  onTestFinished(() => coordinator.close())
  return coordinator
}

async function failure(run: Promise<unknown>): Promise<{ error: VolleyError; seconds: number }> {
  const start = performance.now()
  const error: unknown = await run.then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(VolleyError)
  return { error: error as VolleyError, seconds: (performance.now() - start) / 1000 }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a lost worker is noticed within 5 s', () => {
  const { helloMs, beatMs, beatsMissed, endMs } = defaultPatience
  expect(helloMs).toBeLessThan(5000)
  expect((beatsMissed + 1) * beatMs + endMs).toBeLessThanOrEqual(5000)
})

describe('worker processes', { timeout: 30_000 }, () => {
  let workers: LocalWorkers
  let urls: readonly string[]

  beforeAll(async () => {
    const entry = new URL('support/worker-process.ts', import.meta.url).pathname
    workers = await LocalWorkers.start({ count: 3, command: process.execPath, args: ['-C', '@volley/source', entry] })
    urls = workers.urls
  }, 30_000)

  afterAll(() => workers.close())

  test('run a shuffle between their threads', async () => {
    const plan = shuffle(urls, { producers: 3, consumers: 2, partitions: 2 }, (n, p) => [n * 100 + p, n * 100 + p + 50])
    expect(await collectNumbers(startCoordinator().execute(plan))).toHaveLength(24)
  })

  test('one that is busy without a pause still answers, and is cancelled', async () => {
    const coordinator = startCoordinator()
    const [url] = urls
    const abort = new AbortController()
    const busy = gather([stage(1, 'coalesce', [url!], [new FaultExec('spin')])])
    const failed = failure(collectNumbers(coordinator.execute(busy, { signal: abort.signal })))
    const plan = shuffle([url!], { producers: 1, consumers: 1, partitions: 1 }, () => [1])
    const blocked = coordinator.execute(plan, { signal: AbortSignal.timeout(300) })
    expect((await failure(collectNumbers(blocked))).error.code).toBe(SqlState.queryCanceled)
    abort.abort()
    expect((await failed).error.code).toBe(SqlState.queryCanceled)
    expect(await collectNumbers(coordinator.execute(plan))).toEqual([1])
  })

  test.each([
    ['SIGKILL', 1],
    ['SIGSTOP', 2],
  ] as const)('one that gets %s while it works fails the query within 5 s, by name', async (signal, victim) => {
    const coordinator = startCoordinator()
    const stages = [stage(1, 'coalesce', [urls[0]!, urls[victim]!], [new FaultExec('stall'), new FaultExec('stall')])]
    const execution = coordinator.execute(gather(stages))
    expect((await execution.next())!.numRows).toBe(1000)
    process.kill(workers.pids[victim]!, signal)
    const { error, seconds } = await failure(collectNumbers(execution))
    expect(seconds).toBeLessThan(5)
    expect(error.code).toBe(SqlState.workerLost)
    expect(error.message).toContain(`worker ${urls[victim]!}`)
    expect(error.subject.worker).toBe(urls[victim])

    // The other one is free for the next query.
    const plan = shuffle([urls[0]!], { producers: 1, consumers: 1, partitions: 1 }, () => [1, 2, 3])
    expect(await collectNumbers(coordinator.execute(plan))).toEqual([1, 2, 3])
  })

  test('one that is frozen already is not waited for', async () => {
    const plan = shuffle([urls[2]!], { producers: 1, consumers: 1, partitions: 1 }, () => [1])
    const { error, seconds } = await failure(collectNumbers(startCoordinator().execute(plan)))
    expect(seconds).toBeLessThan(5)
    expect([error.code, error.subject.worker]).toEqual([SqlState.connectionFailure, urls[2]])
  })

  test('are gone when closed, also dead and frozen ones', async () => {
    await workers.close()
    expect(workers.pids.filter(alive)).toEqual([])
  })
})

describe('local workers', { timeout: 30_000 }, () => {
  test('are gone after the process that started them was killed', async () => {
    const script = new URL('support/launch-and-wait.ts', import.meta.url).pathname
    const parent = spawn(process.execPath, ['-C', '@volley/source', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    const pids = line.split(' ').slice(1).map(Number)
    expect(pids.filter(alive)).toHaveLength(1)
    parent.kill('SIGKILL')
    for (let i = 0; i < 300 && pids.some(alive); i++) await sleep(10)
    expect(pids.filter(alive)).toEqual([])
  })

  test('that do not start are an error, and none is left', async () => {
    const start = LocalWorkers.start({ count: 2, command: process.execPath, args: ['-e', 'process.exit(3)'] })
    expect((await failure(start)).error.message).toBe('a local worker ended with status 3 before it was ready')
    const missing = LocalWorkers.start({ count: 1, command: '/does/not/exist', args: [] })
    expect((await failure(missing)).error.message).toContain('a local worker could not be started')
  })
})

describe('a worker that is not one', { timeout: 10_000 }, () => {
  const plan = (url: string): ReturnType<typeof shuffle> =>
    shuffle([url], { producers: 1, consumers: 1, partitions: 1 }, () => [1])

  test('a port that nobody listens on', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    await new Promise((resolve) => server.close(resolve))
    const { error, seconds } = await failure(collectNumbers(startCoordinator().execute(plan(url))))
    expect(seconds).toBeLessThan(5)
    expect([error.code, error.subject.worker]).toEqual([SqlState.connectionFailure, url])
    expect(error.message).toContain(`cannot reach worker ${url}`)
  })

  test.each([
    ['a server that says nothing', (_socket: net.Socket) => {}],
    ['a server that speaks something else', (socket: net.Socket) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n')],
  ])('%s', async (_what, greet) => {
    const sockets = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      greet(socket)
    })
    server.listen(0, '127.0.0.1')
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    })
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    const { error, seconds } = await failure(collectNumbers(startCoordinator().execute(plan(url))))
    expect(seconds).toBeLessThan(5)
    expect([error.code, error.subject.worker]).toEqual([SqlState.connectionFailure, url])
  })

  test('one with other functions is refused, with both versions', async () => {
    const functions = new FunctionRegistry()
    functions.registerScalar({ name: 'only_here' } as never)
    const server = await createWorkerServer({ tasks: { build: () => Promise.resolve(testSession(functions)) } })
    onTestFinished(() => server.close())
    const { error } = await failure(startCoordinator().ready([server.address]))
    expect(error.code).toBe(SqlState.connectionFailure)
    expect(error.message).toBe(
      `worker ${server.address} does not fit: it has function catalogue ${functions.catalogueHash} (here ${defaultFunctions().catalogueHash})`,
    )
  })

  test('one with another codec version is refused, with both versions', async () => {
    const session = testSession()
    const identity = { ...identityOf(session.codec), codecVersion: 99 }
    const coordinator = startCoordinator()
    const server = await GrpcWorkerServer.start({ identity, executor: new LocalTaskExecutor(session, coordinator) })
    onTestFinished(() => server.close())
    const { error } = await failure(collectNumbers(coordinator.execute(plan(server.address))))
    expect([error.code, error.subject.worker]).toEqual([SqlState.connectionFailure, server.address])
    expect(error.message).toBe(`worker ${server.address} does not fit: it has codec version 99 (here ${CODEC_VERSION})`)
  })

  test('one that wants a token is refused without it, and works with it', async () => {
    const build = (): Promise<ReturnType<typeof testSession>> => Promise.resolve(testSession())
    const server = await createWorkerServer({ tasks: { build }, token: 'secret' })
    onTestFinished(() => server.close())
    const { error } = await failure(startCoordinator().ready([server.address]))
    expect([error.code, error.message]).toEqual([
      '28000',
      `worker ${server.address} refuses the token; give both sides the same one`,
    ])
    const trusted = new Coordinator({ session: testSession(), token: 'secret' })
    onTestFinished(() => trusted.close())
    expect(await collectNumbers(trusted.execute(plan(server.address)))).toEqual([1])
  })

  test('a worker does not listen beyond loopback unprotected', async () => {
    const build = (): Promise<ReturnType<typeof testSession>> => Promise.resolve(testSession())
    const { error } = await failure(createWorkerServer({ listen: '0.0.0.0:0', tasks: { build } }))
    expect(error.message).toBe('a worker that listens on 0.0.0.0 needs a token or TLS')
  })
})
