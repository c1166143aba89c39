import { Region, type Arena } from '@volley/kernels'
import { internalError, SqlState, VolleyError } from '../errors.ts'
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

export interface TaskContextOptions {
  readonly queryId: string
  readonly arena: Arena
  readonly batchSize?: number
  readonly signal?: AbortSignal
  readonly settings?: ReadonlyMap<string, string>
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
  readonly #metrics = new Map<ExecutionPlan, OperatorMetrics>()

  constructor(options: TaskContextOptions) {
    this.queryId = options.queryId
    this.arena = options.arena
    this.batchSize = options.batchSize ?? 4096
    this.signal = options.signal ?? null
    this.settings = options.settings ?? new Map()
  }

  /** A new region with one reference, the caller's. */
  region(): Region {
    return new Region(this.arena)
  }

  provide<T>(key: ServiceKey<T>, service: T): this {
    this.#services.set(key, service)
    return this
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

  throwIfCancelled(): void {
    if (this.signal?.aborted !== true) return
    const reason: unknown = this.signal.reason
    throw reason instanceof VolleyError
      ? reason
      : new VolleyError('the query was cancelled', { code: SqlState.queryCanceled })
  }
}
