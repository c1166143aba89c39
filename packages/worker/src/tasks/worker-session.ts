import type { PlanCodec } from '@volley/codec'
import type { ExecutionPlan, TaskContext } from '@volley/core'
import type { PhysicalChange } from '@volley/planner'

/** What an executor runs plans with. Made by the package that knows the sources, and handed in. */
export interface WorkerSession {
  readonly codec: PlanCodec
  /**
   * What one task runs in, with all services that plan nodes ask for, except the exchange client, which the executor
   * provides. The signal is the query's.
   */
  context(queryId: string, settings: ReadonlyMap<string, string>, signal: AbortSignal): TaskContext
  /**
   * Optimizes a task's plan again with what only the worker knows; keeps schema, partition count, order and exchanges.
   * `onRule` is told of each rule that changed it.
   */
  optimize?(
    plan: ExecutionPlan,
    settings: ReadonlyMap<string, string>,
    onRule?: (change: PhysicalChange) => void,
  ): ExecutionPlan
  /** Bytes that its queries hold; nothing when none runs. */
  liveBytes?(): number
  close(): Promise<void>
}

/** Asks the thread that started this one; the answer is plain data, or shared memory. */
export type AskOwner = (what: string, ...args: readonly unknown[]) => Promise<unknown>

/** Builds a session, in this thread or in a worker thread, which then can `ask` its owner; `config` is plain data. */
export type BuildWorkerSession = (config: unknown, ask?: AskOwner) => Promise<WorkerSession>
