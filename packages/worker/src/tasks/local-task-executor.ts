import { hintBoard, SqlState, VolleyError, type BatchStream, type ExecutionPlan } from '@volley/core'
import { exchangeClient, type MeasuredStage } from '@volley/planner'
import { FrameExchangeClient } from '../exchange/frame-exchange-client.ts'
import { formatTask, type FrameStream, type PartitionKey, type TaskKey } from '../frames/frame.ts'
import { HintListeners, QueryHints, type HintListener } from './query-hints.ts'
import { RecentlyEnded } from './recently-ended.ts'
import { Task } from './task.ts'
import type { FrameSource, TaskExecutor, TaskMetrics, TaskRequest } from './task-executor.ts'
import type { WorkerSession } from './worker-session.ts'

interface Query {
  readonly controller: AbortController
  readonly signal: AbortSignal
  readonly tasks: Map<string, Task>
  readonly hints: QueryHints
}

interface LocalTaskExecutorOptions {
  /** May wrap a query's signal into one that notices more. */
  readonly signal?: (query: string, controller: AbortController) => AbortSignal
  /** All consumers are threads of this process: frames are packed batches, not Arrow IPC. */
  readonly packed?: boolean
}

/** What a plan was read as, with the settings by which it was optimized, and the rules that did so. */
interface ReadPlan {
  readonly settings: ReadonlyMap<string, string>
  readonly plan: ExecutionPlan
  readonly rules: readonly string[]
}

/** Runs tasks in this thread. */
export class LocalTaskExecutor implements TaskExecutor {
  readonly #session: WorkerSession
  readonly #source: FrameSource
  readonly #queries = new Map<string, Query>()
  readonly #ended = new RecentlyEnded()
  readonly #listeners = new HintListeners()
  readonly #signal: NonNullable<LocalTaskExecutorOptions['signal']>
  readonly #packed: boolean
  /** Of plans that come again as the same bytes, from this process. */
  readonly #plans = new WeakMap<Uint8Array, ReadPlan>()

  /** `source` is where tasks get the frames of tasks from that are not in this executor. */
  constructor(session: WorkerSession, source: FrameSource, options: LocalTaskExecutorOptions = {}) {
    this.#session = session
    this.#source = source
    this.#signal = options.signal ?? ((_query, controller) => controller.signal)
    this.#packed = options.packed ?? false
  }

  /** Tasks whose plans are held. */
  get liveTasks(): number {
    let count = 0
    for (const { tasks } of this.#queries.values()) for (const task of tasks.values()) count += Number(task.live)
    return count
  }

  async createTasks(requests: readonly TaskRequest[]): Promise<void> {
    const created = requests.map((request) => {
      this.#ended.check(request.query)
      const query = this.#query(request.query)
      const key = taskId(request)
      if (query.tasks.has(key)) {
        throw new VolleyError(`${formatTask(request)} is there already`, { code: SqlState.protocolViolation })
      }
      const { plan, rules } = this.#read(request)
      const context = this.#session.context(request.query, request.settings, query.signal)
      context.provide(exchangeClient, new FrameExchangeClient(this.#sourceFor(request.worker)))
      context.provide(hintBoard, query.hints)
      return { query, key, task: new Task(request, plan, context, this.#packed, rules) }
    })
    for (const { query, key, task } of created) query.tasks.set(key, task)
  }

  openPartition(key: PartitionKey): FrameStream {
    return this.#task(key).openPartition(key)
  }

  async measure(key: TaskKey, limit: number): Promise<MeasuredStage> {
    return this.#task(key).measure(limit)
  }

  async settle(key: TaskKey, consumers: number): Promise<void> {
    this.#task(key).settle(consumers)
  }

  /** A partition without frames, for a consumer in this thread; null when it has other consumers. */
  openBatches(key: PartitionKey): BatchStream | null {
    const task = this.#task(key)
    return task.exclusive ? task.openBatches(key) : null
  }

  hint(query: string, key: string, value: Uint8Array): void {
    this.#queries.get(query)?.hints.receive(key, value)
  }

  onHint(listener: HintListener): () => void {
    return this.#listeners.add(listener)
  }

  async endQuery(id: string, reason: VolleyError = cancelled): Promise<readonly TaskMetrics[]> {
    this.#ended.add(id)
    const query = this.#queries.get(id)
    if (query === undefined) return []
    this.#queries.delete(id)
    query.controller.abort(reason)
    const tasks = [...query.tasks.values()]
    await Promise.allSettled(tasks.map((task) => task.close(reason)))
    return tasks.map((task) => task.metrics())
  }

  async close(): Promise<void> {
    const reason = new VolleyError('the worker is shutting down', { code: SqlState.workerLost })
    await Promise.all([...this.#queries.keys()].map((id) => this.endQuery(id, reason)))
    await this.#session.close()
  }

  #read({ plan: bytes, settings }: TaskRequest): ReadPlan {
    const known = this.#plans.get(bytes)
    if (known?.settings === settings) return known
    const decoded = this.#session.codec.decodePlan(bytes)
    const rules: string[] = []
    const plan = this.#session.optimize?.(decoded, settings, ({ rule }) => rules.push(rule)) ?? decoded
    const read = { settings, plan, rules }
    this.#plans.set(bytes, read)
    return read
  }

  #query(id: string): Query {
    let query = this.#queries.get(id)
    if (query === undefined) {
      const controller = new AbortController()
      const hints = new QueryHints((key, value) => this.#listeners.tell(id, key, value))
      query = { controller, signal: this.#signal(id, controller), tasks: new Map(), hints }
      this.#queries.set(id, query)
    }
    return query
  }

  /** Frames of tasks of this very executor come without a way round. */
  #sourceFor(self: string): FrameSource {
    const here = (worker: string, key: PartitionKey): boolean =>
      worker === self && this.#queries.get(key.query)?.tasks.has(taskId(key)) === true
    return {
      openPartition: (worker, key) =>
        here(worker, key) ? this.openPartition(key) : this.#source.openPartition(worker, key),
      openBatches: (worker, key) => (here(worker, key) ? this.openBatches(key) : null),
    }
  }

  #task(key: TaskKey): Task {
    this.#ended.check(key.query)
    const task = this.#queries.get(key.query)?.tasks.get(taskId(key))
    if (task !== undefined) return task
    throw new VolleyError(`${formatTask(key)} is not registered here`, { code: SqlState.protocolViolation })
  }
}

function taskId(key: TaskKey): string {
  return `${key.stage}/${key.task}/${key.attempt}`
}

const cancelled = new VolleyError('the query was cancelled', { code: SqlState.queryCanceled })
