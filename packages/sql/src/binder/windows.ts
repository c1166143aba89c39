import {
  type AggregateFunction,
  DEFAULT_FRAME,
  type Expr,
  type FrameBound,
  INT64,
  INTERVAL,
  isInteger,
  LiteralExpr,
  SqlState,
  typeName,
  WindowCall,
  type WindowFrame,
} from '@volley/core'
import type { AstCall, AstFrameBound, AstSelect, AstWindow } from '../parser/ast.ts'
import { bindExpr } from './bind-expr.ts'
import { aggregateParts, bindSortKeys, noOverload, percentileCall, valueArguments } from './calls.ts'
import { castTo } from './coerce.ts'
import { BinderState, sqlError, unsupportedAt } from './errors.ts'
import type { ExprContext } from './expr-context.ts'
import { WindowMarker } from './markers.ts'
import { didYouMean, fold } from './names.ts'

/** Binds `f(...) OVER (...)`. Arguments may hold aggregates of the query, never other window calls. */
export function bindWindowCall(env: ExprContext, ast: AstCall, name: string): Expr {
  const { ctx } = env
  const { functions } = ctx.planning
  if (!env.windows) {
    throw sqlError(BinderState.windowingError, `window functions are not allowed in ${env.clause}`, ast.at)
  }
  const inner: ExprContext = { ...env, windows: false, clause: 'a window call' }
  const spec = resolveWindow(env, ast.over!)
  const partitionBy = spec.partitionBy.map((expr) => bindExpr(inner, expr))
  const orderBy = bindSortKeys(inner, spec.orderBy)
  const frame = bindFrame(inner, spec)
  if (frame.units === 'groups' && orderBy.length === 0) {
    throw sqlError(BinderState.windowingError, 'GROUPS mode requires an ORDER BY clause', ast.at)
  }
  const aggregate = functions.aggregate(name)
  const window = functions.window(name)
  if (window !== undefined) {
    if (ast.distinct || ast.filter !== null)
      throw unsupportedAt(`${ast.distinct ? 'DISTINCT' : 'FILTER'} in the window function ${name}`, ast.at)
    const args = valueArguments(ast).map((arg) => bindExpr(inner, arg))
    const signature = window.resolve(args.map((arg) => arg.type))
    if (signature === null) throw noOverload(name, args, ast.at)
    const cast = args.map((arg, i) => castTo(ctx, arg, signature.argTypes[i]!))
    const { returnType: type, nullable } = signature
    return new WindowMarker(
      new WindowCall(window, cast, {
        partitionBy,
        orderBy,
        frame,
        type,
        nullable,
        filter: null,
        ignoreNulls: ast.ignoreNulls,
      }),
    )
  }
  if (aggregate === undefined) {
    if (functions.scalar(name) !== undefined) {
      throw sqlError(
        SqlState.undefinedFunction,
        `OVER specified, but ${name} is not a window function nor an aggregate function`,
        ast.at,
      )
    }
    const known = [...functions.names('window'), ...functions.names('aggregate')]
    throw sqlError(SqlState.undefinedFunction, `function ${name} does not exist${didYouMean(name, known)}`, ast.at)
  }
  return windowAggregate(inner, ast, aggregate, { partitionBy, orderBy, frame })
}

function windowAggregate(
  env: ExprContext,
  given: AstCall,
  function_: AggregateFunction,
  over: Pick<WindowCall, 'partitionBy' | 'orderBy' | 'frame'>,
): Expr {
  const { ast, fn } = percentileCall(env, given, function_)
  if (fn.orderedSet === true) throw unsupportedAt(`the ordered-set aggregate ${fn.name} over a window`, ast.at)
  const { args, filter, type, orderBy: argumentOrder } = aggregateParts(env, ast, fn)
  const { distinct } = ast
  const nullable = fn.neverNull !== true
  return new WindowMarker(new WindowCall(fn, args, { ...over, type, nullable, filter, distinct, argumentOrder }))
}

/**
 * The windows of a WINDOW clause.
 *
 * @throws VolleyError 42P20 for a name that is there twice
 */
