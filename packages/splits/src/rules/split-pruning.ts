import {
  ColumnExpr,
  ComparisonExpr,
  InListExpr,
  LiteralExpr,
  mirroredOperator,
  typeName,
  type ExecutionPlan,
  type Expr,
} from '@volley/core'
import type { PhysicalRule } from '@volley/planner'
import { Layout, type SplitRef } from '../layout/layout.ts'
import { addressFields } from '../sources/address.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { ScanTable } from '../sources/scan-table.ts'
import { SplitSource } from '../sources/split-source.ts'
import { TantivyAggregateExec } from '../sources/tantivy-aggregate-exec.ts'
import { bindingSources, jointSources, replaceJoint } from './joined-sources.ts'

/**
 * Drops splits that cannot hold a row that satisfies the fast-field filters of their scan, by the metastore's time ranges
 * and tags.
 *
 * Preconditions: a filter compares the index's timestamp field with a literal (a range is in whole seconds, both ends
 * inclusive, so a value up to a second above the end still counts), or a tag field is equal to a literal or in a list of
 * them (a split without `field!` does not list the field's values and is kept). Sources that are joined by address are
 * pruned together, by the filters of those whose rows every row needs, and get the same shorter layout.
 */
export const splitPruning: PhysicalRule = {
  name: 'SplitPruning',
  apply: prune,
}

function prune(plan: ExecutionPlan): ExecutionPlan {
  const sources = jointSources(plan)
  const whole = sources[0]?.table.layout
  if (whole === undefined) return replaceJoint(plan, (source) => source, prune)
  const tests = bindingSources(plan).flatMap(testsOf)
  const splits = whole.splits.filter((split) => tests.every((mayMatch) => mayMatch(split)))
  const layout = splits.length < whole.splits.length ? Layout.create(whole.layoutId, splits, whole.partitions) : null
  const left = whole.splits.length - splits.length
  // Sources of one scan share the identity of their table.
  const tables = new Map<ScanTable, ScanTable>()
  const pruned = (source: SplitSource): SplitSource => {
    if (layout === null) return source
    const { table } = source
    if (!tables.has(table)) tables.set(table, new ScanTable(table.name, table.indexes, layout, table.pruned + left))
    return source.withSplits(tables.get(table)!)
  }
  return replaceJoint(plan, pruned, prune)
}

function testsOf(source: SplitSource): MayMatch[] {
  const fields = source instanceof TantivyAggregateExec ? source.fields : source
  if (!(fields instanceof FastFieldExec)) return []
  return fields.options.filters.flatMap((filter) => timeTest(filter, fields) ?? tagTest(filter, fields) ?? [])
}

type MayMatch = (split: SplitRef) => boolean

const BOUNDING: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '='])
const NANOS_PER_UNIT = [1_000_000_000n, 1_000_000n, 1_000n, 1n] as const

/** What a comparison of the timestamp field with a literal says of a split; null for another filter. */
function timeTest(filter: Expr, fields: FastFieldExec): MayMatch | null {
  const comparison = comparisonOf(filter, fields)
  if (comparison === null || typeof comparison.value !== 'bigint') return null
  const { name, op, value, column } = comparison
  if (typeName(column.type) !== 'Timestamp') return null
  if (!fields.table.indexes.every((index) => index.mapping.timestampField?.name === name)) return null
  const unit = NANOS_PER_UNIT[(column.type as unknown as { unit: number }).unit]!
  const low = (op === '>' ? value + 1n : value) * unit
  const high = (op === '<' ? value : value + 1n) * unit - 1n
  return ({ timeRange }) => {
    if (timeRange === null) return true
    // Seconds are truncated towards zero, so before 1970 the first value can lie up to a second below.
    const start = BigInt(timeRange.start <= 0 ? timeRange.start - 1 : timeRange.start) * 1_000_000_000n
    const end = (BigInt(timeRange.end) + 1n) * 1_000_000_000n - 1n
    return (op === '>' || op === '>=' || start <= high) && (op === '<' || op === '<=' || end >= low)
  }
}

/** What equality of a tag field with literals says of a split; null for another filter. */
function tagTest(filter: Expr, fields: FastFieldExec): MayMatch | null {
  let name: string | null = null
  let values: unknown[] = []
  const comparison = comparisonOf(filter, fields)
  if (comparison?.op === '=') {
    name = comparison.name
    values = [comparison.value]
  } else if (
    filter instanceof InListExpr &&
    !filter.negated &&
    filter.list.every((item) => item instanceof LiteralExpr)
  ) {
    name = fieldName(filter.child, fields)
    values = filter.list.map((item) => (item as LiteralExpr).value)
  }
  if (
    name === null ||
    !values.every((value) => typeof value === 'string' || typeof value === 'bigint' || value === null)
  )
    return null
  const column = name
  const tagName = fields.table.indexes[0]?.mapping.field(column)?.tantivyName
  const isTag = fields.table.indexes.every((index) => index.mapping.tagFields.some((field) => field.name === column))
  if (!isTag || tagName === undefined) return null
  const wanted = values.filter((value) => value !== null).map((value) => `${tagName}:${value}`)
  return ({ tags }) => tags === undefined || !tags.includes(`${tagName}!`) || wanted.some((tag) => tags.includes(tag))
}

/** A comparison of one field with a literal, the field on the left. */
function comparisonOf(filter: Expr, fields: FastFieldExec) {
  if (!(filter instanceof ComparisonExpr) || !BOUNDING.has(filter.op)) return null
  const [column, literal, op] =
    filter.left instanceof ColumnExpr
      ? [filter.left, filter.right, filter.op]
      : [filter.right, filter.left, mirroredOperator(filter.op)]
  const name = fieldName(column, fields)
  if (name === null || !(literal instanceof LiteralExpr)) return null
  return { name, op, value: literal.value, column: column as ColumnExpr }
}

function fieldName(expr: Expr, fields: FastFieldExec): string | null {
  if (!(expr instanceof ColumnExpr)) return null
  const source = fields.options.columns[expr.index - addressFields.length]?.source
  return source?.kind === 'column' ? source.name : null
}
