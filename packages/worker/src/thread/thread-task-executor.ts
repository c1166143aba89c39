import { Worker } from 'node:worker_threads'
import { encodeError } from '@volley/codec'
import { SqlState, VolleyError } from '@volley/core'
import { formatTask, type FrameStream, type PartitionKey, type TaskKey } from '../frames/frame.ts'
import type { Identity } from '../identity.ts'
import { RecentlyEnded } from '../tasks/recently-ended.ts'
import type { FrameSource, TaskExecutor, TaskMetrics, TaskRequest } from '../tasks/task-executor.ts'
import { createCancelFlag, raiseCancelFlag } from './cancel-flag.ts'
import { PortPeer } from './port-peer.ts'

export interface ThreadTaskExecutorOptions {
  /** A module that calls `runTaskThread`. */
  readonly entry: URL
  /** Plain data for the session builder. */
  readonly config?: unknown
  /** Threads; default 1. */
  readonly threads?: number
  /** Options of node for the threads; default those of this process. */
  readonly execArgv?: readonly string[]
}

interface Thread {
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
      const turn = query.stages.get(request.stage) ?? 0
      query.stages.set(request.stage, turn + 1)
      const thread = this.#thread(turn % this.#threads.length)
      query.tasks.set(taskId(request), thread)
      const batch = batches.get(query) ?? new Map<Thread, TaskRequest[]>()
      batches.set(query, batch.set(thread, [...(batch.get(thread) ?? []), request]))
    }
    const calls = [...batches].flatMap(([query, byThread]) =>
      [...byThread].map(([thread, tasks]) => thread.peer.call('createTasks', tasks, query.flag)),
    )
    await Promise.all(calls)
  }

  openPartition(key: PartitionKey): FrameStream {
    this.#ended.check(key.query)
    const thread = this.#queries.get(key.query)?.tasks.get(taskId(key))
    if (thread === undefined) {
      throw new VolleyError(`${formatTask(key)} is not registered here`, { code: SqlState.protocolViolation })
    }
    return thread.peer.openPartition('', key)
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
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value as TaskMetrics[]) : []))
  }

  async close(): Promise<void> {
    this.#closed = true
    const reason = new VolleyError('the worker is shutting down', { code: SqlState.workerLost })
    await Promise.all([...this.#queries.keys()].map((id) => this.endQuery(id, reason)))
    await Promise.all(
      this.#threads.map(async (thread) => {
        if (thread === null) return
        await thread.peer.call('close').catch(() => {})
        await thread.worker.terminate()
      }),
    )
  }

  #thread(index: number): Thread {
    const existing = this.#threads[index]
    if (existing != null) return existing
    if (this.#closed) throw new VolleyError('the worker is shutting down', { code: SqlState.workerLost })
    const { entry, config, execArgv } = this.#options
    const worker = new Worker(entry, { workerData: { config }, ...(execArgv ? { execArgv: [...execArgv] } : {}) })
    const peer = new PortPeer(worker, {
      call: (method) => Promise.reject(new Error(`a thread asked for ${method}`)),
      open: (name, key) => (this.#names.has(name) ? this.openPartition(key) : this.#source.openPartition(name, key)),
    })
    const thread: Thread = { worker, peer }
    const died = (cause: unknown): void => {
      if (this.#threads[index] === thread) this.#threads[index] = null
      const why = cause instanceof Error ? `: ${cause.message}` : ''
      peer.fail(new VolleyError(`a task thread died${why}`, { code: SqlState.workerLost, cause }))
    }
    worker.on('error', died)
    worker.on('exit', died)
    this.#threads[index] = thread
    return thread
  }

  #query(id: string): Query {
    let query = this.#queries.get(id)
    if (query === undefined) {
      this.#queries.set(id, (query = { flag: createCancelFlag(), tasks: new Map(), stages: new Map() }))
    }
    return query
  }
}

function taskId(key: TaskKey): string {
  return `${key.stage}/${key.task}/${key.attempt}`
}
