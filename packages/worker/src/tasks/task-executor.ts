import type { BatchStream, VolleyError } from '@volley/core'
import type { MeasuredStage } from '@volley/planner'
import type { HintListener } from './query-hints.ts'
import type { FrameStream, PartitionKey, TaskKey } from '../frames/frame.ts'

/** A task to register: its plan is run partition by partition, as they are opened. */
export interface TaskRequest extends TaskKey {
  /** Encoded by PlanCodec. */
  readonly plan: Uint8Array
  readonly settings: ReadonlyMap<string, string>
  /** How often each partition will be opened: 1, or for a broadcast the number of its consumers; 0 where `settle` will tell. */
  readonly consumers: number
  /** How the coordinator names the worker that the task runs on. */
  readonly worker: string
}

/** Counters of one plan node in one task or, summed, in one stage. */
export interface NodeMetrics {
  readonly name: string
  readonly details: readonly (readonly [key: string, value: string])[]
  readonly rowsOut: number
  readonly batchesOut: number
  readonly elapsedMs: number
  readonly counters: ReadonlyMap<string, number>
  readonly children: readonly NodeMetrics[]
}

export interface TaskMetrics {
  readonly stage: number
  readonly task: number
  readonly attempt: number
  readonly worker: string
  /** Rows and payload bytes that left the task; a broadcast counts once, and what stays in the thread has no bytes. */
  readonly rowsOut: number
  readonly bytesOut: number
  /** The plan as the worker ran it. */
  readonly plan: NodeMetrics
  /** Rules of the worker that changed the plan that it was given. */
  readonly rules: readonly string[]
  /** Bytes that stay in the memory of its executor, by what is kept. */
  readonly caches: ReadonlyMap<string, number>
}

/** Runs tasks: in this thread, in other threads, or on another machine. */
export interface TaskExecutor {
  /** Registers tasks; nothing runs yet. All or none. */
  createTasks(requests: readonly TaskRequest[]): Promise<void>
  /**
   * Opens a partition of a registered task. What goes wrong, also a task that is not there, is an error frame or a
   * rejected `next`.
   */
  openPartition(key: PartitionKey): FrameStream
  /**
   * Runs all partitions of a task that was registered without a number of consumers, until they have ended or given `limit`
   * bytes together. What they gave waits for the consumers.
   */
  measure(key: TaskKey, limit: number): Promise<MeasuredStage>
  /** Tells how often each partition of a measured task will be opened. */
  settle(key: TaskKey, consumers: number): Promise<void>
  /** Hands on what a task elsewhere has published. May be lost. */
  hint(query: string, key: string, value: Uint8Array): void
  /** Listens to what tasks here publish; gives what ends it. */
  onHint(listener: HintListener): () => void
  /**
   * Stops what still runs of a query with `reason`, frees everything, and returns the metrics of all its tasks. Ending a
   * query that is not there returns nothing.
   */
  endQuery(query: string, reason?: VolleyError): Promise<readonly TaskMetrics[]>
  close(): Promise<void>
}

/** Where frames of any task of any worker come from. */
export interface FrameSource {
  openPartition(worker: string, key: PartitionKey): FrameStream
  /** The batches themselves, where the task runs in this thread and has no other consumer; else null. */
  openBatches?(worker: string, key: PartitionKey): BatchStream | null
}
