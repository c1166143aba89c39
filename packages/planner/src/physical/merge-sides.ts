import { HashJoinExec, SortExec, SortMergeJoinExec, type ExecutionPlan, type JoinKey } from '@volley/core'
import { hashedJoin, isMany } from './distribution.ts'
import type { PhysicalPlanningContext } from './physical-rule.ts'
import { isSortedBy } from './sorted-by.ts'

/**
 * The sides of a join, partitioned and sorted as a merge of them needs it: where both are in one partition and in that
 * order already, or `join_mode` asks for it. Else null.
 */
export function mergeSides(
  left: ExecutionPlan,
  right: ExecutionPlan,
  on: readonly JoinKey[],
  context: PhysicalPlanningContext,
): readonly ExecutionPlan[] | null {
  const distributed = context.distributed === true
  const orders = [
    SortMergeJoinExec.order(on.map((key) => key.left)),
    SortMergeJoinExec.order(on.map((key) => key.right)),
  ]
  const sorted = [left, right].every((side, i) => !isMany(side, distributed) && isSortedBy(side, orders[i]!))
  if (sorted) return [left, right]
  if (context.settings.get('join_mode') !== 'sort_merge') return null
  const options = { nullEqualsNull: false, nullAware: false }
  const hashed = new HashJoinExec(left, right, on, 'inner', null, 'partitioned', options)
  const { children } = hashedJoin(hashed, context.settings.targetPartitions, distributed)
  return children.map((side, i) => (isSortedBy(side, orders[i]!) ? side : new SortExec(side, orders[i]!, null, true)))
}
