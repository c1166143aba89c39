import {
  CoalesceExpr,
  ComparisonExpr,
  conjunction,
  elementType,
  type Expr,
  INT64,
  LiteralExpr,
  SqlState,
  typeName,
  UTF8,
} from '@volley/core'
import {
  Filter,
  Join,
  type LogicalJoinType,
  type LogicalPlan,
  type NamedExpr,
  Projection,
  type ScanOutput,
  type TableProvider,
  TableScan,
  Unnest,
  Values,
} from '@volley/planner'
import type { AstAlias, AstExpr, AstTable, Position } from '../parser/ast.ts'
import type { BindContext, ScanField } from './bind-context.ts'
import { bindCondition, bindExpr } from './bind-expr.ts'
import { callScalar } from './calls.ts'
import { comparable } from './coerce.ts'
import { findCte } from './cte-scope.ts'
import { sqlError, sqlTypeName } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { didYouMean, fold, foldPath } from './names.ts'
import { refTo, resolveNullColumns } from './outputs.ts'
import { bindQuery, type QueryContext } from './query.ts'
import { refreshed, type Relation, Scope, type ScopeColumn } from './scope.ts'
import { ViewProvider } from './view-provider.ts'

interface Source {
  readonly plan: LogicalPlan
  readonly scope: Scope
}

/** Binds FROM; tables without a join between them are joined with no condition. */
export function bindFrom(ctx: BindContext, tables: readonly AstTable[], env: QueryContext): Source {
  const [first, ...rest] = tables
  if (first === undefined) return { plan: new Values([], [[]]), scope: new Scope([], [], env.parent) }
  return rest.reduce(
    (left, table) => {
      if (table.kind === 'unnest') return bindUnnest(ctx, table, env, left, false)
      const right = bindTable(ctx, table, env, left.scope)
      return {
        plan: new Join(left.plan, right.plan, 'inner', null),
        scope: together(left.scope, right.scope, env, table),
      }
    },
    bindTable(ctx, first, env, null),
  )
}

/** What a LATERAL item sees: the items before it, as an enclosing query. */
function beside(env: QueryContext, left: Scope | null): QueryContext {
  return left === null ? env : { ...env, parent: left.withParent(env.parent) }
}

/** More tables than this do not join: plans over them take time that grows with the cube of the number. */
const MAX_JOINED = 100

function together(left: Scope, right: Scope, env: QueryContext, at: AstTable): Scope {
  if (left.relations.length + right.relations.length > MAX_JOINED) {
    throw sqlError(
      SqlState.statementTooComplex,
      `the statement is too complex: it joins more than ${MAX_JOINED} tables`,
      at.at,
    )
  }
  for (const relation of right.relations) {
    if (left.relations.some((other) => other.name === relation.name)) {
      throw sqlError(
        SqlState.duplicateAlias,
        `table name "${relation.name}" specified more than once`,
        at.at,
        'give one an alias',
      )
    }
  }
  return new Scope([...left.relations, ...right.relations], [...left.merged, ...right.merged], env.parent)
}

/** `left` holds the items before it, for LATERAL; null where there are none. */
function bindTable(ctx: BindContext, table: AstTable, env: QueryContext, left: Scope | null): Source {
  switch (table.kind) {
    case 'table': {
      ctx.countTable(table.at)
      const name = foldPath(table.name)
      const cte = table.name.length === 1 ? findCte(env.ctes, name) : null
      if (cte !== null) return named(cte.bind(table.at), table.alias, name, env)
      const provider = ctx.tables.table(table.name)
      if (provider instanceof ViewProvider) return bindView(ctx, provider, table, env)
      return scan(ctx, provider, table.alias, fold(table.name.at(-1)!), name, env)
    }
    case 'function': {
      ctx.countTable(table.at)
      const provider = ctx.tables.tableFunction(table.name, table.args)
      const name = foldPath(table.name)
      return scan(ctx, provider, table.alias, name, name, env, true)
    }
    case 'derived': {
      const plan = resolveNullColumns(ctx, bindQuery(ctx, table.query, table.lateral ? beside(env, left) : env))
      if (table.columnCount !== undefined && plan.columns.length !== table.columnCount)
        throw sqlError(SqlState.syntaxError, 'subquery must return only one column', table.query.at)
      return named(plan, table.alias, '', env)
    }
    case 'unnest':
      return bindUnnest(ctx, table, left === null ? env : beside(env, left), null, false)
    case 'join':
      return aliased(bindJoin(ctx, table, env, left), table.alias, env)
  }
}

