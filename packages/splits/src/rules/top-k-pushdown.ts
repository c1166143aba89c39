import {
  ColumnExpr,
  DocIdJoinExec,
  ProjectionExec,
  SortExec,
  SortPreservingMergeExec,
  type ExecutionPlan,
  type SortKey,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { addressFields, isAddressField } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { wordsPerKey } from '../sources/key-words.ts'
import { carryAddresses } from './carry-addresses.ts'
import { belowJoin, belowProjection } from './pushable.ts'

/**
 * Tells the source below `ORDER BY score() DESC LIMIT k`, or `ORDER BY <fast fields> LIMIT k`, to give only the best k, and
 * orders rows that tie by their address.
 *
 * Preconditions: a sort with a fetch, its keys the score alone or columns of one fast-field source of types that order as
 * words; between sort and source only projections and doc-id joins that lose no row (their looked-up side has no filter).
 * The inverted index beside the keys' source becomes its query where only its documents are wanted. The sort stays and
 * decides among the partitions.
 */
export const topKPushdown: PhysicalRule = {
  name: 'TopKPushdown',
  apply: push,
}

function push(plan: ExecutionPlan): ExecutionPlan {
  const node = plan instanceof SortPreservingMergeExec ? tiesByAddress(plan) : plan
  if (node !== plan) return push(node)
  const children = node.children.map(push)
  const next = children.every((child, i) => child === node.children[i]) ? node : node.withChildren(children)
  if (!(next instanceof SortExec) || next.fetch === null) return next
  const input = pushInto(next.input, withoutAddress(next), next.fetch)
  return input === null ? next : next.withChildren([input])
}

/** A top k of one scan with the address as its last keys; the plan itself where it has them, or has more than one scan. */
function tiesByAddress(plan: SortPreservingMergeExec): ExecutionPlan {
  const sort = plan.input
  if (plan.fetch === null || !(sort instanceof SortExec) || sort.fetch === null) return plan
  if (sort.keys.some((key) => isAddressKey(sort.input, key))) return plan
  const all = new Set(plan.schema.fields.map((_, i) => i))
  const carried = carryAddresses(plan, all, () => false)
  if (carried === null) return plan
  const exprs = plan.schema.fields.map(
    (field, i) => new ColumnExpr(carried.place[i]!, field.name, field.type, field.nullable),
  )
  return new ProjectionExec(carried.plan, exprs, plan.schema)
}

/** The keys before the address that ties are decided by: a source gives rows that tie in this order by itself. */
function withoutAddress({ input, keys }: SortExec): readonly SortKey[] {
  const last = keys.slice(-addressFields.length)
  const byAddress = last.every((key) => !key.descending && isAddressKey(input, key))
  return byAddress && keys.length > last.length ? keys.slice(0, -last.length) : keys
}

function isAddressKey(input: ExecutionPlan, { expr }: SortKey): boolean {
  return expr instanceof ColumnExpr && isAddressField(input.schema.fields[expr.index]!)
}

function pushInto(plan: ExecutionPlan, keys: readonly SortKey[], k: number): ExecutionPlan | null {
  if (keys.length === 0) return null
  if (plan instanceof ProjectionExec) {
    const below = keys.map((key) => ({ ...key, expr: belowProjection(key.expr, plan) }))
    if (below.some((key) => key.expr === null)) return null
    const input = pushInto(plan.input, below as SortKey[], k)
    return input === null ? null : plan.withChildren([input])
  }
  if (plan instanceof DocIdJoinExec) return pushIntoJoin(plan, keys, k)
  const columns = keys.map((key) => (key.expr instanceof ColumnExpr ? key.expr.index : -1))
  if (plan instanceof InvertedIndexExec) {
    const [first] = columns
    const isScore = plan.options.scored && keys.length === 1 && plan.schema.fields[first!]?.name === '_score'
    return isScore && keys[0]!.descending ? plan.withTopK(k) : null
  }
  if (!(plan instanceof FastFieldExec) || plan.options.fetch !== null) return null
  const own = columns.map((column) => column - addressFields.length)
  if (own.some((column) => column < 0 || wordsPerKey(plan.options.columns[column]!.type) === null)) return null
  const topKeys = keys.map(({ descending, nullsFirst }, i) => ({ column: own[i]!, descending, nullsFirst }))
  return plan.withOptions({ ...plan.options, top: { k, keys: topKeys } })
}

function pushIntoJoin(join: DocIdJoinExec, keys: readonly SortKey[], k: number): ExecutionPlan | null {
  const sides = keys.map((key) => belowJoin(key.expr, join))
  const [first] = sides
  if (first === null || first === undefined || sides.some((side) => side?.side !== first.side)) return null
  const below = keys.map((key, i) => ({ ...key, expr: sides[i]!.expr }))
  if (first.side === 0) {
    if (losesRows(join.right)) return null
    const input = pushInto(join.left, below, k)
    return input === null ? null : join.withChildren([input, join.right])
  }
  const { left, right } = join
  if (join.joinType !== 'inner' || !(left instanceof InvertedIndexExec) || !(right instanceof FastFieldExec))
    return null
  const { filters, marks, scored, topK } = left.options
  if (marks.length > 0 || scored || topK !== null || right.options.query.length > 0) return null
  const source = pushInto(right.withOptions({ ...right.options, query: filters }), below, k)
  if (source === null) return null
  // Both sides begin with the same address.
  const width = left.schema.fields.length
  const exprs = join.schema.fields.map(
    (field, i) => new ColumnExpr(i < width ? i : i - width, field.name, field.type, field.nullable),
  )
  return new ProjectionExec(source, exprs, join.schema)
}

function losesRows(lookedUp: ExecutionPlan): boolean {
  if (!(lookedUp instanceof ColumnSource)) return true
  const { filters, query } = lookedUp.options
  return filters.length > 0 || query.length > 0
}
