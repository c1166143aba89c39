import { ComparisonExpr, type Expr, exprKey, INT32, LiteralExpr, type SortKey, SqlState } from '@volley/core'
import { Filter, type LogicalColumn, type LogicalPlan, Projection, Sort, Window } from '@volley/planner'
import type { AstExpr, AstGroup, AstOrderItem, AstSelect } from '../parser/ast.ts'
import type { BindContext } from './bind-context.ts'
import { bindCondition, bindExpr } from './bind-expr.ts'
import { comparable } from './coerce.ts'
import { BinderState, sqlError } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { bindFrom } from './from.ts'
import { type Dependency, type Grouping, GroupingBuilder, GroupRewriter } from './grouping.ts'
import { lowerUnnest } from './lower-unnest.ts'
import { lowerWindows } from './lower-windows.ts'
import { AggregateMarker, GroupingMarker, hasMarker, UnnestMarker, WindowMarker } from './markers.ts'
import { fold } from './names.ts'
import { OutputColumns, refTo } from './outputs.ts'
import { limited, ordinalOf, type QueryContext, type QueryTail } from './query.ts'
import type { Scope } from './scope.ts'
import { type SelectItem, bindItems } from './select-items.ts'
import { distinct, rowNumber } from './set-operations.ts'
import { windowsByName } from './windows.ts'

/**
 * Binds a SELECT with the ORDER BY and LIMIT behind it, in SQL's order: FROM, WHERE, GROUP BY, HAVING, windows, QUALIFY, the
 * list, DISTINCT, ORDER BY, LIMIT.
 */
export function bindSelect(ctx: BindContext, ast: AstSelect, query: QueryContext, tail: QueryTail): LogicalPlan {
  const from = bindFrom(ctx, ast.from, query)
  const namedWindows = windowsByName(ast.windows)
  const base = { ctx, scope: from.scope.withParent(query.parent), ctes: query.ctes, aliases: null, namedWindows }
  const value: ExprContext = { ...base, clause: 'WHERE', aggregates: false, windows: false }
  let plan = ast.where === null ? from.plan : new Filter(from.plan, bindCondition(value, ast.where))

  const items = bindItems({ ...base, clause: 'SELECT', aggregates: true, windows: true }, ast.items)
  const aliases = aliasesOf(items)
  const grouping = bindGroupBy({ ...value, clause: 'GROUP BY', aliases }, ast.groupBy, items)
  const having =
    ast.having === null ? [] : [bindCondition({ ...value, clause: 'HAVING', aggregates: true, aliases }, ast.having)]
  const full: ExprContext = { ...base, clause: 'ORDER BY', aggregates: true, windows: true, aliases }
  const qualify = ast.qualify === null ? [] : [bindCondition({ ...full, clause: 'QUALIFY' }, ast.qualify)]
  const order = tail.orderBy.map((item) => ({
    ...sortOptions(item),
    expr: outputOrExpr(full, item.expr, items, 'ORDER BY'),
  }))
  const on = ast.distinctOn.map((expr) => outputOrExpr({ ...full, clause: 'DISTINCT ON' }, expr, items, 'DISTINCT ON'))

  let values: readonly Expr[] = [...items.map((item) => item.expr), ...qualify, ...order.map((key) => key.expr), ...on]
  if (
    grouping !== null ||
    having.length > 0 ||
    values.some((expr) => hasMarker(expr, AggregateMarker) || hasMarker(expr, GroupingMarker))
  ) {
    const grouped = groupedUnnest(ctx, plan, grouping ?? { exprs: [], sets: null }, values)
    plan = grouped.plan
    values = grouped.values
    const rewriter = new GroupRewriter(ctx, plan, grouped.grouping, dependenciesOf(from.scope))
    values = values.map((expr) => rewriter.rewrite(expr))
    const conditions = having.map((expr) => rewriter.rewrite(expr))
    plan = rewriter.plan(plan)
    for (const condition of conditions) plan = new Filter(plan, condition)
  }
  const windowed = lowerWindows(ctx, plan, values)
  const lowered = lowerUnnest(ctx, windowed.plan, windowed.exprs)
  plan = lowered.plan
  const take = takeFrom(lowered.exprs)
  const itemExprs = take(items.length)
  for (const condition of take(qualify.length)) plan = new Filter(plan, condition)
  const keys = take(order.length).map((expr, i): SortKey => ({ ...order[i]!, expr }))
  return project(
    ctx,
    plan,
    {
      items,
      itemExprs,
      keys,
      on: take(on.length),
      distinct: ast.distinct,
      at: ast.distinctOn[0]?.at ?? tail.orderBy[0]?.expr.at ?? null,
    },
    tail,
  )
}

