import {
  CoalescePartitionsExec,
  ColumnExpr,
  FilterExec,
  LimitExec,
  ProjectionExec,
  RepartitionExec,
  SortExec,
  SortPreservingMergeExec,
  transformExpr,
  WindowExec,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { INDEX_COLUMN } from '../provider/table-columns.ts'
import { DocumentFetchExec } from '../sources/document-fetch-exec.ts'
import type { ScanTable } from '../sources/scan-table.ts'
import type { SourceColumn } from '../sources/segment-columns.ts'
import { carryAddresses } from './carry-addresses.ts'

/**
 * Reads documents after a limit, a top k, or a filter of window functions (DISTINCT ON), also below a join: what is below
 * carries addresses, and stored columns are fetched for the rows that are left, by a stage of their own.
 *
 * Preconditions: below are one scan, projections, filters, windows, sorts and limits, and hash joins that hand the scan's
 * rows on, or pad them; at least one stored column or JSON path is needed above only. Expressions of such columns are computed above too.
 */
export const documentsLast: PhysicalRule = {
  name: 'DocumentsLast',
  apply: rewrite,
}

function rewrite(plan: ExecutionPlan): ExecutionPlan {
  const late = leavesRows(plan) ? readLate(plan) : readDealt(plan)
  if (late !== null) return late
  const children = plan.children.map(rewrite)
  return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
}

/** Whether the plan gives one partition of what a limit or a filter of windows has left. */
function leavesRows(plan: ExecutionPlan): boolean {
  if (plan instanceof LimitExec) return plan.fetch !== null
  if (plan instanceof SortPreservingMergeExec && plan.fetch !== null) return true
  return (
    (plan instanceof SortPreservingMergeExec || plan instanceof CoalescePartitionsExec) && filtersWindows(plan.input)
  )
}

function filtersWindows(plan: ExecutionPlan): boolean {
  if (plan instanceof SortExec || plan instanceof ProjectionExec) return filtersWindows(plan.input)
  return plan instanceof FilterExec && plan.input instanceof WindowExec
}

/** A filter of windows whose rows stay dealt by hash, as a join above wants them: they are fetched, and dealt again. */
function readDealt(plan: ExecutionPlan): ExecutionPlan | null {
  const { partitioning } = plan
  if (partitioning.kind !== 'hash' || plan instanceof SortExec || !filtersWindows(plan)) return null
  const late = readLate(new CoalescePartitionsExec(plan))
  return late === null ? null : new RepartitionExec(late, partitioning)
}

function readLate(plan: ExecutionPlan): ExecutionPlan | null {
  const all = new Set(plan.schema.fields.map((_, i) => i))
  const carried = carryAddresses(plan, all, isStored)
  if (carried === null || carried.late.length === 0) return null
  const { place, late, deferred, table, address } = carried
  // The other side of a join may have stored columns too.
  const fetch = new DocumentFetchExec(rewrite(carried.plan), table, late, address)
  const { ordering } = fetch
  const gathered =
    ordering.length > 0 ? new SortPreservingMergeExec(fetch, ordering, null) : new CoalescePartitionsExec(fetch)
  const width = carried.plan.schema.fields.length
  const exprs = plan.schema.fields.map((field, i): Expr => {
    const at = place[i] ?? null
    if (at !== null) return new ColumnExpr(at, field.name, field.type, field.nullable)
    return transformExpr(deferred.get(i)!, (node) =>
      node instanceof ColumnExpr && node.index < 0
        ? new ColumnExpr(width - 1 - node.index, node.name, node.type, node.nullable)
        : node,
    )
  })
  return new ProjectionExec(gathered, exprs, plan.schema)
}

/** Whether a column is read from the document store. */
function isStored({ source }: SourceColumn, table: ScanTable): boolean {
  if (source.kind !== 'column') return source.kind === 'path'
  if (source.name === INDEX_COLUMN) return false
  return !table.indexes.every(({ mapping }) => {
    const field = mapping.field(source.name)
    return field?.fast === true && field.type !== 'json'
  })
}
