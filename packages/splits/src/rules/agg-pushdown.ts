import { AggregateExec, transformPlan, type Expr, type ExecutionPlan, type SortKey } from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { TantivyAggregateExec } from '../sources/tantivy-aggregate-exec.ts'
import { collapseSources, sourceOf, substitute } from './collapse-sources.ts'

/**
 * Replaces a partial aggregate over the sources of one scan by one that is computed segment by segment, where text is
 * grouped by term ordinal and counts and bounds of all documents come from the segments' statistics.
 *
 * Preconditions: partial mode; below it only projections, filters and joins by address over sources that keep all their
 * rows; no group and no argument is a score. Groups, arguments and filters are any expressions; text predicates in them
 * become columns of the source. States are the engine's own, so the final aggregate above does not know the difference.
 */
export const aggPushdown: PhysicalRule = {
  name: 'AggPushdown',
  apply(plan) {
    return transformPlan(plan, (node) =>
      node instanceof AggregateExec && node.mode === 'partial' ? (pushed(node) ?? node) : node,
    )
  },
}

function pushed(aggregate: AggregateExec): ExecutionPlan | null {
  const sources = collapseSources(aggregate.input)
  if (sources === null) return null
  const below = (expr: Expr): Expr | null => substitute(expr, sources.exprs)
  const groups = aggregate.groups.map(below)
  const calls = aggregate.calls.map((call) => {
    const exprs = call.exprs.map(below)
    if (exprs.includes(null)) return null
    const rest = exprs as Expr[]
    const args = rest.splice(0, call.args.length)
    const filter = call.filter === null ? null : rest.shift()!
    const orderBy = call.orderBy.map((key, i): SortKey => ({ ...key, expr: rest[i]! }))
    return { call, args, filter, orderBy }
  })
  if (groups.includes(null) || calls.includes(null)) return null
  const used = [
    ...(groups as Expr[]),
    ...calls.flatMap((parts) => [...parts!.args, ...(parts!.filter === null ? [] : [parts!.filter])]),
    ...calls.flatMap((parts) => parts!.orderBy.map((key) => key.expr)),
  ]
  const { fields, move } = sourceOf(sources, used)
  const moved = calls.map((parts) => {
    const { call, args, filter, orderBy } = parts!
    const keys = orderBy.map((key) => ({ ...key, expr: move(key.expr) }))
    return call.withExprs(args.map(move), filter === null ? null : move(filter), keys)
  })
  const { schema, groupingSets } = aggregate
  return new TantivyAggregateExec(fields, sources.inverted, (groups as Expr[]).map(move), groupingSets, moved, schema)
}
