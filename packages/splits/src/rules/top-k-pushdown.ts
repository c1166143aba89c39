import {
  ColumnExpr,
  DocIdJoinExec,
  ProjectionExec,
  SortExec,
  transformPlan,
  type ExecutionPlan,
  type SortKey,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { belowJoin, belowProjection } from './pushable.ts'

/**
 * Tells the source below `ORDER BY score() DESC LIMIT k`, or `ORDER BY <fast field> LIMIT k`, to give only the best k of
 * each unit of documents.
 *
 * Preconditions: one sort key with a fetch; between sort and source only projections and doc-id joins that lose no row
 * (their looked-up side has no filter); the key's source drives the joins. The sort stays and decides among the units.
 */
export const topKPushdown: PhysicalRule = {
  name: 'TopKPushdown',
  apply(plan) {
    return transformPlan(plan, (node) => {
      if (!(node instanceof SortExec) || node.fetch === null || node.keys.length !== 1) return node
      const input = pushInto(node.children[0]!, node.keys[0]!, node.fetch)
      return input === null ? node : node.withChildren([input])
    })
  },
}

function pushInto(plan: ExecutionPlan, key: SortKey, k: number): ExecutionPlan | null {
  if (!(key.expr instanceof ColumnExpr)) return null
  if (plan instanceof ProjectionExec) {
    const below = belowProjection(key.expr, plan)
    const input = below === null ? null : pushInto(plan.children[0]!, { ...key, expr: below }, k)
    return input === null ? null : plan.withChildren([input])
  }
  if (plan instanceof DocIdJoinExec) {
    const below = belowJoin(key.expr, plan)
    if (below === null || below.side !== 0 || losesRows(plan.children[1]!)) return null
    const input = pushInto(plan.children[0]!, { ...key, expr: below.expr }, k)
    return input === null ? null : plan.withChildren([input, plan.children[1]!])
  }
  if (plan instanceof InvertedIndexExec) {
    const isScore = plan.options.scored && plan.schema.fields[key.expr.index]!.name === '_score'
    return isScore && key.descending ? plan.withTopK(k) : null
  }
  if (plan instanceof FastFieldExec && plan.options.fetch === null) {
    const column = key.expr.index - addressFields.length
    if (column < 0) return null
    const { descending, nullsFirst } = key
    return plan.withOptions({ ...plan.options, top: { k, column, descending, nullsFirst } })
  }
  return null
}

function losesRows(lookedUp: ExecutionPlan): boolean {
  return !(lookedUp instanceof ColumnSource) || lookedUp.options.filters.length > 0
}
