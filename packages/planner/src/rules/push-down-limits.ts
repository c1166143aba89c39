import { isVolatile } from '../expressions/analysis.ts'
import { Limit, Projection, Sort, TableScan, Union, type LogicalPlan } from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { emptyPlan, mapChildren } from './plan-tools.ts'

/**
 * Tells sorts, unions and scans below a LIMIT how many rows are enough.
 *
 * Preconditions: between the limit and the node only projections without volatile functions; for a scan, no filter between
 * (its own are exact). The limit stays above.
 */
export const pushDownLimits: LogicalRule = {
  name: 'push_down_limits',
  apply: (plan) => walk(plan),
}

function walk(plan: LogicalPlan): LogicalPlan {
  const node = mapChildren(plan, walk)
  if (!(node instanceof Limit) || node.fetch === null) return node
  if (node.fetch === 0) return emptyPlan(node.columns)
  return mapChildren(node, (child) => atMost(child, node.skip + node.fetch!))
}

/** The plan, giving at least its first `rows` rows and perhaps no more. */
function atMost(plan: LogicalPlan, rows: number): LogicalPlan {
  if (plan instanceof Projection && !plan.expressions.some(isVolatile)) {
    return mapChildren(plan, (child) => atMost(child, rows))
  }
  if (plan instanceof Sort && (plan.fetch === null || plan.fetch > rows)) return new Sort(plan.input, plan.keys, rows)
  if (plan instanceof TableScan && (plan.fetch === null || plan.fetch > rows)) {
    return new TableScan(plan.provider, plan.outputs, plan.filters, plan.textFilters, rows)
  }
  if (plan instanceof Union) {
    return mapChildren(plan, (child) => {
      const limited = child instanceof Limit && child.skip === 0 && child.fetch !== null && child.fetch <= rows
      return limited ? child : new Limit(atMost(child, rows), 0, rows)
    })
  }
  return plan
}
