import { commonType, LiteralExpr, type SortKey, SqlState, typesEqual } from '@volley/core'
import { Limit, type LogicalPlan, Projection, RecursiveQuery, Sort, Values, WorkTable } from '@volley/planner'
import type { AstBody, AstCte, AstExpr, AstName, AstOrderItem, AstQuery, AstValues, Position } from '../parser/ast.ts'
import type { BindContext } from './bind-context.ts'
import { bindExpr } from './bind-expr.ts'
import { unify } from './coerce.ts'
import type { CteScope } from './cte-scope.ts'
import { BinderState, sqlError, sqlTypeName, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { bindLiteral } from './literals.ts'
import { fold } from './names.ts'
import { castColumns, refTo, resolveNullColumns } from './outputs.ts'
import { freeTables } from './resolve-tables.ts'
import { Scope } from './scope.ts'
import { bindSelect } from './select.ts'
import { bindSetOperation } from './set-operations.ts'

/** What a query sees of the statement around it. */
export interface QueryContext {
  readonly ctes: CteScope | null
  /** Scope of the enclosing query, for a subquery. */
  readonly parent: Scope | null
}

/** Binds a query with its WITH, ORDER BY and LIMIT. Columns that are NULL only stay so: the caller knows what they meet. */
export function bindQuery(ctx: BindContext, query: AstQuery, outer: QueryContext): LogicalPlan {
  let { ctes } = outer
  const seen = new Set<string>()
  for (const cte of query.ctes) {
    const name = fold(cte.name)
    if (seen.has(name)) {
      throw sqlError(SqlState.duplicateAlias, `WITH query name "${name}" specified more than once`, cte.name.at)
    }
    seen.add(name)
    ctes = cteScope(ctx, cte, query.recursive, { ctes, parent: outer.parent })
  }
  const env: QueryContext = { ctes, parent: outer.parent }
  const tail: QueryTail = { orderBy: query.orderBy, ...bindLimits(ctx, query) }
  if (query.body.kind === 'select') return bindSelect(ctx, query.body, env, tail)
  return withTail(ctx, bindBody(ctx, query.body, env), tail, env)
}

/** Binds what stands on one side of UNION, or a query without a tail. */
export function bindBody(ctx: BindContext, body: AstBody, env: QueryContext): LogicalPlan {
  switch (body.kind) {
    case 'select':
      return bindSelect(ctx, body, env, { orderBy: [], skip: 0, fetch: null })
    case 'query':
      return bindQuery(ctx, body.query, env)
    case 'values':
      return bindValues(ctx, body, env)
    case 'set_operation':
      return bindSetOperation(ctx, body, env)
  }
}

export interface QueryTail {
  readonly orderBy: readonly AstOrderItem[]
  readonly skip: number
  readonly fetch: number | null
}

export function limited(plan: LogicalPlan, tail: QueryTail): LogicalPlan {
  return tail.skip === 0 && tail.fetch === null ? plan : new Limit(plan, tail.skip, tail.fetch)
}

function withTail(ctx: BindContext, plan: LogicalPlan, tail: QueryTail, env: QueryContext): LogicalPlan {
  if (tail.orderBy.length === 0) return limited(plan, tail)
  const columns = plan.columns.map((column) => ({
    name: column.name,
    column,
    field: null,
    inStar: true,
    covered: false,
  }))
  const scope = new Scope([{ name: '', fullName: '', columns, scan: null }], [], env.parent)
  const expr: ExprContext = {
    ctx,
    scope,
    ctes: env.ctes,
    clause: 'ORDER BY',
    aggregates: false,
    windows: false,
    aliases: null,
    namedWindows: new Map(),
  }
  const keys = tail.orderBy.map((item): SortKey => {
    const ordinal = ordinalOf(item.expr, columns.length, 'ORDER BY')
    const key = ordinal === null ? bindExpr(expr, item.expr) : refTo(plan.columns[ordinal]!)
    return { expr: key, descending: item.descending, nullsFirst: item.nullsFirst ?? item.descending }
  })
  return limited(new Sort(plan, keys), tail)
}

/** Index of the output column that `ORDER BY 2` means; null for anything else. */
export function ordinalOf(ast: AstExpr, count: number, clause: string): number | null {
  if (ast.kind !== 'number' || !/^\d+$/.test(ast.text)) return null
  const position = Number(ast.text)
  if (position < 1 || position > count) {
    throw sqlError(BinderState.invalidColumnReference, `${clause} position ${ast.text} is not in select list`, ast.at)
  }
  return position - 1
}

function bindLimits(ctx: BindContext, query: AstQuery): { skip: number; fetch: number | null } {
  return {
    fetch: rowCount(ctx, query.limit, 'LIMIT', BinderState.invalidLimit),
    skip: rowCount(ctx, query.offset, 'OFFSET', BinderState.invalidOffset) ?? 0,
  }
}

function rowCount(ctx: BindContext, ast: AstExpr | null, clause: string, state: string): number | null {
  if (ast === null || (ast.kind === 'name' && ast.parts.length === 1 && fold(ast.parts[0]!) === 'all')) return null
  const literal = bindLiteral(ctx, ast.kind === 'cast' ? ast.operand : ast)
  if (literal === null) throw unsupportedAt(`${clause} with an expression that is not a constant`, ast.at)
  const { value } = literal as LiteralExpr
  if (value === null) return null
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw sqlError(SqlState.datatypeMismatch, `${clause} takes a number of rows`, ast.at)
  const text = ast.kind === 'number' ? ast.text : String(value)
  const rows = Math.round(Number(text))
  if (!(rows >= 0) || Number(text) < 0) throw sqlError(state, `${clause} must not be negative`, ast.at)
  return Math.min(rows, Number.MAX_SAFE_INTEGER)
}

function bindValues(ctx: BindContext, ast: AstValues, env: QueryContext): LogicalPlan {
  const width = ast.rows[0]?.length ?? 0
  const expr: ExprContext = {
    ctx,
    scope: new Scope([], [], env.parent),
    ctes: env.ctes,
    clause: 'VALUES',
    aggregates: false,
    windows: false,
    aliases: null,
    namedWindows: new Map(),
  }
  const rows = ast.rows.map((row) => {
    if (row.length !== width)
      throw sqlError(SqlState.syntaxError, 'VALUES lists must all be the same length', row[0]?.at ?? ast.at)
    return row.map((value) => bindExpr(expr, value))
  })
  const typed = Array.from({ length: width }, (_, i) =>
    unify(
      ctx,
      rows.map((row) => row[i]!),
      'VALUES',
    ),
  )
  const columns = typed.map(({ type, exprs }, i) =>
    ctx.newColumn(
      `column${i + 1}`,
      type,
      exprs.some((value) => value.nullable),
    ),
  )
  return new Values(
    columns,
    rows.map((_, r) => typed.map(({ exprs }) => exprs[r]!)),
  )
}

function cteScope(ctx: BindContext, cte: AstCte, recursive: boolean, env: QueryContext): CteScope {
  const name = fold(cte.name)
  const { body } = cte.query
  const refersToItself = recursive && freeTables(cte.query).has(name)
  if (!refersToItself) {
    return {
      name,
      outer: env.ctes,
      bind: () => renameColumns(ctx, resolveNullColumns(ctx, bindQuery(ctx, cte.query, env)), cte.columns, cte.name),
    }
  }
  if (body.kind !== 'set_operation' || body.op !== 'UNION' || body.byName) {
    throw sqlError(
      BinderState.invalidRecursion,
      `recursive query "${name}" does not have the form first-term UNION [ALL] recursive-term`,
      cte.name.at,
    )
  }
  if (
    cte.query.orderBy.length > 0 ||
    cte.query.limit !== null ||
    cte.query.offset !== null ||
    cte.query.ctes.length > 0
  ) {
    throw unsupportedAt('ORDER BY, LIMIT or WITH in a recursive query', cte.name.at)
  }
  if (freeTables(body.left).has(name)) {
    throw sqlError(
      BinderState.invalidRecursion,
      `recursive reference to query "${name}" must not appear within its first term`,
      cte.name.at,
    )
  }
  const { left, right, all } = body
  return {
    name,
    outer: env.ctes,
    bind: (at) => bindRecursive(ctx, { name, left, right, all, columns: cte.columns, nameAt: cte.name }, env, at),
  }
}

function bindRecursive(
  ctx: BindContext,
  cte: { name: string; left: AstBody; right: AstBody; all: boolean; columns: readonly AstName[]; nameAt: AstName },
  env: QueryContext,
  at: Position | null,
): LogicalPlan {
  const work = ctx.workTableName(cte.name)
  const initial = renameColumns(ctx, resolveNullColumns(ctx, bindBody(ctx, cte.left, env)), cte.columns, cte.nameAt)
  const again = (): LogicalPlan['columns'] =>
    initial.columns.map((column) => ctx.newColumn(column.name, column.type, true))
  const self: CteScope = { name: cte.name, outer: env.ctes, bind: () => new WorkTable(work, again()) }
  const step = bindBody(ctx, cte.right, { ...env, ctes: self })
  if (step.columns.length !== initial.columns.length) {
    throw sqlError(
      SqlState.syntaxError,
      `the terms of the recursive query "${cte.name}" have different numbers of columns`,
      cte.right.at ?? at,
    )
  }
  const types = initial.columns.map((column) => column.type)
  step.columns.forEach((column, i) => {
    const common = commonType(types[i]!, column.type)
    if (common !== null && typesEqual(common, types[i]!)) return
    throw sqlError(
      SqlState.datatypeMismatch,
      `recursive query "${cte.name}" column ${i + 1} has type ${sqlTypeName(types[i]!)} in its first term but type ${sqlTypeName(column.type)} in the recursive one`,
      cte.right.at ?? at,
      'cast the first term',
    )
  })
  return new RecursiveQuery(work, initial, castColumns(ctx, step, types), !cte.all, again())
}

/** Gives the names of `WITH t (a, b)` to the first columns. */
function renameColumns(ctx: BindContext, plan: LogicalPlan, names: readonly AstName[], owner: AstName): LogicalPlan {
  if (names.length === 0) return plan
  if (names.length > plan.columns.length) {
    throw sqlError(
      SqlState.syntaxError,
      `WITH query "${fold(owner)}" has ${plan.columns.length} columns, but ${names.length} names were given`,
      owner.at,
    )
  }
  return new Projection(
    plan,
    plan.columns.map((column, i) => {
      const name = names[i]
      return { column: name === undefined ? column : { ...column, name: fold(name) }, expr: refTo(column) }
    }),
  )
}
