import type { Column, ColumnType } from '../../columnar/column.ts'
import type { IndexSchema } from '../../schema/index-schema.ts'
import type { SegmentReader } from '../../segment/segment-reader.ts'
import { encodeJsonPath, splitJsonPath } from '../../terms.ts'
import { invalidRequest } from './aggregation-error.ts'

/** Types whose values are numbers for a metric or a histogram, in the order in which a JSON path is looked for them. */
export const NUMBER_TYPES: readonly ColumnType[] = ['i64', 'u64', 'f64', 'date']

/** Types that have terms. */
export const TERM_TYPES: readonly ColumnType[] = ['i64', 'u64', 'f64', 'str', 'bool', 'ip', 'date']

/** The JSON field of Quickwit that holds what a mapping does not name. */
const DYNAMIC_FIELD = '_dynamic'

/**
 * Name of the column that a field name in a request means; null where there is none. A name that is no field of the
 * schema is a path below `_dynamic`, if the schema has that.
 */
function columnNameOf(schema: IndexSchema, name: string): string | null {
  const dynamic = schema.field(DYNAMIC_FIELD)
  const found = schema.findField(name) ?? (dynamic === undefined ? null : { field: dynamic, path: name })
  if (found === null || (found.path !== '' && found.field.type !== 'json_object')) return null
  const { field, path } = found
  if (!field.options.fast) throw invalidRequest(`field ${name} is not a fast field, which aggregations need`)
  if (path === '') return field.name
  return `${field.name}\u0001${encodeJsonPath(splitJsonPath(path), field.options.expandDots)}`
}

/** Columns of a field that have one of some types, in the order of the types' codes. */
export async function openColumns(
  segment: SegmentReader,
  name: string,
  types: readonly ColumnType[] | null,
): Promise<Column[]> {
  const column = columnNameOf(segment.schema, name)
  if (column === null) return []
  const entries = await segment.columnsOf(column)
  return Promise.all(
    entries.filter(({ type }) => types === null || types.includes(type)).map((entry) => segment.openColumn(entry)),
  )
}
