import {
  AGGREGATE_FUNCTIONS,
  defaultFunctions,
  type FunctionRegistry,
  notSupported,
  WINDOW_FUNCTIONS,
} from '@volley/core'
import {
  type Catalog,
  formatLogicalPlan,
  type LogicalPlan,
  type PlanningContext,
  type Statement,
  type TableColumn,
  type TableProvider,
  type TextPredicate,
} from '@volley/planner'
import { bindStatement, parseStatements } from '@volley/sql'
import type { DataType } from 'apache-arrow'

export type ColumnSpec = DataType | (Partial<TableColumn> & { type: DataType })

/** A table that has columns and nothing in them. */
export class MemoryTable implements TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[]
  readonly rows = null
  readonly bytes = null
  readonly supportsPaths = true
  readonly supportsText: boolean
  readonly checked: TextPredicate[] = []

  constructor(name: string, columns: Record<string, ColumnSpec>, supportsText = true) {
    this.name = name
    this.supportsText = supportsText
    this.columns = Object.entries(columns).map(([key, spec]) => ({
      name: key,
      nullable: true,
      visible: true,
      selectable: true,
      searchable: true,
      ...('typeId' in spec ? { type: spec } : spec),
    }))
  }

  supportsFilter(): boolean {
    return false
  }

  checkText(predicate: TextPredicate): void {
    this.checked.push(predicate)
  }

  scan(): never {
    throw notSupported('a scan of a table in memory')
  }
}

export class MemoryCatalog implements Catalog {
  readonly tables: readonly TableProvider[]
  /** Names that were looked up, in order. */
  readonly lookups: string[] = []

  constructor(tables: readonly TableProvider[]) {
    this.tables = tables
  }

  async table(name: string): Promise<TableProvider | null> {
    this.lookups.push(name)
    return this.tables.find((table) => table.name === name) ?? null
  }

  async tableFunction(
    name: string,
    args: readonly (string | number | bigint | boolean | null)[],
  ): Promise<TableProvider | null> {
    if (!['inverted_index', 'fast_fields', 'documents'].includes(name)) return null
    this.lookups.push(`${name}(${args.join(', ')})`)
    return this.tables.find((table) => table.name === args[0]) ?? null
  }

  async tableNames(): Promise<readonly string[]> {
    return this.tables.map((table) => table.name)
  }
}

export function functions(): FunctionRegistry {
  const registry = defaultFunctions()
  for (const fn of AGGREGATE_FUNCTIONS) registry.registerAggregate(fn)
  for (const fn of WINDOW_FUNCTIONS) registry.registerWindow(fn)
  return registry
}

/** 2026-03-01 12:34:56.789012345 UTC. */
export const NOW = 1_772_368_496_789_012_345n

export function planningContext(catalog: Catalog, registry: FunctionRegistry = functions()): PlanningContext {
  return {
    catalog,
    functions: registry,
    now: NOW,
    settings: { get: () => undefined, targetPartitions: 1, batchSize: 8192, ruleEnabled: () => true },
  }
}

export async function bindAll(sql: string, catalog: Catalog): Promise<Statement[]> {
  const bound: Statement[] = []
  for (const statement of await parseStatements(sql))
    bound.push(await bindStatement(statement, planningContext(catalog)))
  return bound
}

export async function planOf(sql: string, catalog: Catalog): Promise<LogicalPlan> {
  const [statement] = await bindAll(sql, catalog)
  if (statement?.kind !== 'query' && statement?.kind !== 'explain') throw new TypeError('not a query')
  return statement.plan
}

/** The plan as text, with the output's names and types on top. */
export async function explain(sql: string, catalog: Catalog): Promise<string> {
  return `\n${formatLogicalPlan(await planOf(sql, catalog))}\n`
}
