import type { PlanningContext, Statement } from '@volley/planner'
import type { AstQuery, AstStatement } from '../parser/ast.ts'
import { withinStack } from '../parser/guard.ts'
import { BindContext } from './bind-context.ts'
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
      const { analyze, verbose, format } = statement
      const inner = await bindStatement(statement.statement, context)
      if (inner.kind !== 'query') return inner
      return { kind: 'explain', plan: inner.plan, analyze, verbose, format }
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
  }
}

async function bindTopQuery(
  query: AstQuery,
  context: PlanningContext,
): Promise<Extract<Statement, { kind: 'query' }>['plan']> {
  return withinStack(async () => {
    const ctx = new BindContext(context, await resolveTables(context.catalog, query))
    return resolveNullColumns(ctx, bindQuery(ctx, query, { ctes: null, parent: null }))
  })
}
