import { LiteralExpr, SqlState, typeName, UTF8, type Expr } from '@volley/core'
import {
  type LogicalPlan,
  type NamedExpr,
  type PlanningContext,
  Projection,
  type Statement,
  type TableColumn,
  type TableProvider,
  Values,
} from '@volley/planner'
import type {
  AstColumnDefinition,
  AstCopy,
  AstCreateTable,
  AstCreateView,
  AstInsert,
  AstName,
  AstQuery,
} from '../parser/ast.ts'
import { withinStack } from '../parser/guard.ts'
import { BindContext } from './bind-context.ts'
import { bindExpr } from './bind-expr.ts'
import { castTo, inSessionZone } from './coerce.ts'
import { sqlError } from './errors.ts'
import { didYouMean, fold, foldPath } from './names.ts'
import { castColumns, outputExpr, refTo, resolveNullColumns } from './outputs.ts'
import { bindQuery } from './query.ts'
import { findTable, resolveTables } from './resolve-tables.ts'
import { Scope } from './scope.ts'
import { ViewProvider } from './view-provider.ts'

const DUPLICATE_COLUMN = '42701'

interface BoundQuery {
  readonly ctx: BindContext
  readonly plan: LogicalPlan
}

async function bindAlone(query: AstQuery, context: PlanningContext, nullsStay = false): Promise<BoundQuery> {
  return withinStack(async () => {
    const ctx = new BindContext(context, await resolveTables(context.catalog, query))
    const plan = bindQuery(ctx, query, { ctes: null, parent: null })
    return { ctx, plan: nullsStay ? plan : resolveNullColumns(ctx, plan) }
  })
}

/** Columns as a table has them; a default is a constant. */
export function definedColumns(definitions: readonly AstColumnDefinition[], context: PlanningContext): TableColumn[] {
  const seen = new Set<string>()
  return definitions.map((definition) => {
    const name = fold(definition.name)
    if (seen.has(name))
      throw sqlError(DUPLICATE_COLUMN, `column "${name}" specified more than once`, definition.name.at)
    seen.add(name)
    const type = inSessionZone(context, definition.type)
    const { nullable } = definition
    const column = { name, type, nullable, visible: true, selectable: true, searchable: false }
    return definition.defaultValue === null ? column : { ...column, defaultValue: defaultOf(definition, context) }
  })
}

function defaultOf(definition: AstColumnDefinition, context: PlanningContext): Expr {
  const none = {
    table: () => {
      throw sqlError(SqlState.featureNotSupported, 'a default cannot hold a query', definition.name.at)
    },
    tableFunction: () => {
      throw sqlError(SqlState.featureNotSupported, 'a default cannot hold a query', definition.name.at)
    },
  }
  const ctx = new BindContext(context, none)
  const env = {
    ctx,
    scope: new Scope([], [], null),
    ctes: null,
    clause: 'DEFAULT',
    aggregates: false,
    windows: false,
    aliases: null,
    namedWindows: new Map(),
  }
  const bound = castTo(ctx, bindExpr(env, definition.defaultValue!), inSessionZone(context, definition.type))
  definedBy.set(bound, definition)
  return bound
}

/** What a default was bound of: `now()` is that of each INSERT, so it is bound again for each. */
const definedBy = new WeakMap<Expr, AstColumnDefinition>()

function defaultFor(column: TableColumn, context: PlanningContext): Expr {
  const known = column.defaultValue
  if (known === undefined) return new LiteralExpr(column.type, null)
  const definition = definedBy.get(known)
  return definition === undefined ? known : defaultOf(definition, context)
}

export async function bindCreateTable(ast: AstCreateTable, context: PlanningContext): Promise<Statement> {
  const { kind, orReplace, ifNotExists } = ast
  const name = foldPath(ast.name)
  const primaryKey = ast.primaryKey.map(fold)
  let columns = definedColumns(ast.columns, context)
  for (const [i, key] of primaryKey.entries()) {
    const known = columns.map((column) => column.name)
    if (!known.includes(key))
      throw sqlError(
        SqlState.undefinedColumn,
        `column "${key}" of the primary key does not exist${didYouMean(key, known)}`,
        ast.primaryKey[i]!.at,
      )
  }
  columns = columns.map((column) => (primaryKey.includes(column.name) ? { ...column, nullable: false } : column))
  if (ast.query === null) return { kind, name, orReplace, ifNotExists, columns, primaryKey, plan: null }
  const { ctx, plan } = await bindAlone(ast.query, context, columns.length > 0)
  if (columns.length === 0) {
    const taken = new Set<string>()
    for (const column of plan.columns) {
      if (taken.has(column.name))
        throw sqlError(DUPLICATE_COLUMN, `column "${column.name}" specified more than once`, ast.at)
      taken.add(column.name)
    }
    columns = plan.columns.map((column) => ({
      name: column.name,
      type: column.type,
      nullable: column.nullable,
      visible: true,
      selectable: true,
      searchable: false,
    }))
    return { kind, name, orReplace, ifNotExists, columns, primaryKey, plan }
  }
  if (plan.columns.length !== columns.length) {
    throw sqlError(
      SqlState.syntaxError,
      `table "${name}" has ${columns.length} columns, but the query gives ${plan.columns.length}`,
      ast.at,
    )
  }
  return { kind, name, orReplace, ifNotExists, columns, primaryKey, plan: fitted(ctx, plan, columns) }
}

