import { DocIdJoinExec, HashJoinExec, type ExecutionPlan } from '@volley/core'
import { SplitSource } from '../sources/split-source.ts'

/** The layout by which a plan's rows lie in its partitions; null when they lie otherwise. */
function layoutOf(plan: ExecutionPlan): string | null {
  const { partitioning } = plan
  return partitioning.kind === 'segment' ? partitioning.layoutId : null
}

/** The children whose partitions are read beside those of the plan, so that they must stay of one layout. */
function sameLayout(plan: ExecutionPlan): ExecutionPlan[] {
  const layout = layoutOf(plan)
  const beside = plan.children.filter((child) => layout !== null && layoutOf(child) === layout)
  if (plan instanceof HashJoinExec && plan.mode === 'partitioned') {
    // Without an exchange between, it is a join by address; its output may have no layout where both inputs have one.
    const [left, right] = [layoutOf(plan.left), layoutOf(plan.right)]
    if (left !== null && left === right) return [plan.left, plan.right]
  }
  return beside
}

/** All sources that must keep one layout: `plan` is the highest node that has it. */
export function jointSources(plan: ExecutionPlan): SplitSource[] {
  if (plan instanceof SplitSource) return [plan]
  return sameLayout(plan).flatMap(jointSources)
}

/**
 * Those of the joint sources without a row of which there is no row of the plan: what one of them drops, all may drop.
 */
export function bindingSources(plan: ExecutionPlan): SplitSource[] {
  if (plan instanceof SplitSource) return [plan]
  const beside = sameLayout(plan)
  if (plan.children.length === 1) return beside.flatMap(bindingSources)
  if (plan instanceof DocIdJoinExec) {
    return [...bindingSources(plan.left), ...(plan.joinType === 'inner' ? bindingSources(plan.right) : [])]
  }
  if (plan instanceof HashJoinExec) {
    const binding: ExecutionPlan[] = []
    const { joinType } = plan
    const both = joinType === 'inner' || joinType === 'left_semi' || joinType === 'right_semi'
    if (both || joinType.startsWith('left')) binding.push(plan.left)
    if (both || joinType.startsWith('right')) binding.push(plan.right)
    return binding.filter((child) => beside.includes(child)).flatMap(bindingSources)
  }
  return []
}

/** Replaces the joint sources of a plan, and what is below each other child. */
export function replaceJoint(
  plan: ExecutionPlan,
  source: (source: SplitSource) => ExecutionPlan,
  other: (plan: ExecutionPlan) => ExecutionPlan,
): ExecutionPlan {
  if (plan instanceof SplitSource) return source(plan)
  const beside = sameLayout(plan)
  const children = plan.children.map((child) =>
    beside.includes(child) ? replaceJoint(child, source, other) : other(child),
  )
  return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
}
