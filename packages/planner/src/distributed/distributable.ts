import type { ExecutionPlan } from '@volley/core'

export interface SplitWeight {
  readonly id: string
  /** Cost of reading it, in any unit that is the same for all splits (documents, bytes). */
  readonly weight: number
}

/** One of `count` even parts of a table, `index` counting from 0. */
export interface Slice {
  readonly index: number
  readonly count: number
}

/**
 * A node whose rows come from splits, which can be dealt to tasks: a leaf, or one that reads its inputs whole in each task.
 */
export interface Distributable {
  splitWeights(): readonly SplitWeight[]
  /**
   * A task's share: the same node over these of its splits, possibly none, with the same schema and partition count. Leaves
   * of equal layout and equal share have equal layouts again.
   */
  forTask(splitIds: ReadonlySet<string>): ExecutionPlan
  /**
   * The same node over one even part of its rows, with the same schema and partition count, for tasks that run in one
   * process. Absent where rows cannot be cut other than by split.
   */
  forSlice?(slice: Slice): ExecutionPlan
  /** Rows that it looks at, where that is not what its statistics say comes out of it. */
  readonly rowsRead?: number
  /** False: it is read where the query is run, not by tasks. */
  readonly dealt?: boolean
  /** Positions of the children that every task needs whole; none of a leaf. */
  readonly collectedInputs?: readonly number[]
}

export function isDistributable(plan: ExecutionPlan): plan is ExecutionPlan & Distributable {
  const candidate = plan as Partial<Distributable>
  if (candidate.dealt === false) return false
  return typeof candidate.splitWeights === 'function' && typeof candidate.forTask === 'function'
}
