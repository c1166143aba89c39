import {
  CoalescePartitionsExec,
  exprKey,
  FilterByKeysExec,
  HashJoinExec,
  hashPartitioning,
  NestedLoopJoinExec,
  RecursiveQueryExec,
  RepartitionExec,
  SortPreservingMergeExec,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import { isDistributable } from '../distributed/distributable.ts'
import { NetworkForwardExec } from '../distributed/network-forward-exec.ts'
import { NetworkShuffleExec } from '../distributed/network-shuffle-exec.ts'
import { coPartitioned } from './address-keys.ts'

/** Positions of the children that every task needs whole: the collected sides of joins, rows that documents are fetched for. */
export function collectedChildren(plan: ExecutionPlan): readonly number[] {
  if (isDistributable(plan)) return plan.collectedInputs ?? []
  if (plan instanceof NestedLoopJoinExec) return [0]
  if (plan instanceof FilterByKeysExec) return [1]
  return plan instanceof HashJoinExec && plan.mode === 'collect_left' ? [0] : []
}

/**
 * Whether a plan's rows will lie in several tasks once it is dealt to workers: it reads splits or a repartitioning, with
 * nothing above that brings them together.
 */
export function isSpread(plan: ExecutionPlan): boolean {
  if (isDistributable(plan) || plan instanceof RepartitionExec) return true
  if (plan instanceof NetworkShuffleExec || plan instanceof NetworkForwardExec) return true
  if (plan instanceof CoalescePartitionsExec || plan instanceof SortPreservingMergeExec) return false
  if (plan instanceof RecursiveQueryExec) return false
  const collected = collectedChildren(plan)
  return plan.children.some((child, i) => !collected.includes(i) && isSpread(child))
}

/** Whether rows lie in more than one partition of the whole query. */
export function isMany(plan: ExecutionPlan, distributed: boolean): boolean {
  return plan.partitioning.count > 1 || (distributed && isSpread(plan))
}

/** All rows in one partition. */
export function single(plan: ExecutionPlan, distributed: boolean): ExecutionPlan {
  return isMany(plan, distributed) ? new CoalescePartitionsExec(plan) : plan
}

/** Rows with equal `exprs` in one partition. */
export function hashed(
  plan: ExecutionPlan,
  exprs: readonly Expr[],
  partitions: number,
  distributed: boolean,
): ExecutionPlan {
  if (!isMany(plan, distributed)) return plan
  const { partitioning } = plan
  if (partitioning.kind === 'hash' && partitioning.exprs.length > 0) {
    const wanted = new Set(exprs.map(exprKey))
    if (partitioning.exprs.every((expr) => wanted.has(exprKey(expr)))) return plan
  }
  return new RepartitionExec(plan, hashPartitioning(exprs, partitions))
}

function isHashedBy(plan: ExecutionPlan, exprs: readonly Expr[], partitions: number): boolean {
  const { partitioning } = plan
  if (partitioning.kind !== 'hash' || partitioning.count !== partitions) return false
  if (partitioning.exprs.length !== exprs.length) return false
  return partitioning.exprs.every((expr, i) => exprKey(expr) === exprKey(exprs[i]!))
}

/** Both sides of a partitioned join by the join's keys, in the same order and number. */
export function hashedJoin(join: HashJoinExec, partitions: number, distributed: boolean): ExecutionPlan {
  const { left, right, on } = join
  if (!isMany(left, distributed) && !isMany(right, distributed)) return join
  if (coPartitioned(left, right, on)) return join
  const side = (plan: ExecutionPlan, exprs: readonly Expr[]): ExecutionPlan =>
    isHashedBy(plan, exprs, partitions) ? plan : new RepartitionExec(plan, hashPartitioning(exprs, partitions))
  return join.withChildren([
    side(
      left,
      on.map((key) => key.left),
    ),
    side(
      right,
      on.map((key) => key.right),
    ),
  ])
}

/** Puts an exchange below a node for each child that does not lie as the node requires. */
export function ensureDistribution(plan: ExecutionPlan, partitions: number, distributed: boolean): ExecutionPlan {
  // Its terms were placed when they were planned, the recursive one as if nothing were distributed.
  if (plan instanceof RecursiveQueryExec) return plan
  const children = plan.children.map((child) => ensureDistribution(child, partitions, distributed))
  const same = children.every((child, i) => child === plan.children[i])
  const node = same ? plan : plan.withChildren(children)
  if (node instanceof HashJoinExec && node.mode === 'partitioned') return hashedJoin(node, partitions, distributed)
  const required = node.requiredDistribution
  const placed = node.children.map((child, i) => {
    const need = required[i]!
    if (need.kind === 'single') return single(child, distributed)
    return need.kind === 'hash' ? hashed(child, need.exprs, partitions, distributed) : child
  })
  return placed.every((child, i) => child === node.children[i]) ? node : node.withChildren(placed)
}
