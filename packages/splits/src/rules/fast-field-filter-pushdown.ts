import {
  ColumnExpr,
  conjunction,
  conjuncts,
  DocIdJoinExec,
  FilterExec,
  ProjectionExec,
  transformPlan,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { isInfallible } from '../filters/infallible.ts'
import { asOneSource } from './one-source.ts'
import { belowJoin, belowProjection } from './pushable.ts'
import { unwrapTruncations } from './unwrap-truncation.ts'

/**
 * Moves conjuncts of a filter into the source of their columns.
 *
 * Preconditions: every column of the conjunct is one of that one source, fast field, stored field or JSON path; it has a
 * value for every row (comparisons, IN, IS NULL, LIKE, regular expressions and functions that never fail, widening casts,
 * under AND, OR, NOT and CASE); no top-k or fetch stands in the source. `date_trunc(unit, t) op literal` and a cast to date
 * become a range of `t` on the way. The source evaluates exactly, whatever a split holds the field as, so what is moved
 * leaves the filter, and the filter goes when nothing is left of it.
 */
export const fastFieldFilterPushdown: PhysicalRule = {
  name: 'FastFieldFilterPushdown',
  apply(plan) {
    const pushed = pushFilters(plan)
    const joined = transformPlan(pushed, (node) => (isFiltered(node) ? (asOneSource(node) ?? node) : node))
    // A conjunct over columns of both can be moved once both are one source.
    return joined === pushed ? pushed : pushFilters(joined)
  },
}

function pushFilters(plan: ExecutionPlan): ExecutionPlan {
  return transformPlan(plan, (node) => {
    if (!(node instanceof FilterExec)) return node
    let input = node.children[0]!
    const kept: Expr[] = []
    for (const conjunct of conjuncts(node.predicate)) {
      const pushed = isInfallible(conjunct) ? pushInto(input, unwrapTruncations(conjunct)) : null
      if (pushed === null) kept.push(conjunct)
      else input = pushed
    }
    if (input === node.children[0]) return node
    const rest = conjunction(kept)
    return rest === null ? input : new FilterExec(input, rest)
  })
}

/** Each segment of a source of both then finds its documents by all filters together, and reads the other columns of those only. */
function isFiltered(node: ExecutionPlan): node is DocIdJoinExec {
  return node instanceof DocIdJoinExec && node.right instanceof ColumnSource && node.right.options.filters.length > 0
}

function pushInto(plan: ExecutionPlan, predicate: Expr): ExecutionPlan | null {
  if (plan instanceof FilterExec) {
    const input = pushInto(plan.children[0]!, predicate)
    return input === null ? null : plan.withChildren([input])
  }
  if (plan instanceof ProjectionExec) {
    const below = belowProjection(predicate, plan)
    const input = below === null ? null : pushInto(plan.children[0]!, below)
    return input === null ? null : plan.withChildren([input])
  }
  if (plan instanceof DocIdJoinExec) {
    if (plan.joinType !== 'inner') return null
    const below = belowJoin(predicate, plan)
    if (below === null) return null
    const input = pushInto(plan.children[below.side]!, below.expr)
    if (input === null) return null
    return plan.withChildren(below.side === 0 ? [input, plan.children[1]!] : [plan.children[0]!, input])
  }
  if (plan instanceof ColumnSource) {
    const { options } = plan
    if (options.top !== null || options.fetch !== null || !ownColumnsOnly(predicate)) return null
    return plan.withOptions({ ...options, filters: [...options.filters, ...conjuncts(predicate)] })
  }
  return null
}

function ownColumnsOnly(expr: Expr): boolean {
  if (expr instanceof ColumnExpr) return expr.index >= addressFields.length
  return expr.children.every(ownColumnsOnly)
}
