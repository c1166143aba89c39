import { internalError, type BatchStream } from '@volley/core'
import type { DistributedPlan } from '@volley/planner'
import { WorkerPool } from '../exchange/worker-pool.ts'
import type { FrameStream, PartitionKey } from '../frames/frame.ts'
import type { Patience } from '../grpc/patience.ts'
import type { PeerSecurity } from '../grpc/security.ts'
import { identityOf } from '../identity.ts'
import { LocalTaskExecutor } from '../tasks/local-task-executor.ts'
import type { FrameSource, TaskExecutor } from '../tasks/task-executor.ts'
import type { WorkerSession } from '../tasks/worker-session.ts'
import { DistributedExecution } from './distributed-execution.ts'
import { LOCAL_WORKER } from './local-worker.ts'

export interface CoordinatorOptions extends PeerSecurity {
  /** What the root of a plan and tasks of the worker `local` run with, in this thread. Closed with the coordinator. */
  readonly session: WorkerSession
  /** How long workers are waited for; by default, a lost one fails its queries within 5 s. */
  readonly patience?: Patience
  /** Makes what runs tasks of workers named `local:N`, when the first plan has one. Closed with the coordinator. */
  readonly threads?: (source: FrameSource) => Promise<TaskExecutor>
}

export interface ExecuteOptions {
  readonly settings?: ReadonlyMap<string, string>
  readonly signal?: AbortSignal
}

/** Runs distributed plans on workers, and on itself: holds the connections that queries share. */
export class Coordinator implements FrameSource {
  readonly session: WorkerSession
  readonly #pool: WorkerPool
  readonly #local: LocalTaskExecutor
  readonly #makeThreads: CoordinatorOptions['threads']
  #starting: Promise<TaskExecutor> | null = null
  #threads: TaskExecutor | null = null
  readonly #executions = new Set<DistributedExecution>()
  /** Tells queries of this coordinator from those of others. */
  readonly #name: string = uniqueName()
  #queries = 0

  constructor(options: CoordinatorOptions) {
    const { session, token, tls } = options
    this.session = session
    this.#pool = new WorkerPool(
      identityOf(session.codec),
      { ...(token ? { token } : {}), ...(tls ? { tls } : {}) },
      options.patience,
    )
    this.#local = new LocalTaskExecutor(session, this)
    this.#makeThreads = options.threads
  }

  /** Partitions that are being received from other workers. */
  get openStreams(): number {
    return this.#pool.openStreams
  }

  /**
   * Waits until every worker has said hello.
   *
   * @throws VolleyError when one is not there, or is of another version.
   */
  async ready(workers: readonly string[]): Promise<void> {
    await Promise.all(workers.filter((url) => !isLocal(url)).map(async (url) => (await this.#pool.client(url)).ready()))
  }

  /** Starts a plan with the first `next`. The caller must close what it gets. */
  execute(plan: DistributedPlan, options: ExecuteOptions = {}): DistributedExecution {
    const execution = new DistributedExecution(plan, {
      queryId: `${this.#name}-${++this.#queries}`,
      session: this.session,
      settings: options.settings ?? new Map(),
      signal: options.signal ?? null,
      source: this,
      local: async (worker) => (isLocal(worker) ? this.#started(worker) : null),
      client: (worker) => this.#pool.client(worker),
      ended: () => this.#executions.delete(execution),
    })
    this.#executions.add(execution)
    return execution
  }

  openPartition(worker: string, key: PartitionKey): FrameStream {
    return isLocal(worker) ? this.#executor(worker).openPartition(key) : this.#pool.openPartition(worker, key)
  }

  openBatches(worker: string, key: PartitionKey): BatchStream | null {
    return worker === LOCAL_WORKER ? this.#local.openBatches(key) : null
  }

  /** Ends all queries and connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#executions].map((execution) => execution.close()))
    await (await this.#starting)?.close()
    await this.#local.close()
    await this.#pool.close()
  }

  /** The executor of a local worker, made when it is first asked for. */
  async #started(worker: string): Promise<TaskExecutor> {
    if (worker === LOCAL_WORKER) return this.#local
    if (this.#makeThreads === undefined) throw internalError(`this coordinator has no thread ${worker}`)
    this.#threads = await (this.#starting ??= this.#makeThreads(this))
    return this.#threads
  }

  #executor(worker: string): TaskExecutor {
    const executor = worker === LOCAL_WORKER ? this.#local : this.#threads
    if (executor === null) throw internalError(`no task was given to ${worker}`)
    return executor
  }
}

function uniqueName(): string {
  const random = (): string => Math.random().toString(36).slice(2, 10)
  return `${process.pid.toString(36)}-${Date.now().toString(36)}-${random()}${random()}`
}

function isLocal(worker: string): boolean {
  return worker === LOCAL_WORKER || worker.startsWith(`${LOCAL_WORKER}:`)
}
