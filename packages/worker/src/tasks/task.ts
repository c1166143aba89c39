import { SqlState, VolleyError, type ExecutionPlan, type TaskContext } from '@volley/core'
import { formatTask, type Frame, type FrameStream, type PartitionKey } from '../frames/frame.ts'
import { FrameWriter } from '../frames/frame-writer.ts'
import { SharedOutput } from './shared-output.ts'
import { snapshotMetrics } from './task-metrics.ts'
import type { TaskMetrics, TaskRequest } from './task-executor.ts'

/** A registered task. Its plan and context are let go when every partition was consumed; the metrics stay. */
export class Task {
  readonly #request: TaskRequest
  #running: { readonly plan: ExecutionPlan; readonly context: TaskContext } | null
  readonly #count: number
  readonly #opened = new Map<
    number,
    { readonly writer: FrameWriter; readonly shared: SharedOutput | null; done: boolean }
  >()
  #done = 0
  #metrics: TaskMetrics | null = null

  constructor(request: TaskRequest, plan: ExecutionPlan, context: TaskContext) {
    this.#request = request
    this.#running = { plan, context }
    this.#count = plan.partitioning.count
  }

  /** Whether its plan is still held. */
  get live(): boolean {
    return this.#running !== null
  }

  /** @throws VolleyError when there is no such partition, or all its consumers have come. */
  openPartition(key: PartitionKey): FrameStream {
    const { partition } = key
    if (!(partition >= 0 && partition < this.#count)) {
      throw this.#refuse(key, `has ${this.#count} partitions and no number ${partition}`)
    }
    const existing = this.#opened.get(partition)
    if (existing !== undefined) {
      const stream = existing.shared?.open() ?? null
      if (stream === null) throw this.#refuse(key, `has had all consumers of its partition ${partition}`)
      return stream
    }
    if (this.#running === null) throw this.#refuse(key, 'has ended')
    const writer = new FrameWriter(key, this.#running.plan.execute(partition, this.#running.context))
    const output = { writer, shared: null as SharedOutput | null, done: false }
    const tracked: FrameStream = {
      next: async () => {
        const frame: Frame | null = await writer.next()
        if (frame === null || frame.body.kind !== 'data') this.#finish(output)
        return frame
      },
      close: async () => {
        await writer.close()
        this.#finish(output)
      },
    }
    if (this.#request.consumers > 1) output.shared = new SharedOutput(tracked, this.#request.consumers)
    this.#opened.set(partition, output)
    return output.shared?.open() ?? tracked
  }

  /** Stops everything; consumers get `reason`. */
  async close(reason: VolleyError): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ writer }) => writer.abort(reason)))
    this.#release()
  }

  /** Counters so far, or of the whole task when it has ended. */
  metrics(): TaskMetrics {
    if (this.#metrics !== null || this.#running === null) return this.#metrics!
    const { stage, task, attempt, worker } = this.#request
    let rowsOut = 0
    let bytesOut = 0
    for (const { writer } of this.#opened.values()) {
      rowsOut += writer.rows
      bytesOut += writer.bytes
    }
    const plan = snapshotMetrics(this.#running.plan, this.#running.context)
    return { stage, task, attempt, worker, rowsOut, bytesOut, plan }
  }

  #finish(output: { done: boolean }): void {
    if (output.done) return
    output.done = true
    if (++this.#done === this.#count) this.#release()
  }

  #release(): void {
    if (this.#running === null) return
    this.#metrics = this.metrics()
    this.#running = null
  }

  #refuse(key: PartitionKey, what: string): VolleyError {
    return new VolleyError(`${formatTask(key)} ${what}`, { code: SqlState.protocolViolation })
  }
}
