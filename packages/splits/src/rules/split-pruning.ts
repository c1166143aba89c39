import { ColumnExpr, ComparisonExpr, LiteralExpr, typeName, type ExecutionPlan, type Expr } from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { Layout, type SplitRef } from '../layout/layout.ts'
import { addressFields } from '../sources/address.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { ScanTable } from '../sources/scan-table.ts'
import { SplitSource } from '../sources/split-source.ts'
import { TantivyAggregateExec } from '../sources/tantivy-aggregate-exec.ts'

/**
 * Drops splits whose time range cannot hold a row that satisfies the fast-field filters of the scan.
 *
 * Preconditions: the filter compares the index's timestamp field with a literal; the split's metadata has a time range
 * (whole seconds, both ends inclusive, so a value up to a second above the end still counts). All sources of the scan get
 * the same shorter layout.
 */
export const splitPruning: PhysicalRule = {
  name: 'SplitPruning',
  apply(plan) {
    return pruneScans(plan)
  },
}

interface Window {
  /** Nanoseconds, inclusive. */
  low: bigint
  high: bigint
}

function pruneScans(plan: ExecutionPlan): ExecutionPlan {
  const windows = new Map<string, Window>()
  collect(plan, windows)
  if (windows.size === 0) return plan
  return replace(plan, windows)
}

/** One window per scan: sources of one scan share the identity of their ScanTable. */
const scanIds = new WeakMap<ScanTable, string>()
let scanCount = 0

function scanId(table: ScanTable): string {
  let id = scanIds.get(table)
  if (id === undefined) scanIds.set(table, (id = String(scanCount++)))
  return id
}

function collect(plan: ExecutionPlan, windows: Map<string, Window>): void {
  const fields = plan instanceof TantivyAggregateExec ? plan.fields : plan
  if (fields instanceof FastFieldExec) {
    const window = windowOf(fields)
    if (window !== null) windows.set(scanId(fields.table), window)
  }
  for (const child of plan.children) collect(child, windows)
}

function replace(plan: ExecutionPlan, windows: ReadonlyMap<string, Window>): ExecutionPlan {
  if (plan instanceof SplitSource) {
    const window = windows.get(scanId(plan.table))
    return window === undefined ? plan : plan.withSplits(prunedTable(plan.table, window))
  }
  const children = plan.children.map((child) => replace(child, windows))
  return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
}

const prunedTables = new WeakMap<ScanTable, ScanTable>()

function prunedTable(table: ScanTable, window: Window): ScanTable {
  let pruned = prunedTables.get(table)
  if (pruned === undefined) {
    const { layout } = table
    const kept = layout.splits.filter((split) => overlaps(split, window))
    pruned = kept.length === layout.splits.length ? table : new ScanTable(table.name, table.indexes, Layout.create(layout.layoutId, kept, layout.partitions))
    prunedTables.set(table, pruned)
  }
  return pruned
}

function overlaps(split: SplitRef, window: Window): boolean {
  if (split.timeRange === null) return true
  // Seconds are truncated towards zero, so before 1970 the first value can lie up to a second below.
  const start = BigInt(split.timeRange.start <= 0 ? split.timeRange.start - 1 : split.timeRange.start) * 1_000_000_000n
  const end = (BigInt(split.timeRange.end) + 1n) * 1_000_000_000n - 1n
  return start <= window.high && end >= window.low
}

function windowOf(fields: FastFieldExec): Window | null {
  const window: Window = { low: -(1n << 63n), high: (1n << 63n) - 1n }
  let found = false
  for (const filter of fields.options.filters) {
    const bound = timeBound(filter, fields)
    if (bound === null) continue
    found = true
    if (bound.op === '>' || bound.op === '>=' || bound.op === '=') window.low = max(window.low, bound.nanos)
    if (bound.op === '<' || bound.op === '<=' || bound.op === '=') window.high = min(window.high, bound.nanos + bound.unit - 1n)
  }
  return found ? window : null
}

const FLIPPED: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' }
const NANOS_PER_UNIT = [1_000_000_000n, 1_000_000n, 1_000n, 1n] as const

function timeBound(filter: Expr, fields: FastFieldExec): { op: string; nanos: bigint; unit: bigint } | null {
  if (!(filter instanceof ComparisonExpr) || !(filter.op in FLIPPED)) return null
  const [column, literal, op] =
    filter.left instanceof ColumnExpr ? [filter.left, filter.right, filter.op] : [filter.right, filter.left, FLIPPED[filter.op]!]
  if (!(column instanceof ColumnExpr) || !(literal instanceof LiteralExpr) || typeof literal.value !== 'bigint') return null
  if (typeName(column.type) !== 'Timestamp') return null
  const source = fields.options.columns[column.index - addressFields.length]?.source
  if (source?.kind !== 'column') return null
  if (!fields.table.indexes.every((index) => index.mapping.timestampField?.name === source.name)) return null
  const unit = NANOS_PER_UNIT[(literal.type as unknown as { unit: number }).unit]!
  return { op, nanos: literal.value * unit, unit }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
