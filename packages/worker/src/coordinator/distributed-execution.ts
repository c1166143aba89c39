import { toVolleyError } from '@volley/codec'
import {
  CoalescePartitionsExec,
  SqlState,
  VolleyError,
  type BatchStream,
  type ExecutionPlan,
  type RecordBatch,
  type TaskContext,
} from '@volley/core'
import { exchangeClient, type DistributedPlan, type MeasuredStage, type Stage } from '@volley/planner'
import type { Schema } from 'apache-arrow'
import { FrameExchangeClient } from '../exchange/frame-exchange-client.ts'
import { giveWay } from '../frames/give-way.ts'
import type { TaskKey } from '../frames/frame.ts'
import type { GrpcWorkerClient } from '../grpc/grpc-worker-client.ts'
import { QueryHints } from '../tasks/query-hints.ts'
import type { FrameSource, TaskExecutor, TaskMetrics, TaskRequest } from '../tasks/task-executor.ts'
import type { WorkerSession } from '../tasks/worker-session.ts'
import { reportMetrics, type ExecutionMetrics } from './execution-metrics.ts'

interface DistributedExecutionOptions {
  readonly queryId: string
  readonly session: WorkerSession
  readonly settings: ReadonlyMap<string, string>
  readonly signal: AbortSignal | null
  readonly source: FrameSource
  /** What runs the tasks of a local worker; null for others. */
  local(worker: string): Promise<TaskExecutor | null>
  /** The connection to a worker that is not local. */
  client(worker: string): Promise<GrpcWorkerClient>
  ended(): void
}

/**
 * One run of a distributed plan: registers its tasks on their workers, runs the root here, and, however it ends, ends the
 * query on every worker. While it runs, each worker is held by beats: one that dies or freezes fails the query within 5 s.
 */
export class DistributedExecution implements BatchStream {
  readonly schema: Schema
  readonly queryId: string
  #plan: DistributedPlan
  #root: ExecutionPlan
  readonly #options: DistributedExecutionOptions
  readonly #controller = new AbortController()
  readonly #context: TaskContext
  readonly #executors = new Set<TaskExecutor>()
  readonly #attended: { release(): void }[] = []
  readonly #hints = new QueryHints(() => {})
  readonly #onSignal: () => void
  /** Ends the wait of `next`. */
  #interrupt: ((reason: VolleyError) => void) | null = null
  #stream: BatchStream | null = null
  #ending: Promise<void> | null = null
  #tasks: readonly TaskMetrics[] = []

