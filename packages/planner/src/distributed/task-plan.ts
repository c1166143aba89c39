import { MemoryExec, RecursiveQueryExec, type ExecutionPlan } from '@volley/core'
import { collectedChildren } from '../physical/distribution.ts'
import { isDistributable } from './distributable.ts'
import type { StageTask } from './stage.ts'
import { NetworkForwardExec } from './network-forward-exec.ts'
import { NetworkShuffleExec } from './network-shuffle-exec.ts'

/** Whether each task has rows of its own below a node of a cut stage: splits, partitions of a shuffle, those of a producer. */
function isShared(plan: ExecutionPlan): boolean {
  if (isDistributable(plan) || plan instanceof NetworkShuffleExec || plan instanceof NetworkForwardExec) return true
  if (plan instanceof RecursiveQueryExec) return false
  const collected = collectedChildren(plan)
  return plan.children.some((child, i) => !collected.includes(i) && isShared(child))
}

/**
 * A stage's plan as task number `task` runs it: its splits, its partitions of each shuffle. What is neither, such as literal
 * rows in a union, is the first task's alone; the others have no rows there, in as many partitions. Collected sides of
 * joins are every task's.
 */
export function taskPlan(plan: ExecutionPlan, task: number, share: Pick<StageTask, 'splits' | 'slice'>): ExecutionPlan {
  return planOf(plan, task, new Set(share.splits), share.slice)
}

function planOf(
  plan: ExecutionPlan,
  task: number,
  splits: ReadonlySet<string>,
  slice: StageTask['slice'],
): ExecutionPlan {
  if (isDistributable(plan)) return slice === null ? plan.forTask(splits) : plan.forSlice!(slice)
  if (plan instanceof NetworkShuffleExec) return plan.from(task * plan.partitions)
  if (plan instanceof NetworkForwardExec) return plan.of(task)
  if (!isShared(plan)) return task === 0 ? plan : emptyLike(plan)
  const collected = collectedChildren(plan)
  const children = plan.children.map((child, i) => (collected.includes(i) ? child : planOf(child, task, splits, slice)))
  return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
}

function emptyLike(plan: ExecutionPlan): ExecutionPlan {
  return new MemoryExec(
    plan.schema,
    Array.from({ length: plan.partitioning.count }, () => []),
  )
}
