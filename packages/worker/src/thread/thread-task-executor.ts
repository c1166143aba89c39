import { getCompileCacheDir } from 'node:module'
import { MessageChannel, Worker } from 'node:worker_threads'
import { encodeError } from '@volley/codec'
import { internalError, SqlState, VolleyError } from '@volley/core'
import type { MeasuredStage } from '@volley/planner'
import { formatTask, type FrameStream, type PartitionKey, type TaskKey } from '../frames/frame.ts'
import type { Identity } from '../identity.ts'
import { HintListeners, type HintListener } from '../tasks/query-hints.ts'
import { RecentlyEnded } from '../tasks/recently-ended.ts'
import type { FrameSource, TaskExecutor, TaskMetrics, TaskRequest } from '../tasks/task-executor.ts'
import { createCancelFlag, raiseCancelFlag } from './cancel-flag.ts'
import { PortPeer } from './port-peer.ts'

export interface ThreadTaskExecutorOptions {
  /** A module that calls `runTaskThread`. */
  readonly entry: URL
  /** Plain data for the session builder. */
  readonly config?: unknown
  /** Threads; default 1. Tasks of workers named `local:N` are in thread N, which is started for them, however many there are. */
  readonly threads?: number
  /** All consumers are threads of this process: frames are packed batches, not Arrow IPC. Default false. */
  readonly packed?: boolean
  /** Answers what a thread's session asks for. */
  readonly answer?: (what: string, args: readonly unknown[]) => Promise<unknown>
  /** Options of node for the threads; default those of this process. */
  readonly execArgv?: readonly string[]
}

/** What a thread is started with. */
export interface ThreadData {
  readonly config: unknown
  readonly packed: boolean
  /** The folder of Node's compile cache, where this thread has one: threads do not inherit it. */
  readonly compileCache: string | null
}

interface Thread {
  /** Its number among the threads. */
  readonly index: number
  readonly worker: Worker
  readonly peer: PortPeer
}

interface Query {
  readonly flag: Int32Array
  readonly tasks: Map<string, Thread>
  /** Tasks of each stage so far. */
  readonly stages: Map<number, number>
}

/**
 * Runs tasks in worker threads, so that sockets, beats and timers of this one are never kept waiting by a kernel. A task
 * is in one thread; the tasks of a stage are dealt to threads in turn. A thread that dies fails its queries, and a new one
 * takes its place.
 */
export class ThreadTaskExecutor implements TaskExecutor {
  readonly #options: ThreadTaskExecutorOptions
  readonly #source: FrameSource
  readonly #threads: (Thread | null)[]
  readonly #queries = new Map<string, Query>()
  /** By what names coordinators know this worker. */
  readonly #names = new Set<string>()
  readonly #ended = new RecentlyEnded()
  readonly #listeners = new HintListeners()
  #closed = false

  /** `source` is where tasks get the frames of other workers' tasks from. */
  constructor(options: ThreadTaskExecutorOptions, source: FrameSource) {
    this.#options = options
    this.#source = source
    this.#threads = Array.from({ length: Math.max(1, options.threads ?? 1) }, () => null)
  }

  /** Starts all threads and tells what their sessions are. */
  async start(): Promise<Identity> {
    const identities = await Promise.all(this.#threads.map((_, i) => this.#thread(i).peer.call('identity')))
    return identities[0] as Identity
  }

  async createTasks(requests: readonly TaskRequest[]): Promise<void> {
    const batches = new Map<Query, Map<Thread, TaskRequest[]>>()
    for (const request of requests) {
      this.#ended.check(request.query)
      this.#names.add(request.worker)
      const query = this.#query(request.query)
      const thread = this.#thread(this.#indexOf(request, query))
      query.tasks.set(taskId(request), thread)
      const batch = batches.get(query) ?? new Map<Thread, TaskRequest[]>()
      batches.set(query, batch.set(thread, [...(batch.get(thread) ?? []), request]))
    }
    for (const thread of this.#threads) thread?.worker.ref()
    const calls = [...batches].flatMap(([query, byThread]) =>
      [...byThread].map(([thread, tasks]) => thread.peer.call('createTasks', tasks, query.flag)),
    )
    await Promise.all(calls)
  }

  openPartition(key: PartitionKey): FrameStream {
    return this.#threadOf(key).peer.openPartition('', key)
  }

  async measure(key: TaskKey, limit: number): Promise<MeasuredStage> {
    return (await this.#threadOf(key).peer.call('measure', key, limit)) as MeasuredStage
  }

  async settle(key: TaskKey, consumers: number): Promise<void> {
    await this.#threadOf(key).peer.call('settle', key, consumers)
  }

  hint(query: string, key: string, value: Uint8Array): void {
    this.#spread(query, key, value, null)
  }

  onHint(listener: HintListener): () => void {
    return this.#listeners.add(listener)
  }

  /** To the threads of a query, but for the one that it is from. */
  #spread(query: string, key: string, value: Uint8Array, from: Worker | null): void {
    const threads = new Set(this.#queries.get(query)?.tasks.values())
    for (const { worker, peer } of threads) {
      if (worker !== from) peer.call('hint', query, key, value).catch(() => {})
    }
  }

  #threadOf(key: TaskKey): Thread {
    this.#ended.check(key.query)
    const thread = this.#queries.get(key.query)?.tasks.get(taskId(key))
    if (thread !== undefined) return thread
    throw new VolleyError(`${formatTask(key)} is not registered here`, { code: SqlState.protocolViolation })
  }

  async endQuery(id: string, reason?: VolleyError): Promise<readonly TaskMetrics[]> {
    this.#ended.add(id)
    const query = this.#queries.get(id)
    if (query === undefined) return []
    this.#queries.delete(id)
    raiseCancelFlag(query.flag)
    const encoded = reason === undefined ? null : encodeError(reason)
    const answers = await Promise.allSettled(
      [...new Set(query.tasks.values())].map((thread) => thread.peer.call('endQuery', id, encoded)),
    )
    // Idle threads do not keep the process.
    if (this.#queries.size === 0 && !this.#closed) for (const thread of this.#threads) thread?.worker.unref()
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value as TaskMetrics[]) : []))
  }

