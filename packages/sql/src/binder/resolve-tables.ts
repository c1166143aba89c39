import { SqlState } from '@volley/core'
import type { Catalog, TableProvider } from '@volley/planner'
import type { AstBody, AstExpr, AstName, AstQuery, AstTable, Position } from '../parser/ast.ts'
import type { ResolvedTables } from './bind-context.ts'
import { sqlError } from './errors.ts'
import { didYouMean, fold, foldPath } from './names.ts'
import { ViewProvider } from './view-provider.ts'

type TableNode = Extract<AstTable, { kind: 'table' | 'function' }>

/** Calls `found` for each table and table function of FROM that no WITH of the statement names. */
function walkTables(node: unknown, ctes: ReadonlySet<string>, found: (table: TableNode) => void): void {
  if (typeof node !== 'object' || node === null) return
  if (Array.isArray(node)) {
    for (const child of node) walkTables(child, ctes, found)
    return
  }
  if ('ctes' in node && 'body' in node) return walkQuery(node as AstQuery, ctes, found)
  const table = node as AstTable
  if (table.kind === 'table') {
    if (table.name.length > 1 || !ctes.has(fold(table.name[0]!))) found(table)
    return
  }
  if (table.kind === 'function') found(table)
  for (const child of Object.values(node)) walkTables(child, ctes, found)
}

function walkQuery(query: AstQuery, outer: ReadonlySet<string>, found: (table: TableNode) => void): void {
  const ctes = new Set(outer)
  for (const cte of query.ctes) {
    const name = fold(cte.name)
    walkTables(cte.query, query.recursive ? new Set([...ctes, name]) : ctes, found)
    ctes.add(name)
  }
  walkTables([query.body, query.orderBy, query.limit, query.offset], ctes, found)
}

/** Names of tables that a query takes from outside of itself. */
export function freeTables(query: AstQuery | AstBody): Set<string> {
  const names = new Set<string>()
  walkTables(query, new Set(), (table) => {
    if (table.kind === 'table' && table.name.length === 1) names.add(fold(table.name[0]!))
  })
  return names
}

type Constant = string | number | bigint | boolean | null

function constant(ast: AstExpr): Constant {
  switch (ast.kind) {
    case 'string':
      return ast.text
    case 'boolean':
      return ast.value
    case 'null':
      return null
    case 'number':
      return numeric(ast.text)
    case 'unary':
      if (ast.op === '-' && ast.operand.kind === 'number') return numeric(`-${ast.operand.text}`)
  }
  throw sqlError(SqlState.featureNotSupported, 'arguments of a table function must be constants', ast.at)
}

function numeric(text: string): number | bigint {
  const value = Number(text)
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value
}

function functionKey(name: readonly AstName[], args: readonly Constant[]): string {
  return JSON.stringify([foldPath(name), args.map((arg) => (typeof arg === 'bigint' ? `${arg}n` : arg))])
}

/**
 * Finds every table and table function of a statement, each once.
 *
 * @throws VolleyError 42P01 and 42883, with the nearest name
 */
export async function resolveTables(catalog: Catalog, node: unknown): Promise<ResolvedTables> {
  const wanted = new Map<string, TableNode>()
  const key = (node: TableNode): string =>
    node.kind === 'table' ? foldPath(node.name) : functionKey(node.name, node.args.map(constant))
  const found = new Map<string, TableProvider>()
  const gather = (root: unknown): void =>
    walkTables(root, new Set(), (table) => {
      const name = key(table)
      if (!wanted.has(name) && !found.has(name)) wanted.set(name, table)
    })
  gather(node)
  while (wanted.size > 0) {
    const batch = [...wanted]
    wanted.clear()
    const providers = await Promise.all(
      batch.map(([, table]) =>
        table.kind === 'table' ? findTable(catalog, table.name, table.at) : findFunction(catalog, table),
      ),
    )
    batch.forEach(([name], i) => found.set(name, providers[i]!))
    for (const provider of providers) if (provider instanceof ViewProvider) gather(provider.query)
  }
  return {
    table(name) {
      const provider = found.get(foldPath(name))
      if (provider === undefined) throw missing(foldPath(name), '', name[0]?.at ?? null)
      return provider
    },
    tableFunction(name, args) {
      return found.get(functionKey(name, args.map(constant)))!
    },
  }
}

function missing(name: string, suggestion: string, at: Position | null): Error {
  return sqlError(SqlState.undefinedTable, `table "${name}" does not exist${suggestion}`, at)
}

/** A table by its name as written, or without the schema `public`. Catalogs are the catalog's own business. */
export async function findTable(
  catalog: Catalog,
  parts: readonly AstName[],
  at: Position | null,
): Promise<TableProvider> {
  const name = foldPath(parts)
  let table = await catalog.table(name)
  if (table === null && parts.length === 2 && fold(parts[0]!) === 'public')
    table = await catalog.table(fold(parts.at(-1)!))
  if (table !== null) return table
  throw missing(name, didYouMean(name, await catalog.tableNames()), at)
}

async function findFunction(catalog: Catalog, node: Extract<TableNode, { kind: 'function' }>): Promise<TableProvider> {
  const name = foldPath(node.name)
  const table = await catalog.tableFunction(name, node.args.map(constant))
  if (table !== null) return table
  throw sqlError(SqlState.undefinedFunction, `table function "${name}" does not exist`, node.at)
}
