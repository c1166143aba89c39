import {
  ColumnExpr,
  conjunction,
  conjuncts,
  DocIdJoinExec,
  FilterExec,
  ProjectionExec,
  transformExpr,
  transformPlan,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { isInfallible } from '../filters/infallible.ts'
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
    const joined = transformPlan(pushed, (node) => (node instanceof DocIdJoinExec ? (asOneSource(node) ?? node) : node))
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

/**
 * `f ⋈ d` and `(inv ⋈ f) ⋈ d` as one source of the columns of both where `d` has filters: each segment then finds its
 * documents by all filters together, and reads the other columns of those only.
 */
function asOneSource({ left, right, joinType, on, schema }: DocIdJoinExec): ExecutionPlan | null {
  if (joinType !== 'inner' || !(right instanceof ColumnSource) || right.options.filters.length === 0) return null
  const fast = left instanceof DocIdJoinExec ? left.right : left
  if (!(fast instanceof ColumnSource) || fast.options.top !== null || fast.options.fetch !== null) return null
  if (fast.options.query.length > 0 || right.options.query.length > 0) return null
  if (left instanceof DocIdJoinExec && !(left.joinType === 'inner' && left.left instanceof InvertedIndexExec))
    return null
  const first = addressFields.length
  if (on.length !== first || on.some((key, i) => key.left !== i || key.right !== i)) return null
  if (fast.table.layout.layoutId !== right.table.layout.layoutId) return null
  const { columns, filters } = fast.options
  const shifted = right.options.filters.map((filter) =>
    transformExpr(filter, (node) =>
      node instanceof ColumnExpr && node.index >= first
        ? new ColumnExpr(node.index + columns.length, node.name, node.type, node.nullable)
        : node,
    ),
  )
  const options = {
    columns: [...columns, ...right.options.columns],
    filters: [...filters, ...shifted],
    query: [],
    top: null,
    fetch: null,
  }
  const source = new FastFieldExec(fast.table, options)
  const input = left instanceof DocIdJoinExec ? left.withChildren([left.left, source]) : source
  const width = left.schema.fields.length
  const exprs = schema.fields.map((field, i) => {
    const at = i < width ? i : i < width + first ? i - width : i - first
    return new ColumnExpr(at, field.name, field.type, field.nullable)
  })
  return new ProjectionExec(input, exprs, schema)
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
