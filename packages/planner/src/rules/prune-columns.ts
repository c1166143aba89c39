import { columnsOf, refOf } from '../expressions/analysis.ts'
import {
  Aggregate,
  CommonSubplan,
  Filter,
  Join,
  Limit,
  Projection,
  Sort,
  TableScan,
  Union,
  Unnest,
  Window,
  type ColumnId,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { keepColumns, mapChildren } from './plan-tools.ts'

/**
 * Drops what nobody reads: scan columns, computed columns, aggregates, window calls, columns of union inputs, and below a
 * join what only a filter or join there reads.
 *
 * Preconditions: text predicates and score() have been resolved, for they read columns that no expression shows. The
 * plan's own columns all stay.
 */
export const pruneColumns: LogicalRule = {
  name: 'prune_columns',
  apply: (plan) => {
    const common: Common = new Map()
    // The needs of places in common subplans show when those are pruned, so it takes a round for each level of them.
    for (;;) {
      const before = needsOf(common)
      const pruned = prune(plan, idsOf(plan.columns), common)
      if (needsOf(common) === before) return keepColumns(pruned, plan.columns)
    }
  },
}

type Ids = ReadonlySet<ColumnId>

/** Positions that some place of a common subplan reads, by its id. */
type Common = Map<number, Set<number>>

function needsOf(common: Common): number {
  let count = 0
  for (const positions of common.values()) count += positions.size
  return count
}

/** The plan with at least its columns among `required`, in their order. */
function prune(plan: LogicalPlan, required: Ids, common: Common): LogicalPlan {
  if (plan instanceof TableScan) return pruneScan(plan, required)
  if (plan instanceof CommonSubplan) return pruneCommon(plan, required, common)
  if (plan instanceof Projection) return pruneProjection(plan, required, common)
  if (plan instanceof Aggregate) return pruneAggregate(plan, required, common)
  if (plan instanceof Window) return pruneWindow(plan, required, common)
  if (plan instanceof Union) return pruneUnion(plan, required, common)
  if (plan instanceof Join) {
    const below = new Set([...required, ...columnsOf(...plan.expressions)])
    return mapChildren(plan, (child) => narrow(prune(child, below, common), below))
  }
  if (plan instanceof Filter || plan instanceof Sort || plan instanceof Limit) {
    const below = new Set([...required, ...columnsOf(...plan.expressions)])
    return mapChildren(plan, (child) => prune(child, below, common))
  }
  if (plan instanceof Unnest) {
    const below = new Set([...required, ...columnsOf(...plan.expressions)])
    return mapChildren(plan, (child) => prune(child, below, common))
  }
  return mapChildren(plan, (child) => keepColumns(prune(child, idsOf(child.columns), common), child.columns))
}

/** Drops what only a filter or join reads before its rows are joined, and perhaps sent. */
function narrow(plan: LogicalPlan, required: Ids): LogicalPlan {
  if (!(plan instanceof Filter || plan instanceof Join)) return plan
  const columns = plan.columns.filter((column) => required.has(column.id))
  return keepColumns(plan, columns)
}

function idsOf(columns: readonly LogicalColumn[]): Ids {
  return new Set(columns.map((column) => column.id))
}

function pruneScan(plan: TableScan, required: Ids): LogicalPlan {
  const read = new Set([...required, ...columnsOf(...plan.filters)])
  const outputs = plan.outputs.filter((output) => read.has(output.column.id))
  if (outputs.length === plan.outputs.length) return plan
  return new TableScan(plan.provider, outputs, plan.filters, plan.textFilters, plan.fetch)
}

/** Every place keeps what any of them reads. */
function pruneCommon(plan: CommonSubplan, required: Ids, common: Common): LogicalPlan {
  let needed = common.get(plan.id)
  if (needed === undefined) common.set(plan.id, (needed = new Set()))
  for (const [i, column] of plan.columns.entries()) if (required.has(column.id)) needed.add(i)
  const positions = plan.columns.flatMap((_, i) => (needed.has(i) ? [i] : []))
  const wanted = positions.map((i) => plan.input.columns[i]!)
  const input = inOrder(prune(plan.input, idsOf(wanted), common), wanted)
  if (input === plan.input) return plan
  return new CommonSubplan(
    plan.id,
    input,
    positions.map((i) => plan.columns[i]!),
  )
}

function pruneProjection(plan: Projection, required: Ids, common: Common): LogicalPlan {
  const exprs = plan.exprs.filter(({ column }) => required.has(column.id))
  const input = prune(plan.input, columnsOf(...exprs.map(({ expr }) => expr)), common)
  if (exprs.length === plan.exprs.length && input === plan.input) return plan
  return new Projection(input, exprs)
}

function pruneAggregate(plan: Aggregate, required: Ids, common: Common): LogicalPlan {
  let aggregates = plan.aggregates.filter(({ column }) => required.has(column.id))
  // Without groups and aggregates it would be a DISTINCT over no columns.
  if (aggregates.length === 0 && plan.groups.length === 0) aggregates = plan.aggregates.slice(0, 1)
  const same = aggregates.length === plan.aggregates.length
  const node = same ? plan : new Aggregate(plan.input, plan.groups, plan.groupingSets, plan.groupingId, aggregates)
  return mapChildren(node, (child) => prune(child, columnsOf(...node.expressions), common))
}

function pruneWindow(plan: Window, required: Ids, common: Common): LogicalPlan {
  const windows = plan.windows.filter(({ column }) => required.has(column.id))
  if (windows.length === 0) return prune(plan.input, required, common)
  const node = windows.length === plan.windows.length ? plan : new Window(plan.input, windows)
  return mapChildren(node, (child) => prune(child, new Set([...required, ...columnsOf(...node.expressions)]), common))
}

function pruneUnion(plan: Union, required: Ids, common: Common): LogicalPlan {
  const positions = plan.columns.flatMap((column, i) => (required.has(column.id) ? [i] : []))
  const children = plan.children.map((child) => {
    const columns = positions.map((i) => child.columns[i]!)
    return inOrder(prune(child, idsOf(columns), common), columns)
  })
  const same = positions.length === plan.columns.length && children.every((child, i) => child === plan.children[i])
  return same
    ? plan
    : new Union(
        children,
        positions.map((i) => plan.columns[i]!),
      )
}

/** Like `keepColumns`, also where one column stands in two places. */
function inOrder(plan: LogicalPlan, columns: readonly LogicalColumn[]): LogicalPlan {
  const same = plan.columns.length === columns.length && columns.every((column, i) => column.id === plan.columns[i]!.id)
  return same
    ? plan
    : new Projection(
        plan,
        columns.map((column) => ({ column, expr: refOf(column) })),
      )
}