/** The view's query, with the names that its columns got when it was made. */
function bindView(
  ctx: BindContext,
  view: ViewProvider,
  table: Extract<AstTable, { kind: 'table' }>,
  env: QueryContext,
): Source {
  const plan = resolveNullColumns(ctx, bindQuery(ctx, view.query, { ctes: null, parent: null }))
  if (plan.columns.length !== view.columns.length) {
    throw sqlError(
      SqlState.undefinedColumn,
      `view "${view.name}" had ${view.columns.length} columns when it was made, and now has ${plan.columns.length}`,
      table.at,
    )
  }
  const source = named(plan, table.alias, fold(table.name.at(-1)!), env)
  const [relation] = source.scope.relations
  const given = table.alias?.columns.length ?? 0
  const columns = relation!.columns.map((column, i) =>
    i < given ? column : { ...column, name: view.columns[i]!.name },
  )
  return { plan, scope: new Scope([{ ...relation!, columns }], [], env.parent) }
}

/** `left, UNNEST(list, ...)`: the left rows once for each item. */
function bindUnnest(
  ctx: BindContext,
  ast: Extract<AstTable, { kind: 'unnest' }>,
  env: QueryContext,
  left: Source | null,
  outer: boolean,
): Source {
  const expr = {
    ctx,
    scope: left === null ? new Scope([], [], env.parent) : left.scope.withParent(env.parent),
    ctes: env.ctes,
    clause: 'UNNEST',
    aggregates: false,
    windows: false,
    aliases: null,
    namedWindows: new Map(),
  }
  let plan: LogicalPlan = left?.plan ?? new Values([], [[]])
  const lists = ast.lists.map((list) => bindExpr(expr, list))
  const qualifier = ast.alias === null ? ast.name : fold(ast.alias.name)
  const isSeries = ast.name !== 'unnest'
  let columns: ReturnType<BindContext['newColumn']>[]
  const [only] = lists
  if (lists.length === 1 && only !== undefined && typeName(only.type) === 'Struct' && !ast.ordinality) {
    const fields = only.type.children!.map((field) => ({
      column: ctx.newColumn(field.name, field.type, true, qualifier),
      expr: callScalar(expr, 'get_field', [only, new LiteralExpr(UTF8, field.name)], ast.at),
    }))
    columns = fields.map(({ column }) => column)
    plan = new Projection(plan, [...plan.columns.map((column) => ({ column, expr: refTo(column) })), ...fields])
  } else {
    const items = lists.map((list, i) => {
      if (typeName(list.type) !== 'List')
        throw sqlError(SqlState.undefinedFunction, `unnest takes lists, not ${sqlTypeName(list.type)}`, ast.at)
      const aliased = ast.alias !== null && lists.length === 1 && !isSeries
      const name = isSeries ? 'value' : aliased ? qualifier : i === 0 ? 'unnest' : `unnest_${i}`
      return { column: ctx.newColumn(name, elementType(list.type), true, qualifier), expr: list }
    })
    if (ast.ordinality) items.push(ordinality(expr, lists, qualifier, ast.at))
    columns = items.map(({ column }) => column)
    plan = new Unnest(plan, items, outer)
  }
  const scopeColumns = columns.map((column): ScopeColumn => ({
    name: column.name,
    column,
    field: null,
    inStar: true,
    covered: false,
  }))
  const relation: Relation = {
    name: qualifier,
    fullName: qualifier,
    columns: renamed(scopeColumns, ast.alias),
    scan: null,
    isValue: isSeries && columns.length === 1,
  }
  const own = new Scope([relation], [], env.parent)
  if (left === null) return { plan, scope: own }
  return { plan, scope: together(refreshed(left.scope, plan), own, env, ast) }
}

/** A list that is as long as the longest one, and counts from 1. */
function ordinality(env: ExprContext, lists: readonly Expr[], qualifier: string, at: Position | null): NamedExpr {
  const lengths = lists.map((list) => callScalar(env, 'array_length', [list], at))
  const longest = lengths.length === 1 ? lengths[0]! : callScalar(env, 'greatest', lengths, at)
  const series = callScalar(env, 'generate_series', [new LiteralExpr(INT64, 1n), longest], at)
  return { column: env.ctx.newColumn('ordinality', INT64, true, qualifier), expr: series }
}