/** Groups by items of lists: the lists are unnested below the Aggregate. */
function groupedUnnest(
  ctx: BindContext,
  plan: LogicalPlan,
  grouping: Grouping,
  values: readonly Expr[],
): { plan: LogicalPlan; grouping: Grouping; values: readonly Expr[] } {
  if (!grouping.exprs.some((expr) => hasMarker(expr, UnnestMarker))) return { plan, grouping, values }
  const lowered = lowerUnnest(ctx, plan, grouping.exprs)
  const byKey = new Map(grouping.exprs.map((expr, i) => [exprKey(expr), lowered.exprs[i]!]))
  const replace = (expr: Expr): Expr => {
    const known = byKey.get(exprKey(expr))
    if (known !== undefined || expr.children.length === 0) return known ?? expr
    const children = expr.children.map(replace)
    return children.every((child, i) => child === expr.children[i]) ? expr : expr.withChildren(children)
  }
  return { plan: lowered.plan, grouping: { ...grouping, exprs: lowered.exprs }, values: values.map(replace) }
}

/** Tables with a primary key: who groups by it has one row of the table in each group. */
function dependenciesOf(scope: Scope): Dependency[] {
  return scope.relations.flatMap(({ scan, columns }) => {
    const key = scan?.provider.primaryKey ?? []
    const idOf = (name: string): number | undefined =>
      columns.find((column) => column.column?.name === name)?.column?.id
    const ids = key.map(idOf)
    if (ids.length === 0 || ids.includes(undefined)) return []
    const members = new Set(columns.flatMap((column) => (column.column === null ? [] : [column.column.id])))
    return [{ key: ids as number[], members }]
  })
}

function takeFrom(exprs: readonly Expr[]): (count: number) => readonly Expr[] {
  let at = 0
  return (count) => exprs.slice(at, (at += count))
}

function sortOptions(item: AstOrderItem): Pick<SortKey, 'descending' | 'nullsFirst'> {
  return { descending: item.descending, nullsFirst: item.nullsFirst ?? item.descending }
}

/** Names given with AS, where they mean one expression. */
function aliasesOf(items: readonly SelectItem[]): ReadonlyMap<string, Expr> {
  const aliases = new Map<string, Expr>()
  for (const { name, expr, aliased } of items) if (aliased && !aliases.has(name)) aliases.set(name, expr)
  return aliases
}

/** An ORDER BY element: a position, a name of the list, or an expression over the input. */
function outputOrExpr(env: ExprContext, ast: AstExpr, items: readonly SelectItem[], clause: string): Expr {
  const ordinal = ordinalOf(ast, items.length, clause)
  if (ordinal !== null) return items[ordinal]!.expr
  if (ast.kind === 'name' && ast.parts.length === 1) {
    const name = fold(ast.parts[0]!)
    const named = items.filter((item) => item.name === name)
    const first = named[0]
    if (first !== undefined) {
      const key = exprKey(first.expr)
      if (named.every((item) => exprKey(item.expr) === key)) return first.expr
      throw sqlError(SqlState.ambiguousColumn, `${clause} "${name}" is ambiguous`, ast.at)
    }
  }
  return bindExpr(env, ast)
}

function bindGroupBy(env: ExprContext, ast: AstSelect['groupBy'], items: readonly SelectItem[]): Grouping | null {
  const builder = new GroupingBuilder()
  if (ast === 'all') {
    const plain = items.filter(({ expr }) => !(expr instanceof LiteralExpr) && !isComputed(expr))
    builder.multiply([plain.map(({ expr }) => builder.index(expr))], false)
    return plain.length === 0 && !items.some(({ expr }) => hasMarker(expr, AggregateMarker)) ? null : builder.build()
  }
  if (ast.length === 0) return null
  for (const group of ast) addGroup(env, builder, group, items)
  return builder.build()
}

function isComputed(expr: Expr): boolean {
  return hasMarker(expr, AggregateMarker) || hasMarker(expr, WindowMarker) || hasMarker(expr, GroupingMarker)
}

function addGroup(env: ExprContext, builder: GroupingBuilder, group: AstGroup, items: readonly SelectItem[]): void {
  const index = (expr: AstExpr): number => builder.index(groupExpr(env, expr, items))
  if (group.kind === 'expr') {
    const parts = group.expr.kind === 'tuple' ? group.expr.elements : [group.expr]
    builder.multiply([parts.map(index)], false)
    return
  }
  const sets = group.sets.map((set) =>
    set.flatMap((expr) => (expr.kind === 'tuple' ? expr.elements : [expr])).map(index),
  )
  if (group.kind === 'sets') return builder.multiply(sets, true)
  if (group.kind === 'rollup') {
    return builder.multiply(
      Array.from({ length: sets.length + 1 }, (_, i) => sets.slice(0, sets.length - i).flat()),
      true,
    )
  }
  if (sets.length > 12) throw sqlError(SqlState.statementTooComplex, 'CUBE takes at most 12 elements', null)
  const subsets = Array.from({ length: 2 ** sets.length }, (_, i) => 2 ** sets.length - 1 - i)
  builder.multiply(
    subsets.map((bits) => sets.filter((_, k) => (bits >> (sets.length - 1 - k)) & 1).flat()),
    true,
  )
}

