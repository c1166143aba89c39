import { SqlState, VolleyError, type BatchStream, type RecordBatch } from '@volley/core'
import type { DistributedPlan } from '@volley/planner'
import type { Schema } from 'apache-arrow'

/** A plan that runs: a stream of batches that must be closed. */
export type Execution = Pick<BatchStream, 'schema' | 'next' | 'close'>

export interface FreshSnapshotOptions {
  readonly plan: DistributedPlan
  execute(plan: DistributedPlan): Execution
  /** Plans the statement again, over a new listing of its indexes. */
  replan(): Promise<DistributedPlan>
}

/**
 * Runs a plan, and once more over a new listing when a split of its snapshot has gone (merged away, say) before a row has
 * come out. Later than that a query cannot start again: its rows are of one snapshot, so it ends with `snapshot_expired`.
 */
export class FreshSnapshotExecution implements Execution {
  readonly schema: Schema
  readonly #options: FreshSnapshotOptions
  #current: Execution
  #restarted = false
  #started = false
  #closed = false

  constructor(options: FreshSnapshotOptions) {
    this.#options = options
    this.#current = options.execute(options.plan)
    this.schema = this.#current.schema
  }

  async next(): Promise<RecordBatch | null> {
    try {
      const batch = await this.#current.next()
      if (batch !== null && batch.numRows > 0) this.#started = true
      return batch
    } catch (error) {
      if (!isGone(error) || this.#closed) throw error
      if (this.#started) {
        throw new VolleyError(
          'the snapshot of this query has expired: a split of it has gone while it ran; run it again',
          {
            ...error.subject,
            code: SqlState.snapshotExpired,
            cause: error,
          },
        )
      }
      if (this.#restarted) throw error
      this.#restarted = true
      const plan = await this.#options.replan()
      // Listed still: the split is missing, not merged away.
      if (readsSplit(plan, error.subject.split!)) throw error
      await this.#current.close()
      this.#current = this.#options.execute(plan)
      return this.next()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#current.close()
  }
}

function isGone(error: unknown): error is VolleyError {
  return error instanceof VolleyError && error.code === SqlState.undefinedFile && error.subject.split !== undefined
}

function readsSplit(plan: DistributedPlan, split: string): boolean {
  return plan.stages.some((stage) => stage.tasks.some((task) => task.splits.includes(split)))
}
