import { ColumnExpr, ComparisonExpr, LiteralExpr, typeName, type Expr } from '@volley/core'
import type { ValueRange } from '@volley/planner'
import type { Field } from 'apache-arrow'
import { parquetSchema, type FileMetaData, type Statistics } from 'hyparquet'
import { typeOf } from './parquet-types.ts'

/** Types whose statistics are numbers that order as the values do. */
const ORDERED = new Set(['Int8', 'Int16', 'Int32', 'Int64', 'Date', 'Timestamp'])

const MIRRORED: Readonly<Record<string, string>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** Whether a row group may have a row for which all filters are TRUE, by what its columns' statistics say. */
export function allowedByStatistics(
  metadata: FileMetaData,
  group: number,
  columns: readonly Field[],
  filters: readonly Expr[],
): boolean {
  const statistics = (name: string): Statistics | undefined =>
    metadata.row_groups[group]!.columns.find(
      ({ meta_data: meta }) => meta?.path_in_schema.length === 1 && meta.path_in_schema[0] === name,
    )?.meta_data?.statistics
  return filters.every((filter) => {
    const bound = boundOf(filter)
    if (bound === null || !ORDERED.has(typeName(columns[bound.column]!.type))) return true
    const { min_value: low, max_value: high } = statistics(columns[bound.column]!.name) ?? {}
    return !isNumber(low) || !isNumber(high) || mayHold(bound.op, low, high, bound.value)
  })
}

type Ordered = number | bigint

function isNumber(value: unknown): value is Ordered {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** `column op value`, whichever way round it is written; null for any other condition. */
function boundOf(expr: Expr): { column: number; op: string; value: Ordered } | null {
  if (!(expr instanceof ComparisonExpr)) return null
  const { left, right, op } = expr
  if (left instanceof ColumnExpr && right instanceof LiteralExpr && isNumber(right.value)) {
    return { column: left.index, op, value: right.value }
  }
  if (right instanceof ColumnExpr && left instanceof LiteralExpr && isNumber(left.value)) {
    return { column: right.index, op: MIRRORED[op] ?? '', value: left.value }
  }
  return null
}

function mayHold(op: string, low: Ordered, high: Ordered, value: Ordered): boolean {
  switch (op) {
    case '=':
      return low <= value && value <= high
    case '<':
      return low < value
    case '<=':
      return low <= value
    case '>':
      return high > value
    case '>=':
      return high >= value
    default:
      return true
  }
}

/** Bounds of the flat columns of integers and dates, by the statistics of all row groups. */
export function columnRanges(metadata: FileMetaData): Map<string, ValueRange> {
  const ranges = new Map<string, ValueRange>()
  for (const tree of parquetSchema(metadata).children) {
    if (tree.children.length > 0 || !ORDERED.has(typeName(typeOf(tree)))) continue
    const { name } = tree.element
    let [min, max] = [Infinity, -Infinity]
    for (const { columns } of metadata.row_groups) {
      const meta = columns.find(({ meta_data: data }) => data?.path_in_schema[0] === name)?.meta_data
      const { min_value: low, max_value: high } = meta?.statistics ?? {}
      const known = isNumber(low) && isNumber(high)
      min = Math.min(min, known ? Number(low) : Number.NaN)
      max = Math.max(max, known ? Number(high) : Number.NaN)
    }
    if (Number.isFinite(min) && Number.isFinite(max)) ranges.set(name, { min, max })
  }
  return ranges
}
