import { nullRejected } from '../expressions/analysis.ts'
import { ColumnRef } from '../logical/expressions.ts'
import {
  Aggregate,
  Filter,
  Join,
  Projection,
  Sort,
  type ColumnId,
  type LogicalJoinType,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { mapChildren, scanOf } from './plan-tools.ts'

/**
 * Makes an outer join inner (or a full one one-sided) where a filter or inner join above drops the rows that it pads.
 *
 * Preconditions: a predicate above, with only filters, projections, sorts, group keys and joins between that keep the padded rows as
 * they are, cannot be TRUE when some column of the padded side is NULL.
 */
export const eliminateOuterJoins: LogicalRule = {
  name: 'eliminate_outer_joins',
  apply: (plan) => walk(plan, new Set()),
}

/** `required`: columns of this plan that are not NULL in any row that matters. */
function walk(plan: LogicalPlan, required: ReadonlySet<ColumnId>): LogicalPlan {
  if (plan instanceof Filter) {
    const all = new Set([...required, ...nullRejected(plan.predicate)])
    return mapChildren(plan, (child) => walk(child, all))
  }
  if (plan instanceof Projection) {
    const below = new Set<ColumnId>()
    for (const { column, expr } of plan.exprs) {
      if (required.has(column.id) && expr instanceof ColumnRef) below.add(expr.id)
    }
    return mapChildren(plan, (child) => walk(child, below))
  }
  if (plan instanceof Aggregate && plan.groupingSets === null) {
    // A group whose key is not NULL has no row whose key is.
    const below = plan.groups.flatMap(({ column, expr }) =>
      required.has(column.id) && expr instanceof ColumnRef ? [expr.id] : [],
    )
    return mapChildren(plan, (child) => walk(child, new Set(below)))
  }
  if (plan instanceof Sort && plan.fetch === null) return mapChildren(plan, (child) => walk(child, required))
  if (plan instanceof Join) return walkJoin(plan, required)
  return mapChildren(plan, (child) => walk(child, new Set()))
}

function walkJoin(plan: Join, required: ReadonlySet<ColumnId>): LogicalPlan {
  const needs = (side: LogicalPlan): boolean => {
    const ids = new Set(side.columns.map((column) => column.id))
    return [...required].some((id) => ids.has(id) || scanOf(side, id) !== null)
  }
  const joinType = strongerType(plan.joinType, needs(plan.left), needs(plan.right))
  const conditionNeeds = plan.condition === null || plan.nullAware ? new Set<ColumnId>() : nullRejected(plan.condition)
  const down = (side: 'left' | 'right'): Set<ColumnId> => {
    const kept =
      joinType === 'inner' || (side === 'left' ? joinType.startsWith('left') : joinType === 'right') ? required : []
    // Rows of a side whose unmatched rows do not come out matter only where the condition can be TRUE.
    const matched =
      joinType === 'inner' ||
      (side === 'left' ? joinType === 'right' || joinType === 'left_semi' : joinType.startsWith('left'))
    return new Set([...kept, ...(matched ? conditionNeeds : [])])
  }
  const left = walk(plan.left, down('left'))
  const right = walk(plan.right, down('right'))
  if (joinType === plan.joinType && left === plan.left && right === plan.right) return plan
  return new Join(left, right, joinType, plan.condition, plan.mark, plan.nullAware)
}

function strongerType(type: LogicalJoinType, leftNeeded: boolean, rightNeeded: boolean): LogicalJoinType {
  if (type === 'left' && rightNeeded) return 'inner'
  if (type === 'right' && leftNeeded) return 'inner'
  if (type === 'full') {
    if (leftNeeded && rightNeeded) return 'inner'
    if (leftNeeded) return 'left'
    if (rightNeeded) return 'right'
  }
  return type
}
