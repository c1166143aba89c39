import {
  AggregateExec,
  ColumnExpr,
  DocIdJoinExec,
  ProjectionExec,
  transformPlan,
  type AggregateCall,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { addressFields } from '../sources/address.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { TantivyAggregateExec } from '../sources/tantivy-aggregate-exec.ts'
import { belowJoin, belowProjection } from './pushable.ts'

const PUSHED = new Set(['count', 'sum', 'avg', 'min', 'max'])

/**
 * Replaces a partial aggregate over fast fields by one that the source computes segment by segment, grouping by term
 * ordinal.
 *
 * Preconditions: partial mode, no grouping sets, at most one group key, which is a fast field; each call is count, sum,
 * avg, min or max of a fast field or count(*), without DISTINCT, FILTER or ORDER BY; below it only projections over the
 * fast-field source, or over that and the inverted index. States are the engine's own, so the final aggregate above does
 * not know the difference.
 */
export const aggPushdown: PhysicalRule = {
  name: 'AggPushdown',
  apply(plan) {
    return transformPlan(plan, (node) => {
      if (!(node instanceof AggregateExec) || node.mode !== 'partial' || node.groupingSets !== null) return node
      if (node.groups.length > 1 || !node.calls.every(isPushable)) return node
      return pushInto(node.children[0]!, node) ?? node
    })
  },
}

function isPushable(call: AggregateCall): boolean {
  const plain = !call.distinct && call.filter === null && call.orderBy.length === 0
  return plain && PUSHED.has(call.fn.name) && call.args.every((arg) => arg instanceof ColumnExpr)
}

function pushInto(input: ExecutionPlan, aggregate: AggregateExec): ExecutionPlan | null {
  let plan = input
  let group: Expr | null = aggregate.groups[0] ?? null
  let args: readonly (readonly Expr[])[] = aggregate.calls.map((call) => call.args)
  const move = (below: (expr: Expr) => Expr | null): boolean => {
    const moved = args.map((list) => list.map(below))
    const movedGroup = group === null ? null : below(group)
    if ((group !== null && movedGroup === null) || moved.some((list) => list.includes(null))) return false
    group = movedGroup
    args = moved as Expr[][]
    return true
  }
  while (plan instanceof ProjectionExec) {
    const projection = plan
    if (!move((expr) => belowProjection(expr, projection))) return null
    plan = projection.children[0]!
  }
  let inverted: InvertedIndexExec | null = null
  if (plan instanceof DocIdJoinExec) {
    const join = plan
    const [left, right] = [join.children[0]!, join.children[1]!]
    if (!(left instanceof InvertedIndexExec) || left.options.topK !== null || join.joinType !== 'inner') return null
    const ofRight = (expr: Expr) => {
      const below = belowJoin(expr, join)
      return below === null || below.side !== 1 ? null : below.expr
    }
    if (!move(ofRight)) return null
    inverted = left
    plan = right
  } else if (plan instanceof InvertedIndexExec && group === null && args.every((list) => list.length === 0)) {
    inverted = plan
    plan = new FastFieldExec(plan.table, { columns: [], filters: [], top: null, fetch: null })
  }
  if (!(plan instanceof FastFieldExec) || plan.options.top !== null || plan.options.fetch !== null) return null
  const used = [...(group === null ? [] : [group]), ...args.flat()]
  if (!used.every((expr) => expr instanceof ColumnExpr && expr.index >= addressFields.length)) return null
  const calls = aggregate.calls.map((call, i) => call.withExprs(args[i]!, null, []))
  const withoutMarks = inverted === null || inverted.options.marks.length === 0 ? inverted : inverted.withoutMarks()
  return new TantivyAggregateExec(plan, withoutMarks, group as ColumnExpr | null, calls, aggregate.schema)
}
