import {
  arrowTypeName,
  INT32,
  isNumeric,
  isText,
  precisionOf,
  scaleOf,
  typeName,
  UTF8,
  type FunctionRegistry,
  type ScalarValue,
} from '@volley/core'
import type { Catalog, SessionSettings, TableProvider } from '@volley/planner'
import { ViewProvider } from '@volley/sql'
import type { JsonPaths } from '@volley/splits'
import type { DataType } from 'apache-arrow'
import { pathTypes } from '../describe-paths.ts'
import { StaticRows } from '../static-rows.ts'
import { MemoryTable } from './memory-table.ts'
import { CATALOG_NAME, DEFAULT_SCHEMA, type SessionTables } from './session-catalog.ts'

interface Sources {
  readonly catalog: Catalog
  readonly ownTables: SessionTables
  readonly settings: SessionSettings
  readonly functions: FunctionRegistry
  /** Paths of a table's JSON columns; null for a table that has none to ask for. */
  readonly jsonPaths: (table: TableProvider) => Promise<JsonPaths | null>
}

type Columns = readonly (readonly [name: string, type: DataType])[]
type Rows = readonly (readonly ScalarValue[])[]

const texts = (...names: string[]): Columns => names.map((name) => [name, UTF8] as const)

/** Views of information_schema, computed when they are read. */
const VIEWS: Readonly<Record<string, { columns: Columns; rows: (sources: Sources) => Promise<Rows> }>> = {
  tables: {
    columns: texts('table_catalog', 'table_schema', 'table_name', 'table_type'),
    rows: async (sources) => {
      const own = (await sources.catalog.tableNames()).map((name) => [
        CATALOG_NAME,
        DEFAULT_SCHEMA,
        name,
        sources.ownTables.get(name) instanceof ViewProvider ? 'VIEW' : 'BASE TABLE',
      ])
      const views = Object.keys(VIEWS).map((name) => [CATALOG_NAME, 'information_schema', name, 'VIEW'])
      return [...own.sort(byName), ...views]
    },
  },
  views: {
    columns: texts('table_catalog', 'table_schema', 'table_name', 'definition'),
    rows: async ({ ownTables }) =>
      ownTables.names
        .filter((name) => ownTables.get(name) instanceof ViewProvider)
        .map((name) => [CATALOG_NAME, DEFAULT_SCHEMA, name, null]),
  },
  columns: {
    columns: [
      ...texts('table_catalog', 'table_schema', 'table_name', 'column_name'),
      ['ordinal_position', INT32],
      ...texts('column_default', 'is_nullable', 'data_type'),
      ['character_maximum_length', INT32],
      ['character_octet_length', INT32],
      ['numeric_precision', INT32],
      ['numeric_precision_radix', INT32],
      ['numeric_scale', INT32],
      ['datetime_precision', INT32],
      ['interval_type', UTF8],
    ],
    rows: columnRows,
  },
  json_paths: {
    columns: [
      ...texts('table_catalog', 'table_schema', 'table_name', 'column_name', 'path', 'data_type'),
      ...texts('is_searchable', 'is_fast'),
      ['splits', INT32],
      ['splits_asked', INT32],
    ],
    rows: pathRows,
  },
  schemata: {
    columns: texts('catalog_name', 'schema_name', 'schema_owner'),
    rows: async () => [
      [CATALOG_NAME, DEFAULT_SCHEMA, null],
      [CATALOG_NAME, 'information_schema', null],
    ],
  },
  df_settings: {
    columns: texts('name', 'value', 'description'),
    rows: async ({ settings }) =>
      settings.show('all').map(({ name, value, description }) => [name, value, description]),
  },
  routines: {
    columns: texts(
      'specific_catalog',
      'specific_schema',
      'specific_name',
      'routine_catalog',
      'routine_schema',
      'routine_name',
      'routine_type',
      'function_type',
      'description',
    ),
    rows: async ({ functions }) =>
      (['scalar', 'aggregate', 'window'] as const).flatMap((kind) =>
        functions.names(kind).map((name) => {
          const fn =
            kind === 'scalar'
              ? functions.scalar(name)
              : kind === 'aggregate'
                ? functions.aggregate(name)
                : functions.window(name)
          const place = [CATALOG_NAME, DEFAULT_SCHEMA, name]
          return [...place, ...place, 'FUNCTION', kind.toUpperCase(), fn?.description ?? null]
        }),
      ),
  },
}

function byName(a: readonly ScalarValue[], b: readonly ScalarValue[]): number {
  return String(a[2]) < String(b[2]) ? -1 : 1
}

async function columnRows({ catalog }: Sources): Promise<Rows> {
  const rows: ScalarValue[][] = []
  for (const name of [...(await catalog.tableNames())].sort()) {
    const table = await catalog.table(name)
    for (const [i, column] of (table?.columns ?? []).entries()) {
      if (!column.visible) continue
      const { type } = column
      const decimal = typeName(type) === 'Decimal'
      rows.push([
        CATALOG_NAME,
        DEFAULT_SCHEMA,
        name,
        column.name,
        i + 1,
        column.defaultValue === undefined ? null : String(column.defaultValue),
        column.nullable ? 'YES' : 'NO',
        arrowTypeName(type),
        null,
        isText(type) ? 2_147_483_647 : null,
        decimal ? precisionOf(type) : null,
        isNumeric(type) ? (decimal ? 10 : 2) : null,
        decimal ? scaleOf(type) : null,
        null,
        null,
      ])
    }
  }
  return rows
}

async function pathRows({ catalog, jsonPaths }: Sources): Promise<Rows> {
  const rows: ScalarValue[][] = []
  for (const name of [...(await catalog.tableNames())].sort()) {
    const table = await catalog.table(name)
    const found = table === null ? null : await jsonPaths(table)
    for (const path of found?.paths ?? []) {
      rows.push([
        CATALOG_NAME,
        DEFAULT_SCHEMA,
        name,
        path.column,
        path.path,
        pathTypes(path),
        path.searchable ? 'YES' : 'NO',
        path.fast ? 'YES' : 'NO',
        path.splits,
        found!.asked,
      ])
    }
  }
  return rows
}

/** A view of information_schema; null when there is none of the name. */
export async function informationSchemaTable(name: string, sources: Sources): Promise<TableProvider | null> {
  const view = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined
  if (view === undefined) return null
  const columns = view.columns.map(([column, type]) => ({
    name: column,
    type,
    nullable: true,
    visible: true,
    selectable: true,
    searchable: false,
  }))
  const rows = new StaticRows(view.columns, await view.rows(sources))
  return new MemoryTable(`information_schema.${name}`, columns, rows.batches())
}
