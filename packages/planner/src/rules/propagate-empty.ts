import {
  Aggregate,
  Filter,
  Join,
  Limit,
  Projection,
  Sort,
  transformLogicalPlan,
  Union,
  Window,
} from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { emptyPlan, isEmpty } from './plan-tools.ts'

/**
 * Plans nothing above an input that is known to have no rows.
 *
 * Preconditions: the node gives no rows without rows of that input: not an aggregate without groups, nor the side of an outer, anti
 * or mark join whose rows come out unmatched.
 */
export const propagateEmpty: LogicalRule = {
  name: 'propagate_empty',
  apply: (plan) =>
    transformLogicalPlan(plan, (node) => {
      if (node instanceof Union) {
        const full = node.children.filter((child) => !isEmpty(child))
        if (full.length === node.children.length) return node
        return full.length === 0 ? emptyPlan(node.columns) : new Union(full, node.columns)
      }
      if (node instanceof Join) return keepsNothing(node) ? emptyPlan(node.columns) : node
      const needsRows =
        node instanceof Filter ||
        node instanceof Projection ||
        node instanceof Sort ||
        node instanceof Limit ||
        node instanceof Window ||
        (node instanceof Aggregate && node.groups.length > 0 && node.groupingSets === null)
      return needsRows && isEmpty(node.children[0]!) ? emptyPlan(node.columns) : node
    }),
}

function keepsNothing(join: Join): boolean {
  const [left, right] = [isEmpty(join.left), isEmpty(join.right)]
  switch (join.joinType) {
    case 'inner':
    case 'left_semi':
      return left || right
    case 'right':
      return right
    case 'full':
      return left && right
    default:
      return left
  }
}
