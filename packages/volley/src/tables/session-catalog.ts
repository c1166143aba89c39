import { SqlState, VolleyError, type FunctionRegistry } from '@volley/core'
import type { Catalog, SessionSettings, TableProvider } from '@volley/planner'
import type { JsonPaths } from '@volley/splits'
import { informationSchemaTable } from './information-schema.ts'
import { MemoryTable } from './memory-table.ts'

export const CATALOG_NAME = 'volley'
export const DEFAULT_SCHEMA = 'public'

/** Names that stand for the session's own catalog and schema. */
const PREFIX = /^(?:(?:volley|datafusion)\.)?public\./

/** Table functions by name, such as `read_parquet`. */
export type TableFunction = (args: readonly (string | number | bigint | boolean | null)[]) => Promise<TableProvider>

/** The tables and views of one session. */
export class SessionTables {
  readonly #tables = new Map<string, TableProvider>()

  get(name: string): TableProvider | undefined {
    return this.#tables.get(localName(name))
  }

  get names(): string[] {
    return [...this.#tables.keys()]
  }

  /** @throws VolleyError 42P07 when there is such a table, unless it is replaced */
  create(name: string, table: TableProvider, replace: boolean): void {
    const local = localName(name)
    if (!replace && this.#tables.has(local)) {
      throw new VolleyError(`table "${local}" already exists`, { code: '42P07' })
    }
    this.replace(local, table)
  }

  replace(name: string, table: TableProvider): void {
    this.#retire(name, table)
    this.#tables.set(localName(name), table)
  }

  /** Whether there was one. */
  drop(name: string): boolean {
    this.#retire(name, null)
    return this.#tables.delete(localName(name))
  }

  #retire(name: string, next: TableProvider | null): void {
    const table = this.get(name)
    if (table instanceof MemoryTable) table.retire(next instanceof MemoryTable ? next : null)
  }
}

export function localName(name: string): string {
  return name.replace(PREFIX, '')
}

/** The tables of a session before those of the metastore, and information_schema. */
export class SessionCatalog implements Catalog {
  readonly #tables: SessionTables
  readonly #base: Catalog
  readonly #settings: SessionSettings
  readonly #functions: FunctionRegistry
  readonly #tableFunctions: ReadonlyMap<string, TableFunction>
  readonly #fileNamed: (location: string) => Promise<TableProvider | null>
  readonly #jsonPaths: (table: TableProvider) => Promise<JsonPaths | null>

  constructor(parts: {
    readonly tables: SessionTables
    readonly base: Catalog
    readonly settings: SessionSettings
    readonly functions: FunctionRegistry
    readonly tableFunctions: ReadonlyMap<string, TableFunction>
    readonly fileNamed: (location: string) => Promise<TableProvider | null>
    readonly jsonPaths: (table: TableProvider) => Promise<JsonPaths | null>
  }) {
    this.#tables = parts.tables
    this.#base = parts.base
    this.#settings = parts.settings
    this.#functions = parts.functions
    this.#tableFunctions = parts.tableFunctions
    this.#fileNamed = parts.fileNamed
    this.#jsonPaths = parts.jsonPaths
  }

  async table(name: string): Promise<TableProvider | null> {
    const own = this.#tables.get(name)
    if (own !== undefined) return own
    const [, view] = /^(?:(?:volley|datafusion)\.)?information_schema\.(\w+)$/.exec(name) ?? []
    if (view === undefined) return (await this.#base.table(localName(name))) ?? this.#fileNamed(name)
    return informationSchemaTable(view, {
      catalog: this,
      ownTables: this.#tables,
      settings: this.#settings,
      functions: this.#functions,
      jsonPaths: this.#jsonPaths,
    })
  }

  async tableFunction(
    name: string,
    args: readonly (string | number | bigint | boolean | null)[],
  ): Promise<TableProvider | null> {
    const own = this.#tableFunctions.get(name)
    return own === undefined ? this.#base.tableFunction(name, args) : own(args)
  }

  async tableNames(): Promise<readonly string[]> {
    return [...new Set([...this.#tables.names, ...(await this.#base.tableNames())])]
  }

  /** @throws VolleyError 42P01 */
  async requireTable(name: string): Promise<TableProvider> {
    const table = await this.table(name)
    if (table !== null) return table
    throw new VolleyError(`table "${name}" does not exist`, { code: SqlState.undefinedTable })
  }
}
