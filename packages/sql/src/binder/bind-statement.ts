import type { PlanningContext, Statement } from '@volley/planner'
import type { AstQuery, AstStatement } from '../parser/ast.ts'
import { withinStack } from '../parser/guard.ts'
import { BindContext } from './bind-context.ts'
import { bindCopy, bindCreateTable, bindCreateView, bindInsert, definedColumns } from './definitions.ts'
import { unsupportedAt } from './errors.ts'
import { foldPath } from './names.ts'
import { resolveNullColumns } from './outputs.ts'
import { bindQuery } from './query.ts'
import { findTable, resolveTables } from './resolve-tables.ts'

/**
 * Binds a statement to a logical plan. Each table is looked up in the catalog once, before anything is bound.
 *
 * @throws VolleyError with an SQLSTATE, and the position of what is wrong
 */
export async function bindStatement(statement: AstStatement, context: PlanningContext): Promise<Statement> {
  switch (statement.kind) {
    case 'query':
      return { kind: 'query', plan: await bindTopQuery(statement.query, context) }
    case 'explain': {
      const { analyze, verbose, estimate, format } = statement
      const inner = await bindStatement(statement.statement, context)
      if (inner.kind !== 'query') return inner
      return { kind: 'explain', plan: inner.plan, analyze, verbose, estimate, format }
    }
    case 'set':
      return { kind: 'set', name: statement.name, value: statement.value }
    case 'reset':
    case 'show':
      return { kind: statement.kind, name: statement.name }
    case 'show_tables':
      return { kind: 'show_tables' }
    case 'describe':
      return { kind: 'describe', table: await findTable(context.catalog, statement.table, statement.at) }
    case 'describe_query':
      return { kind: 'describe_query', columns: (await bindTopQuery(statement.query, context)).columns }
    case 'show_create':
      return {
        kind: 'show_create',
        name: foldPath(statement.name),
        table: await findTable(context.catalog, statement.name, statement.at),
      }
    case 'create_table':
      return bindCreateTable(statement, context)
    case 'create_view':
      return bindCreateView(statement, context)
    case 'create_external_table': {
      const { kind, orReplace, ifNotExists, format, location, options } = statement
      const columns = definedColumns(statement.columns, context)
      return { kind, name: foldPath(statement.name), orReplace, ifNotExists, columns, format, location, options }
    }
    case 'drop':
      return {
        kind: 'drop',
        what: statement.what,
        names: statement.names.map(foldPath),
        ifExists: statement.ifExists,
      }
    case 'insert':
      return bindInsert(statement, context)
    case 'copy':
      return bindCopy(statement, context)
    case 'prepare':
    case 'execute':
    case 'deallocate':
      throw unsupportedAt(`${statement.kind.toUpperCase()} outside of a session`, null)
  }
}

/** Binds a query on its own. */
async function bindTopQuery(
  query: AstQuery,
  context: PlanningContext,
): Promise<Extract<Statement, { kind: 'query' }>['plan']> {
  return withinStack(async () => {
    const ctx = new BindContext(context, await resolveTables(context.catalog, query))
    return resolveNullColumns(ctx, bindQuery(ctx, query, { ctes: null, parent: null }))
  })
}
