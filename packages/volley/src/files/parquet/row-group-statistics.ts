import { boundOf, mayHold, orderedValue, typeName, type Expr, type Ordered } from '@volley/core'
import type { ValueRange } from '@volley/planner'
import type { Field } from 'apache-arrow'
import { parquetSchema, type FileMetaData, type RowGroup, type Statistics } from 'hyparquet'
import { typeOf } from './parquet-types.ts'

/** Types whose statistics are numbers that order as the values do. */
const ORDERED = new Set(['Int8', 'Int16', 'Int32', 'Int64', 'Date', 'Timestamp'])

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