  /** Bytes that queries hold in each thread that runs. */
  async liveBytes(): Promise<number[]> {
    const running = this.#threads.filter((thread) => thread !== null)
    for (const thread of running) thread.worker.ref()
    return (await Promise.all(running.map((thread) => thread.peer.call('liveBytes')))) as number[]
  }

  async close(): Promise<void> {
    this.#closed = true
    const reason = new VolleyError('the worker is shutting down', { code: SqlState.workerLost })
    await Promise.all([...this.#queries.keys()].map((id) => this.endQuery(id, reason)))
    await Promise.all(
      this.#threads.map(async (thread) => {
        if (thread === null) return
        thread.worker.ref()
        await thread.peer.call('close').catch(() => {})
        await thread.worker.terminate()
      }),
    )
  }

  #thread(index: number): Thread {
    const existing = this.#threads[index]
    if (existing != null) return existing
    if (this.#closed) throw new VolleyError('the worker is shutting down', { code: SqlState.workerLost })
    const { entry, config, execArgv, packed = false, answer } = this.#options
    const workerData: ThreadData = { config, packed, compileCache: getCompileCacheDir() ?? null }
    const worker = new Worker(entry, { workerData, ...(execArgv ? { execArgv: [...execArgv] } : {}) })
    const peer = new PortPeer(worker, {
      call: async (method, args) => {
        if (method === 'hint') {
          const [query, key, value] = args as [string, string, Uint8Array]
          this.#spread(query, key, value, worker)
          return this.#listeners.tell(query, key, value)
        }
        if (answer === undefined) throw internalError(`a thread asked for ${method}`)
        return answer(method, args)
      },
      open: (name, key) => (this.#names.has(name) ? this.openPartition(key) : this.#source.openPartition(name, key)),
    })
    const thread: Thread = { index, worker, peer }
    const died = (cause: unknown): void => {
      if (this.#threads[index] === thread) this.#threads[index] = null
      const why = cause instanceof Error ? `: ${cause.message}` : ''
      peer.fail(new VolleyError(`a task thread died${why}`, { code: SqlState.workerLost, cause }))
    }
    worker.on('error', died)
    worker.on('exit', died)
    for (const other of this.#threads) if (other != null) introduce(thread, other)
    this.#threads[index] = thread
    return thread
  }

  /** By the worker's name, or in turn. */
  #indexOf(request: TaskRequest, query: Query): number {
    const named = /^local:(\d+)$/.exec(request.worker)
    if (named !== null) {
      const index = Number(named[1])
      while (this.#threads.length <= index) this.#threads.push(null)
      return index
    }
    const turn = query.stages.get(request.stage) ?? 0
    query.stages.set(request.stage, turn + 1)
    return turn % this.#threads.length
  }

  #query(id: string): Query {
    let query = this.#queries.get(id)
    if (query === undefined) {
      this.#queries.set(id, (query = { flag: createCancelFlag(), tasks: new Map(), stages: new Map() }))
    }
    return query
  }
}

/** Gives two threads a way to each other that does not lead through this one. */
function introduce(a: Thread, b: Thread): void {
  const { port1, port2 } = new MessageChannel()
  a.peer.callWith([port1], 'connect', `local:${b.index}`, port1).catch(() => {})
  b.peer.callWith([port2], 'connect', `local:${a.index}`, port2).catch(() => {})
}

function taskId(key: TaskKey): string {
  return `${key.stage}/${key.task}/${key.attempt}`
}