/** Renames the first columns by `AS t (a, b)`. */
function renamed(columns: readonly ScopeColumn[], alias: AstAlias | null): ScopeColumn[] {
  if (alias === null || alias.columns.length === 0) return [...columns]
  const visible = columns.filter((column) => column.inStar)
  if (alias.columns.length > visible.length) {
    throw sqlError(
      SqlState.syntaxError,
      `table "${fold(alias.name)}" has ${visible.length} columns, but ${alias.columns.length} names were given`,
      alias.name.at,
    )
  }
  const names = new Map(visible.map((column, i) => [column, alias.columns[i]]))
  return columns.map((column) => {
    const name = names.get(column)
    return name === undefined ? column : { ...column, name: fold(name) }
  })
}

function named(plan: LogicalPlan, alias: AstAlias | null, ownName: string, env: QueryContext): Source {
  const columns = plan.columns.map((column): ScopeColumn => ({
    name: column.name,
    column,
    field: null,
    inStar: true,
    covered: false,
  }))
  const name = alias === null ? ownName : fold(alias.name)
  const relation: Relation = { name, fullName: name, columns: renamed(columns, alias), scan: null }
  return { plan, scope: new Scope([relation], [], env.parent) }
}

function scan(
  ctx: BindContext,
  provider: TableProvider,
  alias: AstAlias | null,
  ownName: string,
  fullName: string,
  env: QueryContext,
  isFunction = false,
): Source {
  const name = alias === null ? ownName : fold(alias.name)
  const outputs: ScanOutput[] = []
  for (const column of provider.columns) {
    if (!column.selectable) continue
    outputs.push({
      column: ctx.newColumn(column.name, column.type, column.nullable, name),
      source: { kind: 'column', name: column.name },
    })
  }
  const scanId = outputs[0]?.column.id ?? ctx.newId()
  const byName = new Map(outputs.map((output) => [output.column.name, output.column]))
  const columns = provider.columns.map((column): ScopeColumn => {
    const field: ScanField = { provider, scan: scanId, column }
    const output = column.selectable ? byName.get(column.name)! : null
    if (output !== null) ctx.fields.set(output.id, field)
    return { name: column.name, column: output, field, inStar: column.visible && column.selectable, covered: false }
  })
  const relation: Relation = {
    name,
    fullName: alias === null ? fullName : name,
    columns: renamed(columns, alias),
    scan: { provider, scan: scanId },
    isValue: isFunction && columns.length === 1,
  }
  return { plan: new TableScan(provider, outputs, [], [], null), scope: new Scope([relation], [], env.parent) }
}

/** `(a JOIN b ON ...) AS t`: one relation of all columns. */
function aliased(source: Source, alias: AstAlias | null, env: QueryContext): Source {
  if (alias === null) return source
  const name = fold(alias.name)
  const relation: Relation = { name, fullName: name, columns: renamed(source.scope.star, alias), scan: null }
  return { plan: source.plan, scope: new Scope([relation], [], env.parent) }
}