/** PostgreSQL looks among the columns of FROM first, then in the list. */
function groupExpr(env: ExprContext, ast: AstExpr, items: readonly SelectItem[]): Expr {
  const ordinal = ordinalOf(ast, items.length, 'GROUP BY')
  const expr = ordinal === null ? bindExpr(env, ast) : items[ordinal]!.expr
  if (hasMarker(expr, AggregateMarker) || hasMarker(expr, GroupingMarker)) {
    throw sqlError(SqlState.groupingError, 'aggregate functions are not allowed in GROUP BY', ast.at)
  }
  if (hasMarker(expr, WindowMarker)) {
    throw sqlError(BinderState.windowingError, 'window functions are not allowed in GROUP BY', ast.at)
  }
  return expr
}

interface Output {
  readonly items: readonly SelectItem[]
  readonly itemExprs: readonly Expr[]
  readonly keys: readonly SortKey[]
  readonly on: readonly Expr[]
  readonly distinct: boolean
  readonly at: AstExpr['at']
}

/** The list, DISTINCT, ORDER BY and LIMIT; columns that only they need are dropped at the end. */
function project(ctx: BindContext, input: LogicalPlan, output: Output, tail: QueryTail): LogicalPlan {
  const columns = new OutputColumns(ctx)
  const byKey = new Map<string, LogicalColumn>()
  const visible = output.items.map((item, i) => {
    const expr = output.itemExprs[i]!
    const column = columns.add(expr, item.name)
    if (!byKey.has(exprKey(expr))) byKey.set(exprKey(expr), column)
    return column
  })
  const columnFor = (expr: Expr): LogicalColumn => {
    const key = exprKey(expr)
    let column = byKey.get(key)
    if (column === undefined) {
      if (output.distinct) {
        throw sqlError(
          BinderState.invalidColumnReference,
          'for SELECT DISTINCT, ORDER BY expressions must appear in select list',
          ctx.positionOf(expr) ?? output.at,
        )
      }
      column = columns.add(expr, String(expr))
      byKey.set(key, column)
    }
    return column
  }
  const sorted = output.keys
    .filter((key) => !(key.expr instanceof LiteralExpr))
    .map((key) => ({ ...key, column: columnFor(key.expr) }))
  const on = output.on.map(columnFor)
  let plan: LogicalPlan = new Projection(input, columns.exprs)
  let outputs: readonly LogicalColumn[] = visible
  let keys = sorted.map(({ column, descending, nullsFirst }): SortKey => ({
    expr: refTo(column),
    descending,
    nullsFirst,
  }))
  if (output.distinct) {
    const before = plan.columns
    plan = distinct(ctx, plan)
    const after = new Map(before.map((column, i) => [column.id, plan.columns[i]!]))
    outputs = plan.columns
    keys = sorted.map(({ column, descending, nullsFirst }) => ({
      expr: refTo(after.get(column.id)!),
      descending,
      nullsFirst,
    }))
  } else if (on.length > 0) plan = firstOfEach(ctx, plan, on, keys, output)
  if (keys.length > 0) plan = new Sort(plan, keys)
  plan = limited(plan, tail)
  if (plan.columns.length === outputs.length) return plan
  return new Projection(
    plan,
    outputs.map((column) => ({ column, expr: refTo(column) })),
  )
}

/** DISTINCT ON: the first row, by ORDER BY, of those with equal keys. */
function firstOfEach(
  ctx: BindContext,
  input: LogicalPlan,
  on: readonly LogicalColumn[],
  keys: readonly SortKey[],
  output: Output,
): LogicalPlan {
  const ids = new Set(on.map((column) => exprKey(refTo(column))))
  const leading = keys.slice(0, ids.size).filter((key) => ids.has(exprKey(key.expr))).length
  if (leading < Math.min(ids.size, keys.length)) {
    throw sqlError(
      BinderState.invalidColumnReference,
      'SELECT DISTINCT ON expressions must match initial ORDER BY expressions',
      output.at,
    )
  }
  const number = rowNumber(ctx, on.map(refTo), keys)
  const [row, one] = comparable(ctx, '=', refTo(number.column), new LiteralExpr(INT32, 1))
  return new Filter(new Window(input, [number]), new ComparisonExpr('=', row, one))
}
