import { ColumnRef } from '../logical/expressions.ts'
import { Aggregate, Projection, transformLogicalPlan, type LogicalPlan } from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'

/**
 * Drops a DISTINCT over rows that a GROUP BY below has made distinct.
 *
 * Preconditions: no aggregates and no grouping sets above; below, through filters and plain columns of projections, an
 * aggregate without grouping sets all of whose group columns are among the distinct ones.
 */
export const eliminateDistinct: LogicalRule = {
  name: 'eliminate_distinct',
  apply: (plan) =>
    transformLogicalPlan(plan, (node) => {
      if (!(node instanceof Aggregate) || node.aggregates.length > 0 || node.groupingSets !== null) return node
      if (node.groups.length === 0) return node
      const ids = new Set(node.groups.flatMap(({ expr }) => (expr instanceof ColumnRef ? [expr.id] : [])))
      return isDistinctBy(node.input, ids) ? new Projection(node.input, node.groups) : node
    }),
}

function isDistinctBy(plan: LogicalPlan, ids: ReadonlySet<number>): boolean {
  if (plan instanceof Projection) {
    const below = plan.exprs.flatMap(({ column, expr }) =>
      ids.has(column.id) && expr instanceof ColumnRef ? [expr.id] : [],
    )
    return isDistinctBy(plan.input, new Set(below))
  }
  if (plan.kind === 'Filter') return isDistinctBy(plan.children[0]!, ids)
  if (!(plan instanceof Aggregate) || plan.groupingSets !== null || plan.groups.length === 0) return false
  return plan.groups.every(({ column }) => ids.has(column.id))
}
