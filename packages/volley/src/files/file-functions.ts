import { SqlState, VolleyError } from '@volley/core'
import type { TableProvider } from '@volley/planner'
import type { TableFunction } from '../tables/session-catalog.ts'
import type { FileFormatName } from './file-format.ts'
import { formatName, hasFormat } from './formats.ts'
import { openFiles } from './known-files.ts'

function reading(name: string, format: FileFormatName | null): readonly [string, TableFunction] {
  return [
    name,
    async (args) => {
      const [location] = args
      if (typeof location !== 'string' || args.length !== 1)
        throw new VolleyError(`${name} takes the path of a file or a folder`, { code: SqlState.undefinedFunction })
      return openFiles(name, format ?? formatName(null, location), location)
    },
  ]
}

/** Table functions that read files: `read_parquet('hits.parquet')`. */
export const fileFunctions: ReadonlyMap<string, TableFunction> = new Map([
  reading('read_csv', 'csv'),
  reading('read_json', 'json'),
  reading('read_arrow', 'arrow'),
  reading('read_parquet', 'parquet'),
  reading('read_file', null),
])

/** The table of a file that stands in the place of a table's name: `FROM 'hits.parquet'`. */
export async function fileNamed(location: string): Promise<TableProvider | null> {
  if (!hasFormat(location)) return null
  return openFiles(location, formatName(null, location), location)
}
