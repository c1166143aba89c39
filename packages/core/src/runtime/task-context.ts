import { Region, type Arena } from '@volley/kernels'
import { internalError, SqlState, VolleyError } from '../errors.ts'
import { MemoryPool, type MemoryReservation, type QueryMemory } from '../memory/memory-pool.ts'
import type { ExecutionPlan } from '../plan/execution-plan.ts'
import { OperatorMetrics } from './metrics.ts'

/** Key of something that a plan node needs from its surroundings, such as the opener of splits or the exchange client. */
export class ServiceKey<T> {
  readonly name: string
  declare readonly _type: T

  constructor(name: string) {
    this.name = name
  }
}

/** Runs after what waits for the event loop; Node's setImmediate costs no timer. */
const defer: (callback: () => void) => void =
  (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate ??
  ((callback) => setTimeout(callback, 0))

/** When this thread last gave way; one for all contexts. */
let lastPause = performance.now()

export interface TaskContextOptions {
  readonly queryId: string
  readonly arena: Arena
  readonly batchSize?: number
  readonly signal?: AbortSignal
  readonly settings?: ReadonlyMap<string, string>
  /** What its operators reserve memory in; without one, there is no limit. The context enters it, and leaves it in the end. */
  readonly memory?: QueryMemory
}

/** What one task of a query executes in: memory, cancellation, settings, services and metrics. */
export class TaskContext {
  readonly queryId: string
  readonly arena: Arena
  /** Rows an operator aims at for a batch. */
  readonly batchSize: number
  readonly signal: AbortSignal | null
  readonly settings: ReadonlyMap<string, string>
  readonly #services = new Map<ServiceKey<unknown>, unknown>()
  readonly #metrics: Map<ExecutionPlan, OperatorMetrics>
  readonly #cleanups: (() => void | Promise<void>)[] = []
  readonly #memory: QueryMemory
  #announced = false
  #entered = true

  constructor(options: TaskContextOptions, metrics: Map<ExecutionPlan, OperatorMetrics> = new Map()) {
    this.#metrics = metrics
    this.queryId = options.queryId
    this.arena = options.arena
    this.batchSize = options.batchSize ?? 4096
    this.signal = options.signal ?? null
    this.settings = options.settings ?? new Map()
    this.#memory = options.memory ?? new MemoryPool(Infinity, options.arena.caches).query(options.queryId)
    this.#memory.enter()
  }

  /** When its query began, by the time of the caches. */
  get begun(): number {
    return this.#memory.begun
  }

  /** An account for what one partition of a node holds; the node frees it at its end. */
  reserve(node: ExecutionPlan, spillable: boolean): MemoryReservation {
    return this.#memory.reserve(node.kind, spillable, this.metricsOf(node))
  }

  /** Says which plan the context is for, once, before its operators share the memory. */
  announce(plan: ExecutionPlan): void {
    if (this.#announced) return
    this.#announced = true
    this.#memory.expect(countConsumers(plan))
  }

  /** A new region with one reference, the caller's. */
  region(): Region {
    return new Region(this.arena)
  }

  provide<T>(key: ServiceKey<T>, service: T): this {
    this.#services.set(key, service)
    return this
  }

  hasService<T>(key: ServiceKey<T>): boolean {
    return this.#services.has(key)
  }

  /** @throws VolleyError when the session that built this context did not provide the service. */
  service<T>(key: ServiceKey<T>): T {
    const service = this.#services.get(key)
    if (service === undefined) throw internalError(`this session has no ${key.name}`)
    return service as T
  }

  metricsOf(node: ExecutionPlan): OperatorMetrics {
    let metrics = this.#metrics.get(node)
    if (metrics === undefined) this.#metrics.set(node, (metrics = new OperatorMetrics()))
    return metrics
  }

  /** Counts what a part of a node does, which is in no plan of its own, as the node's. */
  countAs(part: ExecutionPlan, node: ExecutionPlan): void {
    this.#metrics.set(part, this.metricsOf(node))
  }

  /**
   * Lets timers, sockets and signals be heard when this thread has worked for 20 ms without a pause; null when there is
   * no need to wait. Long work over data in memory would never give way otherwise.
   */
  pause(): Promise<void> | null {
    const now = performance.now()
    if (now - lastPause < 20) return null
    return new Promise((resolve) => {
      defer(() => {
        lastPause = performance.now()
        resolve()
      })
    })
  }

  /** Pauses when it is time to, and stops a query that was cancelled: long work calls it between its steps. */
  async giveWay(): Promise<void> {
    const pause = this.pause()
    if (pause !== null) await pause
    this.throwIfCancelled()
  }

  throwIfCancelled(): void {
    if (this.signal?.aborted !== true) return
    const reason: unknown = this.signal.reason
    throw reason instanceof VolleyError
      ? reason
      : new VolleyError('the query was cancelled', { code: SqlState.queryCanceled })
  }

  /**
   * A context in which the same plan can be executed once more: it shares memory, cancellation, services and metrics.
   * Its maker closes it.
   */
  derive(): TaskContext {
    const options = {
      queryId: this.queryId,
      arena: this.arena,
      memory: this.#memory,
      batchSize: this.batchSize,
      settings: this.settings,
      ...(this.signal === null ? {} : { signal: this.signal }),
    }
    const derived = new TaskContext(options, this.#metrics)
    derived.#announced = true
    for (const [key, service] of this.#services) derived.#services.set(key, service)
    return derived
  }

  /** Runs `cleanup` when the task ends, for what partitions share and none of them may free alone. */
  onClose(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup)
  }

  /** Ends the task: frees what partitions that were never executed have left. Streams are closed before. */
  async close(): Promise<void> {
    try {
      for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup()
    } finally {
      if (this.#entered) this.#memory.leave()
      this.#entered = false
    }
  }
}

/** Partitions of a plan's operators that share memory by spilling. */
function countConsumers(plan: ExecutionPlan): number {
  return plan.children.reduce((sum, child) => sum + countConsumers(child), plan.spillingPartitions)
}
