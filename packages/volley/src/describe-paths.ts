import { arrowTypeName, FLOAT64, INT64, UINT64, UTF8, type ScalarValue } from '@volley/core'
import type { JsonPath, JsonPaths } from '@volley/splits'
import { Bool, TimestampNanosecond, type DataType } from 'apache-arrow'

/** What values of a path are in SQL; what is not listed is text. */
const TYPES: Readonly<Partial<Record<JsonPath['types'][number], DataType>>> = {
  i64: INT64,
  u64: UINT64,
  f64: FLOAT64,
  bool: new Bool(),
  date: new TimestampNanosecond(),
}

/** The types of a path's values, as DESCRIBE writes them: `Int64`, or `Boolean | Utf8` where documents differ. */
export function pathTypes({ types }: JsonPath): string {
  return [...new Set(types.map((type) => arrowTypeName(TYPES[type] ?? UTF8)))].sort().join(' | ')
}

/** Rows of DESCRIBE for the paths of JSON columns. */
export function describePaths({ paths, asked }: JsonPaths): ScalarValue[][] {
  return paths.map((path) => [
    `${path.column}.${path.path}`,
    pathTypes(path),
    true,
    false,
    path.searchable,
    `path of ${path.column}${path.fast ? ', fast' : ''}, in ${path.splits} of ${asked} splits; ${path.column}->>'...' reads it`,
  ])
}
