import { SqlState, VolleyError, type BatchStream, type ExecutionPlan, type TaskContext } from '@volley/core'
import { formatTask, type FrameStream, type PartitionKey } from '../frames/frame.ts'
import { FrameWriter } from '../frames/frame-writer.ts'
import { BatchOutput } from './batch-output.ts'
import { SharedOutput } from './shared-output.ts'
import { snapshotMetrics } from './task-metrics.ts'
import type { MeasuredStage } from '@volley/planner'
import type { TaskMetrics, TaskRequest } from './task-executor.ts'

/** One partition that was opened. */
interface Output {
  /** What counts its rows and bytes, and can be stopped. */
  readonly producer: FrameWriter | BatchOutput
  readonly shared: SharedOutput | null
}

/** A registered task. Its plan and context are let go when every partition was consumed; the metrics stay. */
export class Task {
  readonly #request: TaskRequest
  #running: { readonly plan: ExecutionPlan; readonly context: TaskContext } | null
  readonly #count: number
  readonly #packed: boolean
  readonly #rules: readonly string[]
  #consumers: number
  readonly #opened = new Map<number, Output>()
  readonly #done = new Set<number>()
  #metrics: TaskMetrics | null = null

  /** `packed`: its frames stay in this process. `rules` are those that changed its plan here. */
  constructor(
    request: TaskRequest,
    plan: ExecutionPlan,
    context: TaskContext,
    packed = false,
    rules: readonly string[] = [],
  ) {
    this.#rules = rules
    this.#request = request
    this.#consumers = request.consumers
    this.#packed = packed
    context.announce(plan)
    this.#running = { plan, context }
    this.#count = plan.partitioning.count
  }

  /** Whether its plan is still held. */
  get live(): boolean {
    return this.#running !== null
  }

  /** Whether each partition has one consumer. */
  get exclusive(): boolean {
    return this.#request.consumers === 1
  }

  /** @throws VolleyError when there is no such partition, or all its consumers have come. */
  openPartition(key: PartitionKey): FrameStream {
    const { partition } = key
    const shared = this.#opened.get(partition)?.shared?.open()
    if (shared != null) return shared
    const { stream, output } = this.#open(key)
    return output.shared?.open() ?? stream
  }

  /** Runs all partitions up to `limit` bytes together, for consumers that are not known yet. */
  async measure(limit: number): Promise<MeasuredStage> {
    const outputs = Array.from(
      { length: this.#count },
      (_, partition) => this.#opened.get(partition) ?? this.#open({ ...this.#request, partition }).output,
    )
    const sum = (of: 'rows' | 'bytes'): number => outputs.reduce((all, { producer }) => all + producer[of], 0)
    await Promise.all(outputs.map(({ shared }) => shared?.fill(() => sum('bytes') > limit)))
    return { rows: sum('rows'), bytes: sum('bytes'), complete: sum('bytes') <= limit }
  }

  settle(consumers: number): void {
    this.#consumers = consumers
    for (const { shared } of this.#opened.values()) shared?.settle(consumers)
  }

  #open(key: PartitionKey): { readonly stream: FrameStream; readonly output: Output } {
    const { partition } = key
    const writer = new FrameWriter(key, this.#execute(key), this.#packed)
    const finish = (): void => this.#finish(partition)
    const stream: FrameStream = {
      async next() {
        const frame = await writer.next()
        if (frame === null || frame.body.kind !== 'data') finish()
        return frame
      },
      async close() {
        await writer.close()
        finish()
      },
    }
    const output: Output = {
      producer: writer,
      shared: this.exclusive ? null : new SharedOutput(stream, this.#consumers),
    }
    this.#opened.set(partition, output)
    return { stream, output }
  }

  /** The same without frames, for the one consumer of an exclusive task. */
  openBatches(key: PartitionKey): BatchStream {
    const { partition } = key
    const producer = new BatchOutput(this.#execute(key), () => this.#finish(partition))
    this.#opened.set(partition, { producer, shared: null })
    return producer
  }

  /** Stops everything; consumers get `reason`. */
  async close(reason: VolleyError): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ producer }) => producer.abort(reason)))
    await this.#release()
  }

  /** Counters so far, or of the whole task when it has ended. */
  metrics(): TaskMetrics {
    if (this.#metrics !== null || this.#running === null) return this.#metrics!
    const { stage, task, attempt, worker } = this.#request
    let rowsOut = 0
    let bytesOut = 0
    for (const { producer } of this.#opened.values()) {
      rowsOut += producer.rows
      bytesOut += producer.bytes
    }
    const { plan, context } = this.#running
    return {
      stage,
      task,
      attempt,
      worker,
      rowsOut,
      bytesOut,
      plan: snapshotMetrics(plan, context),
      rules: this.#rules,
      caches: context.arena.caches.sizes(),
    }
  }

  #execute(key: PartitionKey): BatchStream {
    const { partition } = key
    if (!(partition >= 0 && partition < this.#count)) {
      throw this.#refuse(key, `has ${this.#count} partitions and no number ${partition}`)
    }
    if (this.#opened.has(partition)) throw this.#refuse(key, `has had all consumers of its partition ${partition}`)
    if (this.#running === null) throw this.#refuse(key, 'has ended')
    return this.#running.plan.execute(partition, this.#running.context)
  }

  #finish(partition: number): void {
    this.#done.add(partition)
    if (this.#done.size === this.#count) void this.#release()
  }

  async #release(): Promise<void> {
    if (this.#running === null) return
    const { context } = this.#running
    this.#metrics = this.metrics()
    this.#running = null
    await context.close().catch(() => {})
  }

  #refuse(key: PartitionKey, what: string): VolleyError {
    return new VolleyError(`${formatTask(key)} ${what}`, { code: SqlState.protocolViolation })
  }
}