function bindJoin(
  ctx: BindContext,
  ast: Extract<AstTable, { kind: 'join' }>,
  env: QueryContext,
  before: Scope | null,
): Source {
  let left = bindTable(ctx, ast.left, env, before)
  const seen =
    before === null
      ? left.scope
      : new Scope([...before.relations, ...left.scope.relations], [...before.merged, ...left.scope.merged], env.parent)
  const always = ast.condition.kind === 'none' || (ast.condition.kind === 'on' && isTrue(ast.condition.expr))
  if (ast.right.kind === 'unnest' && before === null && (ast.type === 'inner' || (ast.type === 'left' && always))) {
    const source = bindUnnest(ctx, ast.right, env, left, ast.type === 'left')
    if (always || ast.condition.kind !== 'on') return source
    const condition = bindCondition(
      {
        ctx,
        scope: source.scope,
        ctes: env.ctes,
        clause: 'JOIN/ON',
        aggregates: false,
        windows: false,
        aliases: null,
        namedWindows: new Map(),
      },
      ast.condition.expr,
    )
    return { plan: new Filter(source.plan, condition), scope: source.scope }
  }
  let right = bindTable(ctx, ast.right, env, seen)
  let { type } = ast
  if (type === 'right_semi' || type === 'right_anti') {
    ;[left, right] = [right, left]
    type = type === 'right_semi' ? 'left_semi' : 'left_anti'
  }
  const scope = together(left.scope, right.scope, env, ast.right)
  if (ast.condition.kind === 'on' || ast.condition.kind === 'none') {
    const condition =
      ast.condition.kind === 'none'
        ? null
        : bindCondition(
            {
              ctx,
              scope,
              ctes: env.ctes,
              clause: 'JOIN/ON',
              aggregates: false,
              windows: false,
              aliases: null,
              namedWindows: new Map(),
            },
            ast.condition.expr,
          )
    const plan = new Join(left.plan, right.plan, type, condition)
    if (type === 'left_semi' || type === 'left_anti') return { plan, scope: left.scope }
    return { plan, scope: type === 'inner' ? scope : refreshed(scope, plan) }
  }
  const names = ast.condition.kind === 'using' ? ast.condition.columns.map(fold) : naturalNames(left.scope, right.scope)
  const pairs = names.map((name, i) => {
    const at = ast.condition.kind === 'using' ? (ast.condition.columns[i]?.at ?? null) : ast.at
    const [l, r] = [left.scope, right.scope].map((side) => usingColumn(side, name, at))
    return { name, left: l!, right: r! }
  })
  const equal = pairs.map(({ left: l, right: r }) => {
    const [a, b] = comparable(ctx, '=', refTo(l.column!), refTo(r.column!))
    return new ComparisonExpr('=', a, b)
  })
  const plan = new Join(left.plan, right.plan, type, conjunction(equal))
  if (type === 'left_semi' || type === 'left_anti') return { plan, scope: left.scope }
  return mergeColumns(ctx, plan, refreshed(scope, plan), pairs, type)
}

function isTrue(ast: AstExpr): boolean {
  return ast.kind === 'boolean' && ast.value
}

function naturalNames(left: Scope, right: Scope): string[] {
  const names = new Set(right.star.map((column) => column.name))
  return [...new Set(left.star.map((column) => column.name).filter((name) => names.has(name)))]
}

function usingColumn(scope: Scope, name: string, at: AstTable['at']): ScopeColumn {
  const column = scope.find([{ value: name, quoted: true, at }])
  if (column === null || column.column === null) {
    const known = scope.star.map((candidate) => candidate.name)
    throw sqlError(
      SqlState.undefinedColumn,
      `column "${name}" of USING does not exist on both sides${didYouMean(name, known)}`,
      at,
    )
  }
  return column
}

/** The scope where the joined columns are one: the left's, the right's in a right join, the first that is not NULL in a full join. */
function mergeColumns(
  ctx: BindContext,
  join: LogicalPlan,
  scope: Scope,
  pairs: readonly { name: string; left: ScopeColumn; right: ScopeColumn }[],
  type: LogicalJoinType,
): Source {
  const used = new Set(pairs.flatMap((pair) => [pair.left.column!.id, pair.right.column!.id]))
  const now = new Map(join.columns.map((column) => [column.id, column]))
  const computed: { column: ReturnType<BindContext['newColumn']>; expr: Expr }[] = []
  const merged = pairs.map((pair): ScopeColumn => {
    const [l, r] = [pair.left, pair.right].map((side) => now.get(side.column!.id)!)
    let column = type === 'right' ? r! : l!
    if (type === 'full') {
      const [a, b] = comparable(ctx, '=', refTo(l!), refTo(r!))
      const expr = new CoalesceExpr([a, b], a.type)
      column = ctx.newColumn(pair.name, expr.type, expr.nullable)
      computed.push({ column, expr })
    }
    return { name: pair.name, column, field: null, inStar: true, covered: false }
  })
  const rest = scope.merged.filter((column) => column.column === null || !used.has(column.column.id))
  const relations = scope.relations.map((relation) => ({
    ...relation,
    columns: relation.columns.map((column) =>
      column.column !== null && used.has(column.column.id) ? { ...column, covered: true } : column,
    ),
  }))
  const plan =
    computed.length === 0
      ? join
      : new Projection(join, [...join.columns.map((column) => ({ column, expr: refTo(column) })), ...computed])
  return { plan, scope: new Scope(relations, [...merged, ...rest], scope.parent) }
}
