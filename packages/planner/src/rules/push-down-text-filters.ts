import { conjuncts } from '@volley/core'
import type { TextPredicate } from '../catalog/table-provider.ts'
import { idsOf } from '../expressions/analysis.ts'
import { TextPredicateExpr } from '../logical/expressions.ts'
import { Filter, TableScan, transformLogicalPlan, type LogicalPlan } from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { filterBy } from './plan-tools.ts'

/**
 * Moves text predicates into the scan, where they choose the documents that are read at all, and are what `score()` scores.
 *
 * Preconditions: the predicate is a conjunct of a filter right above the scan (predicates were pushed down before), and the
 * scan has no fetch.
 */
export const pushDownTextFilters: LogicalRule = {
  name: 'push_down_text_filters',
  apply: (plan) => pushTextFilters(plan, () => true),
}

/** Does it for the scans that are `wanted`. */
export function pushTextFilters(plan: LogicalPlan, wanted: (scan: TableScan) => boolean): LogicalPlan {
  return transformLogicalPlan(plan, (node) => {
    if (!(node instanceof Filter) || !(node.input instanceof TableScan)) return node
    const scan = node.input
    if (!wanted(scan) || scan.fetch !== null || !scan.provider.supportsText) return node
    const ids = idsOf(scan)
    const taken: TextPredicate[] = []
    const kept = conjuncts(node.predicate).filter((conjunct) => {
      if (!(conjunct instanceof TextPredicateExpr) || !ids.has(conjunct.scan)) return true
      scan.provider.checkText(conjunct.predicate)
      taken.push(conjunct.predicate)
      return false
    })
    if (taken.length === 0) return node
    const seen = new Set(scan.textFilters.map((predicate) => predicate.key))
    const added = taken.filter((predicate) => !seen.has(predicate.key) && seen.add(predicate.key))
    const next = new TableScan(scan.provider, scan.outputs, scan.filters, [...scan.textFilters, ...added], null)
    return filterBy(next, kept)
  })
}
