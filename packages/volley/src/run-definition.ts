import {
  arrowTypeName,
  SqlState,
  toArrowRecordBatch,
  typeName,
  UINT64,
  UTF8,
  VolleyError,
  type RecordBatch,
} from '@volley/core'
import type { LogicalPlan, Statement, TableColumn, TableProvider } from '@volley/planner'
import { ViewProvider } from '@volley/sql'
import { Field, Schema, type RecordBatch as ArrowRecordBatch } from 'apache-arrow'
import { FileTable } from './files/file-table.ts'
import { formatName } from './files/formats.ts'
import type { WriteTarget } from './files/write/write-file.ts'
import { StaticRows } from './static-rows.ts'
import { MemoryTable } from './tables/memory-table.ts'
import {
  CATALOG_NAME,
  DEFAULT_SCHEMA,
  localName,
  type SessionCatalog,
  type SessionTables,
} from './tables/session-catalog.ts'

export type Definition = Extract<
  Statement,
  {
    kind: 'create_table' | 'create_view' | 'create_external_table' | 'drop' | 'insert' | 'copy_to' | 'copy_from'
  }
>

export interface DefinitionContext {
  readonly tables: SessionTables
  readonly catalog: SessionCatalog
  /** Whether statements may read and write files. */
  readonly files: boolean
  /** Bytes that tables in memory may take together. */
  readonly memoryLimit: number
  /** Runs a plan, and gives its batches one by one, each until the promise is settled. */
  eachBatch(plan: LogicalPlan, take: (batch: RecordBatch) => Promise<void> | void): Promise<void>
}

/** Runs a statement that makes, fills or drops tables. Rows are there once all of them are. */
export async function runDefinition(statement: Definition, context: DefinitionContext): Promise<StaticRows> {
  const { tables } = context
  switch (statement.kind) {
    case 'create_table': {
      if (statement.ifNotExists && tables.get(statement.name) !== undefined) return done
      forbidExisting(tables, statement)
      const { columns, primaryKey, plan } = statement
      const empty = new MemoryTable(localName(statement.name), columns, [], primaryKey)
      const table = plan === null ? empty : empty.with(await collect(plan, context))
      tables.create(statement.name, table, statement.orReplace)
      return done
    }
    case 'create_view':
      if (statement.ifNotExists && tables.get(statement.name) !== undefined) return done
      tables.create(statement.name, statement.view, statement.orReplace)
      return done
    case 'create_external_table': {
      if (statement.ifNotExists && tables.get(statement.name) !== undefined) return done
      forbidExisting(tables, statement)
      requireFiles(context)
      const { columns, location, options } = statement
      const format = formatName(statement.format, location)
      const table = await FileTable.open(localName(statement.name), columns, format, location, options)
      tables.create(statement.name, table, statement.orReplace)
      return done
    }
    case 'drop':
      return drop(statement, tables)
    case 'insert':
      return insert(statement, context)
    case 'copy_to': {
      requireFiles(context)
      const format = formatName(statement.format, statement.location)
      const { location, options, plan } = statement
      return counted(await write({ location, format, options }, plan, context))
    }
    case 'copy_from': {
      requireFiles(context)
      const target = tables.get(statement.table)
      if (!(target instanceof MemoryTable)) throw notATable(statement.table)
      const format = formatName(statement.format, statement.location)
      const source = await FileTable.open('copy', statement.columns, format, statement.location, statement.options)
      const { TableScan } = await import('@volley/planner')
      const outputs = source.columns.map((column, i) => ({
        column: { id: i + 1, name: column.name, type: column.type, nullable: column.nullable, qualifier: null },
        source: { kind: 'column' as const, name: column.name },
      }))
      const batches = await collect(new TableScan(source, outputs, [], [], null), context)
      tables.replace(statement.table, target.with(batches))
      return counted(rowCount(batches))
    }
  }
}

const done: StaticRows = new StaticRows([], [])

function forbidExisting(tables: SessionTables, statement: { name: string; orReplace: boolean }): void {
  if (statement.orReplace || tables.get(statement.name) === undefined) return
  throw new VolleyError(`table "${localName(statement.name)}" already exists`, { code: '42P07' })
}

function requireFiles(context: DefinitionContext): void {
  if (context.files) return
  throw new VolleyError('this session reads and writes no files', { code: '42501' })
}

function drop(statement: Extract<Statement, { kind: 'drop' }>, tables: SessionTables): StaticRows {
  const isWhat = (table: TableProvider): boolean => table instanceof ViewProvider === (statement.what === 'view')
  for (const name of statement.names) {
    const table = tables.get(name)
    if (table === undefined && statement.ifExists) continue
    if (table === undefined)
      throw new VolleyError(`${statement.what} "${localName(name)}" does not exist`, { code: SqlState.undefinedTable })
    if (!isWhat(table)) throw new VolleyError(`"${localName(name)}" is not a ${statement.what}`, { code: '42809' })
  }
  for (const name of statement.names) tables.drop(name)
  return done
}