/** The plan with the columns' names and types, by position. */
function fitted(ctx: BindContext, plan: LogicalPlan, columns: readonly TableColumn[]): LogicalPlan {
  const cast = castColumns(
    ctx,
    plan,
    columns.map((column) => column.type),
  )
  return new Projection(
    cast,
    cast.columns.map((column, i): NamedExpr => ({
      column: ctx.newColumn(columns[i]!.name, column.type, column.nullable),
      expr: refTo(column),
    })),
  )
}

export async function bindCreateView(ast: AstCreateView, context: PlanningContext): Promise<Statement> {
  const { kind, orReplace, ifNotExists } = ast
  const name = foldPath(ast.name)
  const { plan } = await bindAlone(ast.query, context)
  const names = ast.columns.map(fold)
  if (names.length > 0 && names.length !== plan.columns.length) {
    throw sqlError(
      SqlState.syntaxError,
      `view "${name}" has ${names.length} columns, but the query gives ${plan.columns.length}`,
      ast.at,
    )
  }
  return { kind, name, orReplace, ifNotExists, view: new ViewProvider(name, ast.query, plan.columns, names) }
}

export async function bindInsert(ast: AstInsert, context: PlanningContext): Promise<Statement> {
  const table = await findTable(context.catalog, ast.table, ast.at)
  const targets = targetColumns(table, ast.columns)
  const { ctx, plan } = ast.query === null ? emptyInput(context) : await bindAlone(ast.query, context, true)
  if (ast.query !== null && plan.columns.length !== targets.length) {
    if (ast.columns.length > 0 || plan.columns.length > targets.length) {
      throw sqlError(
        SqlState.syntaxError,
        `INSERT has ${targets.length} target columns, but ${plan.columns.length} expressions`,
        ast.at,
      )
    }
  }
  const given = targets.slice(0, plan.columns.length)
  const sources = castColumns(
    ctx,
    plan,
    given.map((column) => column.type),
  )
  const exprs = table.columns.map((column): NamedExpr => {
    const i = given.findIndex((target) => target.name === column.name)
    const expr = i >= 0 ? outputExpr(sources, i) : defaultFor(column, ctx.planning)
    return { column: ctx.newColumn(column.name, column.type, expr.nullable), expr }
  })
  const input = sources instanceof Projection ? sources.input : sources
  return { kind: 'insert', table: table.name, plan: new Projection(input, exprs), overwrite: ast.overwrite }
}

function emptyInput(context: PlanningContext): BoundQuery {
  const none = {
    table: () => {
      throw sqlError(SqlState.undefinedTable, 'there is no table', null)
    },
    tableFunction: () => {
      throw sqlError(SqlState.undefinedFunction, 'there is no table function', null)
    },
  }
  return { ctx: new BindContext(context, none), plan: new Values([], [[]]) }
}

function targetColumns(table: TableProvider, names: readonly AstName[]): readonly TableColumn[] {
  if (names.length === 0) return table.columns
  const seen = new Set<string>()
  return names.map((name) => {
    const folded = fold(name)
    const column = table.columns.find((candidate) => candidate.name === folded)
    const known = table.columns.map((candidate) => candidate.name)
    if (column === undefined) {
      throw sqlError(
        SqlState.undefinedColumn,
        `column "${folded}" of table "${table.name}" does not exist${didYouMean(folded, known)}`,
        name.at,
      )
    }
    if (seen.has(folded)) throw sqlError(DUPLICATE_COLUMN, `column "${folded}" specified more than once`, name.at)
    seen.add(folded)
    return column
  })
}

export async function bindCopy(ast: AstCopy, context: PlanningContext): Promise<Statement> {
  const { location, format, options } = ast
  if (ast.direction === 'from') {
    const table = await findTable(context.catalog, ast.table!, ast.at)
    return { kind: 'copy_from', table: table.name, columns: table.columns, location, format, options }
  }
  const query = ast.query ?? wholeTable(ast.table!)
  const { ctx, plan } = await bindAlone(query, context)
  const columns = plan.columns.map((column) => (typeName(column.type) === 'Null' ? UTF8 : column.type))
  return { kind: 'copy_to', plan: castColumns(ctx, plan, columns), location, format, options }
}

/** `SELECT * FROM name`. */
function wholeTable(name: readonly AstName[]): AstQuery {
  const at = name[0]?.at ?? null
  return {
    recursive: false,
    ctes: [],
    body: {
      kind: 'select',
      distinct: false,
      distinctOn: [],
      items: [{ kind: 'wildcard', qualifier: [], exclude: [], replace: [], rename: [], at }],
      from: [{ kind: 'table', name, alias: null, at }],
      where: null,
      groupBy: [],
      having: null,
      qualify: null,
      windows: [],
      at,
    },
    orderBy: [],
    limit: null,
    offset: null,
    at,
  }
}
