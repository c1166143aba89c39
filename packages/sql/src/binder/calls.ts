import {
  AggregateCall,
  type AggregateFunction,
  arrowTypeName,
  callFunction,
  CaseExpr,
  CastExpr,
  CoalesceExpr,
  conjunction,
  DATE,
  type Expr,
  exprKey,
  IsNullExpr,
  isText,
  layoutOf,
  LiteralExpr,
  type SortKey,
  SqlState,
  TIME,
  TimeUnit,
  unitOf,
  timestampType,
  typeName,
  UTF8,
  VolleyError,
} from '@volley/core'
import type { AstArgument, AstCall, AstExpr, AstOrderItem, Position } from '../parser/ast.ts'
import { arrowType } from './arrow-type.ts'
import { bindExpr, compare } from './bind-expr.ts'
import { asBoolean, castTo, unify } from './coerce.ts'
import { BinderState, sqlError, sqlTypeName, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { AggregateMarker, GroupingMarker, UnnestMarker } from './markers.ts'
import { didYouMean, fold, foldPath } from './names.ts'
import { SPECIAL_FUNCTIONS } from './special-functions.ts'
import { bindMatch, bindScore } from './text-search.ts'
import { bindWindowCall } from './windows.ts'

/** Binds a call: the forms that only the binder knows, then aggregates and windows, then scalar functions. */
export function bindCall(env: ExprContext, ast: AstCall): Expr {
  const name = functionName(ast)
  const { functions } = env.ctx.planning
  if (ast.over !== null) return bindWindowCall(env, ast, name)
  const special = bindSpecial(env, ast, name)
  if (special !== null) return special
  const aggregate = functions.aggregate(name)
  // bit_and(x) is an aggregate, bit_and(x, y) is not.
  const alsoScalar = ast.args.length > 1 && functions.scalar(name) !== undefined
  if (aggregate !== undefined && !alsoScalar) return bindAggregate(env, ast, aggregate)
  plainCall(ast, name)
  if (functions.scalar(name) === undefined && functions.window(name) !== undefined) {
    throw sqlError(BinderState.windowingError, `window function ${name} requires an OVER clause`, ast.at)
  }
  return callScalar(
    env,
    name,
    valueArguments(ast).map((arg) => bindExpr(env, arg)),
    ast.at,
  )
}

/** The name without its schema. */
function functionName(ast: AstCall): string {
  const parts = ast.name.map(fold)
  if (parts.length > 1 && !['pg_catalog', 'public'].includes(parts.slice(0, -1).join('.'))) {
    throw sqlError(SqlState.undefinedFunction, `function ${foldPath(ast.name)} does not exist`, ast.at)
  }
  const name = parts.at(-1)!
  if (name !== name.toLowerCase()) {
    const known = name.toLowerCase()
    throw sqlError(SqlState.undefinedFunction, `function "${name}" does not exist; did you mean "${known}"?`, ast.at)
  }
  return name
}

/** Arguments that are values; `*` is none. */
export function valueArguments(ast: AstCall): AstExpr[] {
  return ast.args.map((arg: AstArgument) => {
    if (arg.kind === 'star')
      throw sqlError(SqlState.syntaxError, `${foldPath(ast.name)}(*) is not a call: only count takes *`, ast.at)
    return arg
  })
}

function plainCall(ast: AstCall, name: string): void {
  const what = ast.distinct
    ? 'DISTINCT'
    : ast.orderBy.length > 0
      ? 'ORDER BY'
      : ast.withinGroup.length > 0
        ? 'WITHIN GROUP'
        : ast.filter !== null
          ? 'FILTER'
          : null
  if (what !== null)
    throw sqlError(SqlState.undefinedFunction, `${what} specified, but ${name} is not an aggregate function`, ast.at)
}

/**
 * A scalar function with its arguments.
 *
 * @throws VolleyError 42883 with the nearest name, or with the argument types that it does not take
 */
export function callScalar(env: ExprContext, name: string, args: readonly Expr[], at: Position | null): Expr {
  const { functions } = env.ctx.planning
  const fn = functions.scalar(name)
  if (fn === undefined) {
    const known = [
      ...functions.names('scalar'),
      ...functions.names('aggregate'),
      ...functions.names('window'),
      ...SPECIAL_NAMES,
    ].filter((candidate) => /^\w+$/.test(candidate))
    throw sqlError(SqlState.undefinedFunction, `function ${name} does not exist${didYouMean(name, known)}`, at)
  }
  let call: Expr | null
  try {
    call = callFunction(fn, args)
  } catch (error) {
    throw error instanceof VolleyError && at !== null ? error.about({ position: at }) : error
  }
  if (call === null) throw noOverload(name, args, at)
  const children = call.children.map((child) =>
    child instanceof CastExpr && child.child instanceof LiteralExpr ? castTo(env.ctx, child.child, child.type) : child,
  )
  return env.ctx.locate(call.withChildren(children), at)
}

export function noOverload(name: string, args: readonly Expr[], at: Position | null): VolleyError {
  const types = args.map((arg) => sqlTypeName(arg.type)).join(', ')
  return sqlError(
    SqlState.undefinedFunction,
    `function ${name}(${types}) does not exist`,
    at,
    'no overload takes these types; a cast may help',
  )
}

const SPECIAL_NAMES: ReadonlySet<string> = new Set(SPECIAL_FUNCTIONS.flatMap(({ name, aliases }) => [name, ...aliases]))
const TO_TIMESTAMP = /^to_timestamp(?:_seconds|_millis|_micros|_nanos)?$/

function bindSpecial(env: ExprContext, ast: AstCall, name: string): Expr | null {
  const { ctx } = env
  if (TO_TIMESTAMP.test(name)) return bindToTimestamp(env, ast, name)
  if (!SPECIAL_NAMES.has(name)) return null
  switch (name) {
    case 'match':
    case 'phrase':
      plainCall(ast, name)
      return bindMatch(env, name, valueArguments(ast), ast.at)
    case 'score':
      plainCall(ast, name)
      return bindScore(env, valueArguments(ast), ast.at)
    case 'grouping':
    case 'grouping_id': {
      if (!env.aggregates) throw sqlError(SqlState.groupingError, `GROUPING is not allowed in ${env.clause}`, ast.at)
      return new GroupingMarker(valueArguments(ast).map((arg) => bindExpr({ ...env, aggregates: false }, arg)))
    }
    case 'coalesce':
    case 'ifnull':
    case 'nvl': {
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      if (args.length === 0 || (name !== 'coalesce' && args.length !== 2)) throw noOverload(name, args, ast.at)
      const { type, exprs } = unify(ctx, args, name.toUpperCase())
      return exprs.length === 1 ? exprs[0]! : new CoalesceExpr(exprs, type)
    }
    case 'arrow_cast':
    case 'arrow_try_cast': {
      const [value, type] = valueArguments(ast)
      if (ast.args.length !== 2 || type?.kind !== 'string')
        throw sqlError(SqlState.undefinedFunction, `${name} takes a value and the name of an Arrow type`, ast.at)
      const wanted = arrowType(type.text, type.at)
      const given = bindExpr(env, value!)
      const source = isBytes(given) && isText(wanted) ? callScalar(env, 'utf8_text', [given], ast.at) : given
      const plain = castTo(ctx, source, wanted, name === 'arrow_try_cast')
      const cast = layoutOf(wanted) === 'Float16' ? callScalar(env, 'float16', [plain], ast.at) : plain
      if (arrowTypeName(cast.type) === arrowTypeName(wanted)) return cast
      // The same type in another layout: only its name changes.
      return cast instanceof LiteralExpr ? new LiteralExpr(wanted, cast.value) : new CastExpr(cast, wanted, false)
    }
    case 'arrow_typeof': {
      plainCall(ast, name)
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      if (args.length !== 1) throw noOverload(name, args, ast.at)
      return callScalar(env, name, [args[0]!, new LiteralExpr(UTF8, arrowTypeName(args[0]!.type))], ast.at)
    }
    case 'cast_to_type':
    case 'try_cast_to_type': {
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      if (args.length !== 2) throw noOverload(name, args, ast.at)
      return castTo(ctx, args[0]!, args[1]!.type, name === 'try_cast_to_type')
    }
    case 'unnest':
    case 'unnest_outer': {
      plainCall(ast, name)
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      const list = args.length === 1 ? args[0]! : null
      if (list === null || typeName(list.type) !== 'List') throw noOverload(name, args, ast.at)
      if (env.clause !== 'SELECT' && env.clause !== 'ORDER BY')
        throw sqlError(SqlState.featureNotSupported, `${name} is not allowed in ${env.clause}`, ast.at)
      return new UnnestMarker(list, name === 'unnest_outer')
    }
    case 'nvl2': {
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      if (args.length !== 3) throw noOverload(name, args, ast.at)
      const { type, exprs } = unify(ctx, args.slice(1), 'NVL2')
      return new CaseExpr([{ when: new IsNullExpr(args[0]!, true), then: exprs[0]! }], exprs[1]!, type)
    }
    case 'nullif': {
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      if (args.length !== 2) throw noOverload(name, args, ast.at)
      const value = args[0]!
      return new CaseExpr(
        [{ when: compare(env, '=', value, args[1]!), then: new LiteralExpr(value.type, null) }],
        value,
        value.type,
      )
    }
    case 'if':
    case 'iif': {
      const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
      if (args.length !== 3) throw noOverload(name, args, ast.at)
      const { type, exprs } = unify(ctx, args.slice(1), 'IF')
      return new CaseExpr([{ when: asBoolean(ctx, args[0]!, 'IF'), then: exprs[0]! }], exprs[1]!, type)
    }
    case 'now':
    case 'current_timestamp':
    case 'localtimestamp':
    case 'transaction_timestamp':
    case 'statement_timestamp':
      return new LiteralExpr(timestampType(TimeUnit.MICROSECOND), floorDiv(ctx.planning.now, 1000n))
    case 'current_date':
    case 'today':
      return new LiteralExpr(DATE, Number(floorDiv(ctx.planning.now, 86_400_000_000_000n)))
    case 'current_time':
    case 'localtime': {
      const day = 86_400_000_000n
      const micros = floorDiv(ctx.planning.now, 1000n)
      return new LiteralExpr(TIME, micros - floorDiv(micros, day) * day)
    }
    default:
      return null
  }
}

/**
 * `to_timestamp` and its forms. A text with a zone is a moment, and one without is a local time of the session; the result
 * has the session's zone where one was set, and is UTC without a zone where none was.
 */
function bindToTimestamp(env: ExprContext, ast: AstCall, name: string): Expr {
  const { ctx } = env
  plainCall(ast, name)
  const args = valueArguments(ast).map((arg) => bindExpr(env, arg))
  const [first] = args
  const plain = callScalar(env, name, args, ast.at)
  const set = ctx.planning.settings.get('timezone') ?? ''
  const zone = set === '' ? 'UTC' : set
  const shown = zone.toUpperCase() === 'UTC' ? null : zone
  const unit = unitOf(plain.type)
  const inZone = (expr: Expr): Expr => castTo(ctx, expr, timestampType(unit, shown))
  if (first !== undefined && isText(first.type) && args.length === 1) {
    return inZone(castTo(ctx, first, timestampType(unit, zone)))
  }
  const readsZone = args.slice(1).every((arg) => arg instanceof LiteralExpr && /%[zZ#:+]/.test(String(arg.value)))
  const isLocal = first !== undefined && isText(first.type) && !readsZone
  if (shown === null) return plain
  return inZone(isLocal ? plain : castTo(ctx, plain, timestampType(unit, 'UTC')))
}

function isBytes(expr: Expr): boolean {
  return typeName(expr.type) === 'Binary'
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

/** Keys of an ORDER BY; PostgreSQL puts NULLs last ascending, first descending. */
export function bindSortKeys(env: ExprContext, items: readonly AstOrderItem[]): SortKey[] {
  return items.map((item) => ({
    expr: bindExpr(env, item.expr),
    descending: item.descending,
    nullsFirst: item.nullsFirst ?? item.descending,
  }))
}

/** What goes into an aggregate: its arguments cast to an overload's types. `env` is that of the arguments. */
export function aggregateParts(
  env: ExprContext,
  ast: AstCall,
  fn: AggregateFunction,
): { args: Expr[]; filter: Expr | null; orderBy: SortKey[]; type: Expr['type']; argTypes: readonly Expr['type'][] } {
  const { ctx } = env
  const first = ast.args[0]
  if (ast.ignoreNulls && fn.ordered !== true && ast.over === null) {
    throw sqlError(SqlState.syntaxError, `${fn.name} does not take IGNORE NULLS: it leaves out NULLs`, ast.at)
  }
  const star = ast.args.length === 1 && first?.kind === 'star' && fn.name === 'count'
  if (star && first.qualifier.length > 0) throw unsupportedAt('count(table.*)', ast.at)
  const direct = star ? [] : valueArguments(ast).map((arg) => bindExpr(env, arg))
  if (fn.orderedSet === true && ast.withinGroup.length !== 1) {
    throw sqlError(
      SqlState.undefinedFunction,
      `WITHIN GROUP (ORDER BY ...) is required for the ordered-set aggregate ${fn.name}`,
      ast.at,
    )
  }
  if (fn.orderedSet !== true && ast.withinGroup.length > 0) {
    throw sqlError(
      SqlState.undefinedFunction,
      `${fn.name} is not an ordered-set aggregate: it cannot have WITHIN GROUP`,
      ast.at,
    )
  }
  const keys = bindSortKeys(env, fn.orderedSet === true ? ast.withinGroup : ast.orderBy)
  const args = fn.orderedSet === true ? [...direct, keys[0]!.expr] : direct
  const resolved = fn.resolve(args.map((arg) => arg.type))
  if (resolved === null || (fn.name === 'count' && ast.distinct && args.length > 1))
    throw noOverload(fn.name, args, ast.at)
  const cast = args.map((arg, i) => castTo(ctx, arg, resolved.argTypes[i]!))
  const orderBy = fn.orderedSet === true ? [{ ...keys[0]!, expr: cast.at(-1)! }] : keys
  if (ast.distinct && fn.orderedSet !== true) {
    const known = new Set(cast.map(exprKey))
    const other = orderBy.find((key) => !known.has(exprKey(key.expr)))
    if (other !== undefined && fn.ordered === true) {
      throw sqlError(
        BinderState.invalidColumnReference,
        'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list',
        ctx.positionOf(other.expr) ?? ast.at,
      )
    }
  }
  const given = ast.filter === null ? [] : [asBoolean(ctx, bindExpr(env, ast.filter), 'FILTER')]
  const present = ast.ignoreNulls && cast[0] !== undefined ? [new IsNullExpr(cast[0], true)] : []
  const filter = conjunction([...given, ...present])
  return { args: cast, filter, orderBy, type: resolved.returnType, argTypes: resolved.argTypes }
}

const PERCENTILES = new Set(['percentile_cont', 'quantile_cont'])

const WEIGHTED = 'approx_percentile_cont_with_weight'

/** `f(w, p) WITHIN GROUP (ORDER BY x)` as `f(x, w, p)`; descending, as `f(x, w, 1 - p)`. Further arguments have no effect. */
function weightedCall(ast: AstCall): AstCall {
  const key = ast.withinGroup[0]
  if (key === undefined) return { ...ast, args: ast.args.slice(0, 3) }
  const [weight, fraction] = valueArguments(ast)
  if (weight === undefined || fraction === undefined || ast.withinGroup.length > 1) return ast
  const one: AstExpr = { kind: 'number', text: '1', at: fraction.at }
  const rest: AstExpr = { kind: 'binary', op: '-', left: one, right: fraction, at: fraction.at }
  return { ...ast, withinGroup: [], args: [key.expr, weight, key.descending ? rest : fraction] }
}

/**
 * One form for `f(x, p)`, `f(x, p ORDER BY x)`, `f(p ORDER BY x)` and `f(p) WITHIN GROUP (ORDER BY x)`: ascending as
 * quantile_cont(x, p), descending as percentile_cont.
 */
export function percentileCall(
  env: ExprContext,
  ast: AstCall,
  fn: AggregateFunction,
): { readonly ast: AstCall; readonly fn: AggregateFunction } {
  if (fn.name === WEIGHTED) return { ast: weightedCall(ast), fn }
  if (!PERCENTILES.has(fn.name)) return { ast, fn }
  const [first, second] = ast.args
  const key = ast.withinGroup[0] ?? ast.orderBy[0]
  if (first === undefined || first.kind === 'star' || second?.kind === 'star' || ast.withinGroup.length > 1)
    return { ast, fn }
  const apart = ast.withinGroup.length > 0 || ast.args.length === 1
  if (apart ? key === undefined : second === undefined) return { ast, fn }
  const fraction = apart ? first : (second as AstExpr)
  const sort = { ...(key ?? { descending: false, nullsFirst: null }), expr: apart ? key!.expr : first }
  const { functions } = env.ctx.planning
  const plain = { ...ast, orderBy: [], withinGroup: [] }
  const ordered = functions.aggregate(sort.descending ? 'percentile_cont' : 'quantile_cont') ?? fn
  return sort.descending
    ? { fn: ordered, ast: { ...plain, args: [fraction], withinGroup: [sort] } }
    : { fn: ordered, ast: { ...plain, args: [sort.expr, fraction] } }
}

function bindAggregate(env: ExprContext, given: AstCall, function_: AggregateFunction): Expr {
  const { ast, fn } = percentileCall(env, given, function_)
  if (!env.aggregates) {
    const inside = env.clause.startsWith('the arguments of ')
    const message = inside
      ? 'aggregate function calls cannot be nested'
      : `aggregate functions are not allowed in ${env.clause}`
    throw sqlError(SqlState.groupingError, message, ast.at)
  }
  const inner: ExprContext = {
    ...env,
    aggregates: false,
    windows: false,
    clause: `the arguments of ${fn.name}`,
    aliases: null,
  }
  const { args, filter, orderBy, type, argTypes } = aggregateParts(inner, ast, fn)
  const nullable = fn.neverNull !== true
  return new AggregateMarker(
    new AggregateCall(fn, args, { distinct: ast.distinct, filter, orderBy, type, nullable, argTypes }),
  )
}