export function windowsByName(windows: AstSelect['windows']): ReadonlyMap<string, AstWindow> {
  const named = new Map<string, AstWindow>()
  for (const { name, window } of windows) {
    if (named.has(fold(name))) {
      throw sqlError(BinderState.windowingError, `window "${fold(name)}" is already defined`, name.at)
    }
    named.set(fold(name), window)
  }
  return named
}

/** A window with what it takes from the named window that it is or extends. */
function resolveWindow(env: ExprContext, window: AstWindow, depth = 0): AstWindow {
  if (window.base === null) return window
  const name = fold(window.base)
  const named = env.namedWindows.get(name)
  if (named === undefined || depth > env.namedWindows.size) {
    throw sqlError(
      SqlState.undefinedObject,
      `window "${name}" does not exist${didYouMean(name, env.namedWindows.keys())}`,
      window.base.at,
    )
  }
  const base = resolveWindow(env, named, depth + 1)
  const bare = window.partitionBy.length === 0 && window.orderBy.length === 0 && window.frame === null
  if (bare) return base
  if (window.partitionBy.length > 0) {
    throw sqlError(
      BinderState.windowingError,
      `cannot override PARTITION BY clause of window "${name}"`,
      window.base.at,
    )
  }
  if (window.orderBy.length > 0 && base.orderBy.length > 0) {
    throw sqlError(BinderState.windowingError, `cannot override ORDER BY clause of window "${name}"`, window.base.at)
  }
  if (base.frame !== null) {
    throw sqlError(
      BinderState.windowingError,
      `cannot copy window "${name}" because it has a frame clause`,
      window.base.at,
    )
  }
  return {
    ...window,
    base: null,
    partitionBy: base.partitionBy,
    orderBy: window.orderBy.length > 0 ? window.orderBy : base.orderBy,
  }
}

function bindFrame(env: ExprContext, window: AstWindow): WindowFrame {
  if (window.frame === null) return DEFAULT_FRAME
  const { units, start, end, exclude } = window.frame
  const rank = { unbounded_preceding: 0, preceding: 1, current_row: 2, following: 3, unbounded_following: 4 }
  if (start.kind === 'unbounded_following' || end.kind === 'unbounded_preceding' || rank[start.kind] > rank[end.kind]) {
    throw sqlError(
      BinderState.windowingError,
      `frame cannot start at ${text(start)} and end at ${text(end)}`,
      window.at,
    )
  }
  return { units, start: bindBound(env, start, window), end: bindBound(env, end, window), exclude }
}

function text(bound: AstFrameBound): string {
  return bound.kind.replaceAll('_', ' ')
}

function bindBound(env: ExprContext, bound: AstFrameBound, window: AstWindow): FrameBound {
  if (bound.offset === null) return { kind: bound.kind, offset: null }
  const { ctx } = env
  const offset = bindExpr({ ...env, aggregates: false }, bound.offset)
  if (window.frame!.units !== 'range') {
    if (!isInteger(offset.type) && !ctx.isUntyped(offset)) {
      throw sqlError(
        SqlState.datatypeMismatch,
        `argument of ${window.frame!.units.toUpperCase()} must be an integer`,
        bound.offset.at,
      )
    }
    const count = castTo(ctx, offset, INT64)
    if (count instanceof LiteralExpr && count.value !== null && (count.value as bigint) < 0n) {
      const side = bound === window.frame!.start ? 'starting' : 'ending'
      throw sqlError(SqlState.invalidParameterValue, `frame ${side} offset must not be negative`, bound.offset.at)
    }
    return { kind: bound.kind, offset: count }
  }
  if (window.orderBy.length !== 1) {
    throw sqlError(
      BinderState.windowingError,
      'RANGE with an offset requires exactly one ORDER BY column',
      bound.offset.at,
    )
  }
  const key = bindExpr(env, window.orderBy[0]!.expr)
  const temporal = ['Timestamp', 'Date', 'Time'].includes(typeName(key.type))
  const type = temporal ? INTERVAL : isInteger(key.type) ? INT64 : key.type
  return { kind: bound.kind, offset: castTo(ctx, offset, type) }
}