async function insert(
  statement: Extract<Statement, { kind: 'insert' }>,
  context: DefinitionContext,
): Promise<StaticRows> {
  const table = context.tables.get(statement.table)
  if (!(table instanceof MemoryTable) && !(table instanceof FileTable)) throw notATable(statement.table)
  if (table instanceof MemoryTable) {
    const batches = await collect(statement.plan, context)
    context.tables.replace(statement.table, table.with(batches, statement.overwrite))
    return counted(rowCount(batches))
  }
  requireFiles(context)
  if (!/[/\\]$/.test(table.location)) {
    throw new VolleyError(`table "${table.name}" is one file: rows can be added to a folder only`, {
      code: SqlState.featureNotSupported,
      hint: 'end the LOCATION with a slash',
    })
  }
  const rows = await write(table, statement.plan, context)
  context.tables.replace(statement.table, await table.reopen())
  return counted(rows)
}

function notATable(name: string): VolleyError {
  return new VolleyError(`cannot write to "${name}"`, {
    code: SqlState.featureNotSupported,
    hint: 'only tables that CREATE TABLE made can be written to',
  })
}

/** All rows of a plan as Arrow batches. */
async function collect(plan: LogicalPlan, context: DefinitionContext): Promise<ArrowRecordBatch[]> {
  const { memoryLimit, tables } = context
  const batches: ArrowRecordBatch[] = []
  let bytes = bytesOfTables(tables)
  await context.eachBatch(plan, (batch) => {
    const copy = toArrowRecordBatch(batch)
    bytes += copy.data.byteLength
    if (bytes > memoryLimit) throw tooLarge(bytes, memoryLimit)
    batches.push(copy)
  })
  return batches
}

function bytesOfTables(tables: SessionTables): number {
  let bytes = 0
  for (const name of tables.names) {
    const table = tables.get(name)
    if (table instanceof MemoryTable) bytes += table.bytes.value
  }
  return bytes
}

function tooLarge(bytes: number, limit: number): VolleyError {
  const text = (value: number): string => `${Math.floor(value).toLocaleString('en-US')} bytes`
  return new VolleyError(`tables in memory would take ${text(bytes)}, more than the memory_limit of ${text(limit)}`, {
    code: SqlState.outOfMemory,
    hint: 'raise memory_limit, or drop tables',
  })
}

function rowCount(batches: readonly ArrowRecordBatch[]): number {
  return batches.reduce((sum, batch) => sum + batch.numRows, 0)
}

/** Writes the rows of a plan to a file, or to a new file of a folder, as they come; gives how many they were. */
async function write(target: WriteTarget, plan: LogicalPlan, context: DefinitionContext): Promise<number> {
  const { writeFile } = await import('./files/write/write-file.ts')
  const schema = new Schema(plan.columns.map(({ name, type, nullable }) => new Field(name, type, nullable)))
  let rows = 0
  await writeFile(target, schema, (take) =>
    context.eachBatch(plan, (batch) => {
      rows += batch.numRows
      return take(batch)
    }),
  )
  return rows
}

function counted(rows: number): StaticRows {
  return new StaticRows([['count', UINT64]], [[BigInt(rows)]])
}

/** `column_name, data_type, is_nullable` of a table without a text index, or of a query. */
export function describeColumns(columns: readonly Pick<TableColumn, 'name' | 'type' | 'nullable'>[]): StaticRows {
  return new StaticRows(
    [
      ['column_name', UTF8],
      ['data_type', UTF8],
      ['is_nullable', UTF8],
    ],
    columns.map((column) => [column.name, arrowTypeName(column.type), column.nullable ? 'YES' : 'NO']),
  )
}

/** A table as the statement that would make it. */
export function showCreate(name: string, table: TableProvider): StaticRows {
  const columns = table.columns.map(
    (column) => `${column.name} ${typeName(column.type)}${column.nullable ? '' : ' NOT NULL'}`,
  )
  const what = table instanceof ViewProvider ? 'VIEW' : 'TABLE'
  return new StaticRows(
    [
      ['table_catalog', UTF8],
      ['table_schema', UTF8],
      ['table_name', UTF8],
      ['definition', UTF8],
    ],
    [[CATALOG_NAME, DEFAULT_SCHEMA, name, `CREATE ${what} ${name} (${columns.join(', ')})`]],
  )
}
