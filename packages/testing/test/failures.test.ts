import fs from 'node:fs'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlanCodec } from '@volley/codec'
import { defaultFunctions } from '@volley/core'
import { GrpcWorkerServer, identityOf, LocalTaskExecutor } from '@volley/worker'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { createWorkerSession } from 'volley'
import {
  childrenOf,
  isRunning,
  runVolley,
  startWorker,
  TestTree,
  VolleyCommand,
  type Outcome,
  type PublishedSplit,
} from '../src/index.ts'
import { sampleDocuments } from './support/arbitrary-corpus.ts'

let tree: TestTree
let good: string

beforeAll(async () => {
  tree = await TestTree.create()
  good = (await publish()).indexId
})
afterAll(() => tree.remove())

async function publish(): Promise<{ readonly indexId: string; readonly split: PublishedSplit }> {
  const placed = sampleDocuments(200, 3).map((document, i) => ({
    document,
    split: i % 4,
    segment: (i >> 2) % 2,
    deleted: false,
  }))
  const { indexId, splits } = await tree.publish({ placed, ages: [] })
  return { indexId, split: splits[1]! }
}

function sql(text: string, ...options: string[]): Promise<Outcome> {
  return runVolley(['sql', '--metastore', tree.uri, ...options, text])
}

/** One line on standard error that names the thing; no stack. */
function expectOneLine({ status, stderr }: Outcome, ...parts: readonly (string | RegExp)[]): void {
  expect(stderr).toMatch(/^error[^\n]*\n$/)
  for (const part of parts) expect(stderr).toMatch(part)
  expect(stderr).not.toMatch(/ at .*\.(ts|js):\d+|internal error|undefined/)
  expect(status).toBe(1)
}

