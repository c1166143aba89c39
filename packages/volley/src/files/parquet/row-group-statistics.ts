import { ColumnExpr, ComparisonExpr, LiteralExpr, typeName, type Expr } from '@volley/core'
import type { ValueRange } from '@volley/planner'
import type { Field } from 'apache-arrow'
import { parquetSchema, type FileMetaData, type RowGroup, type Statistics } from 'hyparquet'
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
    const bound = boundOf(filter, columns)
    if (bound === null) return true
    const { min_value: min, max_value: max } = statistics(columns[bound.column]!.name) ?? {}
    const [low, high] = [orderedValue(min), orderedValue(max)]
    return low === null || high === null || mayHold(bound.op, low, high, bound.value)
  })
}

type Ordered = number | bigint

/** A condition on one column, whose type orders as its statistics do: `column op value`. */
export interface Bound {
  readonly column: number
  readonly op: string
  readonly value: Ordered
}

/** A statistic that is a number; null for others. */
export function orderedValue(value: unknown): Ordered | null {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value)) ? value : null
}

/** The bound that a condition is, whichever way round it is written; null for any other condition. */
export function boundOf(expr: Expr, columns: readonly Field[]): Bound | null {
  if (!(expr instanceof ComparisonExpr)) return null
  const { left, right, op } = expr
  const [column, literal, mirrored] = left instanceof ColumnExpr ? [left, right, op] : [right, left, MIRRORED[op] ?? '']
  if (!(column instanceof ColumnExpr && literal instanceof LiteralExpr)) return null
  const value = orderedValue(literal.value)
  if (value === null || !ORDERED.has(typeName(columns[column.index]!.type))) return null
  return { column: column.index, op: mirrored, value }
}

/** Whether a value from `low` to `high` may stand in the relation to a value. */
export function mayHold(op: string, low: Ordered, high: Ordered, value: Ordered): boolean {
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

/** Least and greatest value of a column in a row group; null where they are not known, or some row may be NULL. */
export function boundsIn({ columns }: RowGroup, { name, type }: Field): readonly [Ordered, Ordered] | null {
  if (!ORDERED.has(typeName(type))) return null
  const chunk = columns.find(
    ({ meta_data: meta }) => meta?.path_in_schema.length === 1 && meta.path_in_schema[0] === name,
  )
  const { min_value: min, max_value: max, null_count: nulls } = chunk?.meta_data?.statistics ?? {}
  const [low, high] = [orderedValue(min), orderedValue(max)]
  return low === null || high === null || Number(nulls ?? 1) !== 0 ? null : [low, high]
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
      const known = orderedValue(low) !== null && orderedValue(high) !== null
      min = Math.min(min, known ? Number(low) : Number.NaN)
      max = Math.max(max, known ? Number(high) : Number.NaN)
    }
    if (Number.isFinite(min) && Number.isFinite(max)) ranges.set(name, { min, max })
  }
  return ranges
}
