import {
  CaseExpr,
  ColumnExpr,
  ComparisonExpr,
  conjunction,
  conjuncts,
  DocIdJoinExec,
  FilterExec,
  InListExpr,
  IsNullExpr,
  LikeExpr,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  ProjectionExec,
  transformPlan,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { addressFields } from '../sources/address.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { belowJoin, belowProjection } from './pushable.ts'

/**
 * Moves conjuncts of a filter into the fast-field source below it.
 *
 * Preconditions: every column of the conjunct is a fast field of that one source; the conjunct is made of comparisons
 * with literals, IN, IS NULL, LIKE, AND, OR and NOT, which cannot raise an error; no top-k or fetch stands in the source.
 * The source evaluates exactly, whatever a split holds the field as, so what is moved leaves the filter, and the filter
 * goes when nothing is left of it.
 */
export const fastFieldFilterPushdown: PhysicalRule = {
  name: 'FastFieldFilterPushdown',
  apply(plan) {
    return transformPlan(plan, (node) => {
      if (!(node instanceof FilterExec)) return node
      let input = node.children[0]!
      const kept: Expr[] = []
      for (const conjunct of conjuncts(node.predicate)) {
        const pushed = cannotFail(conjunct) ? pushInto(input, conjunct) : null
        if (pushed === null) kept.push(conjunct)
        else input = pushed
      }
      if (input === node.children[0]) return node
      const rest = conjunction(kept)
      return rest === null ? input : new FilterExec(input, rest)
    })
  },
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
  if (plan instanceof FastFieldExec) {
    const { options } = plan
    if (options.top !== null || options.fetch !== null || !ownColumnsOnly(predicate)) return null
    return plan.withOptions({ ...options, filters: [...options.filters, predicate] })
  }
  return null
}

function ownColumnsOnly(expr: Expr): boolean {
  if (expr instanceof ColumnExpr) return expr.index >= addressFields.length
  return expr.children.every(ownColumnsOnly)
}

function cannotFail(expr: Expr): boolean {
  const known =
    expr instanceof ColumnExpr ||
    expr instanceof LiteralExpr ||
    expr instanceof ComparisonExpr ||
    expr instanceof LogicalExpr ||
    expr instanceof NotExpr ||
    expr instanceof IsNullExpr ||
    expr instanceof InListExpr ||
    expr instanceof CaseExpr ||
    (expr instanceof LikeExpr && expr.pattern instanceof LiteralExpr)
  return known && expr.children.every(cannotFail)
}