  constructor(plan: DistributedPlan, options: DistributedExecutionOptions) {
    const { queryId, session, settings, source } = options
    this.queryId = queryId
    this.schema = plan.root.schema
    this.#plan = plan
    this.#root = inOnePartition(plan.root)
    this.#options = options
    const { signal } = this.#controller
    signal.addEventListener('abort', () => this.#interrupt?.(toVolleyError(signal.reason)), { once: true })
    this.#onSignal = () => this.#abort(cancelled(options.signal?.reason))
    options.signal?.addEventListener('abort', this.#onSignal, { once: true })
    if (options.signal?.aborted === true) this.#onSignal()
    this.#context = session.context(queryId, settings, signal)
    this.#context.provide(exchangeClient, new FrameExchangeClient(source))
  }

  /** @throws VolleyError with the error that came first; everything is ended then. */
  async next(): Promise<RecordBatch | null> {
    if (this.#ending !== null) return null
    try {
      await giveWay()
      this.#context.throwIfCancelled()
      this.#stream ??= await this.#orAborted(this.#start())
      const batch = await this.#orAborted(this.#stream.next())
      if (batch === null) await this.#end()
      return batch
    } catch (error) {
      const failure = this.#controller.signal.aborted
        ? toVolleyError(this.#controller.signal.reason)
        : toVolleyError(error)
      this.#abort(failure)
      await this.#end(failure)
      throw failure
    }
  }

  /** Ends the query everywhere, wherever it is. */
  async close(): Promise<void> {
    await this.#end()
  }

  /** The plan as it is run: joins of it may have been decided. */
  get plan(): DistributedPlan {
    return this.#plan
  }

  /** Counters of all nodes; complete when the query has ended. */
  get metrics(): ExecutionMetrics {
    return reportMetrics(this.#plan, this.#root, this.#context, this.#tasks)
  }

  async #start(): Promise<BatchStream> {
    const started = new Set<number>()
    for (let { adaptive } = this.#plan; adaptive !== undefined; { adaptive } = this.#plan) {
      const measured = new Set(adaptive.checks.map(({ stage }) => stage))
      await this.#register(withInputs(this.#plan.stages, measured), started, measured)
      const found = await Promise.all(adaptive.checks.map(({ stage, limit }) => this.#measure(stage, limit)))
      this.#plan = adaptive.adapt(found)
      await Promise.all([...measured].map((stage) => this.#settle(stage)))
    }
    this.#root = inOnePartition(this.#plan.root)
    await this.#register(this.#plan.stages, started)
    return this.#root.execute(0, this.#context)
  }

  /** Registers the tasks of those stages that were not, of the measured ones without a number of consumers. */
  async #register(
    stages: readonly Stage[],
    started: Set<number>,
    measured: ReadonlySet<number> = new Set(),
  ): Promise<void> {
    const byWorker = new Map<string, TaskRequest[]>()
    for (const stage of stages) {
      if (started.has(stage.id)) continue
      started.add(stage.id)
      stage.tasks.forEach((task, number) => {
        const requests = byWorker.get(task.worker) ?? []
        byWorker.set(task.worker, requests)
        requests.push({
          query: this.queryId,
          stage: stage.id,
          task: number,
          attempt: 0,
          plan: this.#options.session.codec.encodePlan(task.plan),
          settings: this.#options.settings,
          consumers: measured.has(stage.id) ? 0 : stage.consumers,
          worker: task.worker,
        })
      })
    }
    await Promise.all([...byWorker].map(([worker, requests]) => this.#create(worker, requests)))
  }

  async #measure(id: number, limit: number): Promise<MeasuredStage> {
    const measured = await Promise.all(this.#eachTask(id, (executor, key) => executor.measure(key, limit)))
    const bytes = measured.reduce((sum, each) => sum + each.bytes, 0)
    return {
      rows: measured.reduce((sum, each) => sum + each.rows, 0),
      bytes,
      complete: bytes <= limit && measured.every(({ complete }) => complete),
    }
  }

  async #settle(id: number): Promise<void> {
    const { consumers } = this.#plan.stages.find((stage) => stage.id === id)!
    await Promise.all(this.#eachTask(id, (executor, key) => executor.settle(key, consumers)))
  }

  #eachTask<T>(id: number, run: (executor: TaskExecutor, key: TaskKey) => Promise<T>): Promise<T>[] {
    const stage = this.#plan.stages.find((each) => each.id === id)!
    return stage.tasks.map(async ({ worker }, task) => {
      const executor = (await this.#options.local(worker)) ?? (await this.#options.client(worker))
      return run(executor, { query: this.queryId, stage: id, task, attempt: 0 })
    })
  }

  async #create(worker: string, requests: readonly TaskRequest[]): Promise<void> {
    const local = await this.#options.local(worker)
    if (local !== null) {
      if (this.#ending !== null) return
      this.#attach(local)
      return local.createTasks(requests)
    }
    const client = await this.#options.client(worker)
    await client.ready()
    if (this.#ending !== null) return
    if (!this.#executors.has(client)) {
      this.#attach(client)
      this.#attended.push(client.attend(this.queryId, (error) => this.#abort(error)))
    }
    await client.createTasks(requests)
  }

  /** An executor of this query: what its tasks publish goes to the others. */
  #attach(executor: TaskExecutor): void {
    if (this.#executors.has(executor)) return
    this.#executors.add(executor)
    const end = executor.onHint((query, key, value) => {
      if (query !== this.queryId || !this.#hints.receive(key, value)) return
      for (const other of this.#executors) if (other !== executor) other.hint(query, key, value)
    })
    this.#attended.push({ release: end })
  }

  #orAborted<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject
      work.then(resolve, reject)
    })
  }

  #abort(reason: VolleyError): void {
    if (this.#ending === null) this.#controller.abort(reason)
  }

  #end(reason?: VolleyError): Promise<void> {
    this.#ending ??= this.#cleanUp(reason)
    return this.#ending
  }

  async #cleanUp(reason?: VolleyError): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onSignal)
    // What workers still send is of no use; and after an error, the root may be waiting for it.
    const closing = this.#stream?.close()
    const answers = await Promise.allSettled([...this.#executors].map((each) => each.endQuery(this.queryId, reason)))
    for (const attended of this.#attended) attended.release()
    this.#tasks = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    this.#controller.abort(reason ?? ended)
    await closing?.catch(() => {})
    await this.#context.close().catch(() => {})
    this.#options.ended()
  }
}

function inOnePartition(plan: ExecutionPlan): ExecutionPlan {
  return plan.partitioning.count === 1 ? plan : new CoalescePartitionsExec(plan)
}

/** The stages of these ids, and those that they read. */
function withInputs(stages: readonly Stage[], ids: ReadonlySet<number>): readonly Stage[] {
  const found = new Set<Stage>()
  const visit = (stage: Stage): void => {
    found.add(stage)
    stage.inputs.forEach(visit)
  }
  for (const stage of stages) if (ids.has(stage.id)) visit(stage)
  return [...found]
}

function cancelled(reason: unknown): VolleyError {
  return reason instanceof VolleyError
    ? reason
    : new VolleyError('the query was cancelled', { code: SqlState.queryCanceled })
}

/** What is still under way when a query ends ends with this. */
const ended = cancelled(null)