const named = (text: string): RegExp => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`))

describe.concurrent('a query that cannot be', { timeout: 90_000 }, () => {
  test.each([
    [
      'an unknown column',
      (t: string) => `SELECT levl FROM "${t}"`,
      [/42703/, /levl/, /did you mean "?level/, /line 1, column 8/],
    ],
    ['an unknown table', () => 'SELECT 1 FROM nowhere', [/42P01/, /nowhere/]],
    ['an unknown setting', () => 'SET target_partition = 3', [/target_partition/, /did you mean "target_partitions"/]],
    ['a syntax error', () => 'SELECT 1 +\n  , 2', [/42601/, /line 2, column 3/]],
    [
      'a query string that is none',
      (t: string) => `SELECT id FROM "${t}" WHERE body @@ 'alpha AND ('`,
      [/alpha AND \(/],
    ],
    [
      'a search of a field that is not indexed',
      (t: string) => `SELECT id FROM "${t}" WHERE match(note, 'x')`,
      [/note/, /not indexed/],
    ],
    ['a division by zero', (t: string) => `SELECT id / (id - id) FROM "${t}"`, [/22012/, /division by zero/]],
  ] as const)('%s', async (_what, text, parts) => {
    const outcome = await sql(text(good))
    expectOneLine(outcome, ...parts)
    expect(outcome.stdout).toBe('')
  })
})

describe.concurrent('a metastore that is not one', { timeout: 90_000 }, () => {
  test.each([
    ['a folder that is not there', 'file:///no/such/folder', [/no\/such\/folder/]],
    ['an unknown scheme', 's4://bucket/indexes', [/s4/]],
    ['a server that is not there', 'http://127.0.0.1:1/indexes', [/127\.0\.0\.1:1/]],
  ] as const)('%s', async (_what, uri, parts) => {
    expectOneLine(await runVolley(['sql', '--metastore', uri, 'SELECT 1 FROM logs']), ...parts)
  })

  test('an index whose file is damaged', async () => {
    const { indexId } = await publish()
    fs.writeFileSync(`${tree.root}/indexes/${indexId}/metastore.json`, '{"version": "0.9", "index": {')
    expectOneLine(await sql(`SELECT 1 FROM "${indexId}"`), /XX001/, named(indexId))
  })
})

describe.concurrent('a split that is damaged', () => {
  test.each([
    ['missing', (file: string) => fs.rmSync(file)],
    ['cut in the middle', (file: string) => fs.truncateSync(file, fs.statSync(file).size >> 1)],
    ['cut at its end', (file: string) => fs.truncateSync(file, fs.statSync(file).size - 7)],
    ['empty', (file: string) => fs.truncateSync(file, 0)],
    ['with a damaged footer', (file: string) => overwrite(file, -40, 40)],
    ['with damaged contents', (file: string) => overwrite(file, 0, fs.statSync(file).size - 6000)],
  ] as const)('%s', { timeout: 90_000 }, async (_what, damage) => {
    const { indexId, split } = await publish()
    damage(split.path)
    const query = `SELECT count(*), max(note), max(n) FROM "${indexId}" WHERE match(body, 'alpha')`
    expectOneLine(await sql(query), named(split.splitId))
    expectOneLine(await sql(query, ...inject('workerUrls').flatMap((url) => ['--worker', url])), named(split.splitId))
  })
})

/** Writes 0xff over bytes of a file, from its end for a negative offset. */
function overwrite(file: string, offset: number, length: number): void {
  const bytes = fs.readFileSync(file)
  const start = offset < 0 ? bytes.length + offset : offset
  bytes.fill(0xff, start, start + length)
  fs.writeFileSync(file, bytes)
}

describe('a worker that', { timeout: 90_000 }, () => {
  /** Rows without end, as far as a test is concerned. */
  const endless = (): string => `SELECT a.id, b.id, c.id, d.id FROM "${good}" a, "${good}" b, "${good}" c, "${good}" d`

  test('is not there', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
    await new Promise((resolve) => server.close(resolve))
    expectOneLine(await sql(`SELECT 1 FROM "${good}"`, '--worker', address), /08006/, named(address))
  })

  test.each([
    ['codec version', { codecVersion: 999 }],
    ['function catalogue', { functions: 'other' }],
  ] as const)('has another %s', async (what, difference) => {
    const session = createWorkerSession({ roots: null })
    const identity = { ...identityOf(new PlanCodec(defaultFunctions(), [])), ...difference }
    const executor = new LocalTaskExecutor(session, { openPartition: () => expect.fail('nothing is exchanged') })
    const server = await GrpcWorkerServer.start({ executor, identity, threads: 1 })
    onTestFinished(() => server.close())
    const outcome = await sql(`SELECT 1 FROM "${good}"`, '--worker', server.address)
    expectOneLine(outcome, /08006/, named(server.address), named(`${what} ${Object.values(difference)[0]}`))
  })

  test.each(['SIGKILL', 'SIGSTOP'] as const)('gets %s in the middle of a query ends it within 5 s', async (signal) => {
    const workers = await Promise.all([startWorker(), startWorker()])
    onTestFinished(() => workers.forEach(({ command }) => command.signal('SIGKILL')))
    const addresses = workers.flatMap(({ address }) => ['--worker', address])
    const command = new VolleyCommand(['sql', '--metastore', tree.uri, ...addresses, endless()])
    onTestFinished(() => command.signal('SIGKILL'))
    await command.firstOutput()
    expect(command.stdout).toMatch(/^\{/)
    const start = performance.now()
    workers[1]!.command.signal(signal)
    const outcome = await command.outcome
    expect(performance.now() - start).toBeLessThan(5000)
    expectOneLine(outcome, /57P03|08006/, named(workers[1]!.address))
  })

  test.each([[[]], [['--with-parent']]])('runs already (%j) ends with status 0 when it is told to', async (args) => {
    const { command } = await startWorker(args)
    command.signal('SIGTERM')
    expect(await command.outcome).toMatchObject({ status: 0, stderr: '' })
  })

  test('may only open splits under its root names what it refuses', async () => {
    const { command, address } = await startWorker(['--root', 'file:///somewhere/else'])
    onTestFinished(() => command.signal('SIGKILL'))
    expectOneLine(await sql(`SELECT count(n) FROM "${good}"`, '--worker', address), named(good))
  })

  test.each([
    ['', false],
    [' of a terminal', true],
  ] as const)('was started for a command is gone after a Ctrl-C%s', async (_what, group) => {
    const command = new VolleyCommand(['sql', '--metastore', tree.uri, '--workers', '2', endless()], { detached: true })
    onTestFinished(() => command.signal('SIGKILL'))
    await command.firstOutput()
    const workers = childrenOf(command.pid)
    if (process.platform === 'linux') expect(workers).toHaveLength(2)
    command.signal('SIGINT', group)
    const outcome = await command.outcome
    expect([outcome.status, outcome.stderr]).toEqual([130, 'interrupted\n'])
    for (let i = 0; i < 50 && workers.some(isRunning); i++) await sleep(20)
    expect(workers.filter(isRunning)).toEqual([])
  })

  test('was started for a command is gone when the command is killed', async () => {
    const command = new VolleyCommand(['sql', '--metastore', tree.uri, '--workers', '2', endless()])
    await command.firstOutput()
    const workers = childrenOf(command.pid)
    command.signal('SIGKILL')
    await command.outcome
    for (let i = 0; i < 150 && workers.some(isRunning); i++) await sleep(20)
    expect(workers.filter(isRunning)).toEqual([])
  })
})

describe.concurrent('wrong usage ends with status 2', { timeout: 90_000 }, () => {
  test.each([
    [['frobnicate'], /frobnicate/],
    [['sql', '--nope', 'SELECT 1'], /--nope/],
    [['sql', '--workers', 'many', 'SELECT 1'], /--workers.*many/],
    [['sql', '--worker', 'nohost', 'SELECT 1'], /--worker.*nohost/],
    [['sql', '--workers', '2', '--worker', '127.0.0.1:1', 'SELECT 1'], /--workers.*--worker/],
    [['sql', '--set', 'nonsense', 'SELECT 1'], /--set.*nonsense/],
    [['sql', '--format', 'xml', 'SELECT 1'], /--format.*xml/],
    [['sql', '-f', '/no/such/file.sql'], /no\/such\/file\.sql/],
    [['worker', '--listen', '0.0.0.0:0'], /--root/],
    [[], /volley sql/],
  ] as const)('%j', async (args, part) => {
    const { status, stdout, stderr } = await runVolley(args)
    expect(`${stdout}${stderr}`).toMatch(part)
    expect(stderr).not.toMatch(/ at .*\.(ts|js):\d+/)
    expect(status).toBe(2)
  })
})
