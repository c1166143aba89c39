import os from 'node:os'
import { StaticWorkerResolver } from '@volley/cluster'
import { defaultFunctions, SqlState, VolleyError } from '@volley/core'
import { FileBackedMetastore, MetastoreError } from '@volley/metastore'
import { SessionSettings, type Catalog, type WorkerResolver } from '@volley/planner'
import { QuickwitCatalog } from '@volley/splits'
import { nodeStoreResolver } from '@volley/storage/node'
import { Coordinator, LOCAL_WORKER } from '@volley/worker/coordinator'
import type { LocalWorkers } from '@volley/worker/launcher'
import { fileFunctions, fileNamed } from './files/file-functions.ts'
import { packageFile } from './package-files.ts'
import { physicalRuleNames } from './physical-rules.ts'
import { seriesFunctions } from './tables/series-functions.ts'
import { VolleySession } from './session.ts'
import { sessionThreads } from './session-threads.ts'
import { availableMemory } from './available-memory.ts'
import { createWorkerSession, type WorkerSessionConfig } from './worker-session.ts'
import { threadSettings } from './choose-threads.ts'

export interface ConnectOptions {
  /** As Quickwit takes it: `file:///var/lib/quickwit/indexes`. Without one there are no tables. */
  readonly metastore?: string
  /** Worker processes to start on this machine for the session; 0 runs in this process. */
  readonly localWorkers?: number
  /** `host:port` of workers that run already. */
  /** Threads of this process for a query, where there are no workers; default all cores. `SET threads = n` changes it. */
  readonly threads?: number
  /**
   * Bytes that the queries of the session may hold together, in each process, also written `512MB`; default half of the
   * machine's memory. What does not fit goes to disk. `SET memory_limit = ...` changes it.
   */
  readonly memoryLimit?: number | string
  readonly workerUrls?: readonly string[]
  readonly settings?: ReadonlyMap<string, string> | Readonly<Record<string, string>>
  /** Overwrites freed memory, for tests. */
  readonly poison?: boolean
  /** Whether statements may read and write files of this machine; true unless it is said. */
  readonly files?: boolean
  readonly signal?: AbortSignal
}

/**
 * Opens a session.
 *
 * @throws VolleyError for a metastore URI that leads nowhere, an unknown setting, or a worker that does not answer.
 */
export async function connect(options: ConnectOptions = {}): Promise<VolleySession> {
  const settings = new SessionSettings({
    cores: os.availableParallelism(),
    memory: Math.floor(availableMemory() / 2),
    definitions: threadSettings(os.availableParallelism()),
    physicalRules: physicalRuleNames,
  })
  const given = options.settings instanceof Map ? options.settings : Object.entries(options.settings ?? {})
  for (const [name, value] of given as Iterable<[string, string]>) settings.set(name, value)
  if (options.memoryLimit !== undefined) settings.set('memory_limit', options.memoryLimit)
  if (options.threads !== undefined) settings.set('threads', options.threads)
  const metastore = options.metastore === undefined ? null : await openMetastore(options.metastore)
  const local = options.localWorkers ?? 0
  // Workers of one's own serve nobody else: another user of this machine could have them read files.
  const token = local === 0 ? process.env.VOLLEY_WORKER_TOKEN : crypto.randomUUID()
  const launched = local === 0 ? null : await startLocalWorkers(local, token!)
  const urls = launched?.urls ?? options.workerUrls ?? []
  const functions = defaultFunctions()
  const config: WorkerSessionConfig = { roots: null, poison: options.poison ?? false }
  const own = createWorkerSession(config, { functions })
  const coordinator = new Coordinator({
    session: own,
    threads: sessionThreads(config, (what, args) => own.parts.answer(what, args)),
    ...(token === undefined ? {} : { token }),
  })
  const dispose = async () => {
    await coordinator.close()
    await launched?.close()
  }
  try {
    await coordinator.ready(urls)
  } catch (error) {
    await dispose()
    throw error
  }
  return new VolleySession({
    settings,
    functions,
    coordinator,
    opener: own.opener,
    workers: urls.length === 0 ? inProcess : new StaticWorkerResolver(urls),
    newCatalog: () => (metastore === null ? noTables : new QuickwitCatalog(metastore)),
    files: options.files ?? true,
    tableFunctions: options.files === false ? seriesFunctions : new Map([...seriesFunctions, ...fileFunctions]),
    ...(options.files === false ? {} : { fileNamed }),
    dispose,
  })
}

const inProcess: WorkerResolver = { getUrls: () => Promise.resolve([LOCAL_WORKER]) }

const noTables: Catalog = {
  async table() {
    return null
  },
  async tableFunction() {
    return null
  },
  async tableNames() {
    return []
  },
}

async function openMetastore(uri: string): Promise<FileBackedMetastore> {
  try {
    const metastore = FileBackedMetastore.open(uri, nodeStoreResolver())
    await metastore.listIndexIds()
    return metastore
  } catch (error) {
    if (!(error instanceof MetastoreError)) throw error
    throw new VolleyError(error.message, { code: SqlState.ioError, cause: error })
  }
}

async function startLocalWorkers(count: number, token: string): Promise<LocalWorkers> {
  const { LocalWorkers } = await import('@volley/worker/launcher')
  return LocalWorkers.start({
    count,
    command: process.execPath,
    args: [packageFile('bin/volley.js'), 'worker', '--listen', '127.0.0.1:0', '--with-parent'],
    env: { ...process.env, VOLLEY_WORKER_TOKEN: token },
  })
}
