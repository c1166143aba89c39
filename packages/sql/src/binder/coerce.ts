import {
  BOOL,
  canCast,
  CastExpr,
  castScalar,
  commonType,
  type Expr,
  INTERVAL,
  isFloat,
  isInteger,
  isNumeric,
  isText,
  LiteralExpr,
  NULL,
  precisionOf,
  resolveNull,
  scaleOf,
  type ScalarValue,
  SqlState,
  TimeUnit,
  timestampType,
  timezoneOf,
  typeName,
  typesEqual,
  unitOf,
  UTF8,
  VolleyError,
} from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { PlanningContext } from '@volley/planner'
import type { BindContext } from './bind-context.ts'
import { sqlError, sqlTypeName } from './errors.ts'

const INTEGER_BITS: Readonly<Record<string, readonly [bits: number, signed: boolean]>> = {
  Int8: [8, true],
  Int16: [16, true],
  Int32: [32, true],
  Int64: [64, true],
  Uint8: [8, false],
  Uint16: [16, false],
  Uint32: [32, false],
  Uint64: [64, false],
}

/**
 * The expression as a value of a type; constants are cast here and now.
 *
 * @throws VolleyError 42846 where there is no cast, or what the cast of a constant raises
 */
export function castTo(ctx: BindContext, expr: Expr, type: DataType, safe = false): Expr {
  if (typesEqual(expr.type, type)) return expr
  const at = ctx.positionOf(expr)
  if (expr instanceof LiteralExpr) {
    if (expr.value === null) return ctx.locate(new LiteralExpr(type, null), at)
    const folded = castLiteral(ctx, expr, type, safe)
    if (folded !== null) return folded
  }
  if (!canCast(expr.type, type)) {
    throw sqlError(SqlState.cannotCoerce, `cannot cast type ${sqlTypeName(expr.type)} to ${sqlTypeName(type)}`, at)
  }
  return ctx.locate(new CastExpr(expr, type, safe), at)
}

function castLiteral(ctx: BindContext, literal: LiteralExpr, type: DataType, safe: boolean): LiteralExpr | null {
  if (!isNumeric(literal.type) && !isText(literal.type) && typeName(literal.type) !== 'Timestamp') return null
  if (!canCast(literal.type, type)) return null
  const at = ctx.positionOf(literal)
  try {
    return ctx.locate(new LiteralExpr(type, castScalar(literal.value, literal.type, type)), at)
  } catch (error) {
    if (!(error instanceof VolleyError) || error.code === SqlState.featureNotSupported) return null
    if (safe) return ctx.locate(new LiteralExpr(type, null), at)
    throw at === null ? error : error.about({ position: at })
  }
}

/** A type as it is written: `timestamp with time zone` has the zone of the session. */
export function inSessionZone({ settings }: PlanningContext, type: DataType): DataType {
  if (typeName(type) !== 'Timestamp' || timezoneOf(type) !== 'UTC') return type
  const zone = settings.get('timezone') ?? ''
  return zone === '' || zone.toUpperCase() === 'UTC' ? type : timestampType(unitOf(type), zone)
}

/** A text as a timestamp without loss: microseconds, or nanoseconds where it has finer digits. */
export function timestampLiteral(ctx: BindContext, text: string, zone: string | null, source: Expr): LiteralExpr {
  const fraction = /\d:\d\d:\d\d\.(\d+)/.exec(text)?.[1] ?? ''
  const unit = fraction.replace(/0+$/, '').length > 6 ? TimeUnit.NANOSECOND : TimeUnit.MICROSECOND
  const typed = ctx.locate(new LiteralExpr(UTF8, text), ctx.positionOf(source))
  return castTo(ctx, typed, timestampType(unit, zone)) as LiteralExpr
}

/**
 * A constant as a value of the type of what it is compared with, when that loses nothing; so that the column keeps its
 * own type, and the comparison can be pushed into a scan. Null when it does not fit.
 */
function fit(ctx: BindContext, literal: LiteralExpr, type: DataType): LiteralExpr | null {
  if (literal.value === null || typesEqual(literal.type, type)) return null
  if (typeName(literal.type) === 'Timestamp' && typeName(type) === 'Timestamp') return fitTimestamp(ctx, literal, type)
  if (!isNumeric(literal.type) || !isNumeric(type) || isFloat(literal.type)) return null
  const scale = scaleOf(literal.type)
  const unscaled = BigInt(literal.value as number | bigint)
  const factor = 10n ** BigInt(scale)
  let value: ScalarValue
  const range = INTEGER_BITS[typeName(type)]
  if (range !== undefined) {
    if (unscaled % factor !== 0n) return null
    const whole = unscaled / factor
    const [bits, signed] = range
    if ((signed ? BigInt.asIntN(bits, whole) : BigInt.asUintN(bits, whole)) !== whole) return null
    value = bits === 64 ? whole : Number(whole)
  } else if (typeName(type) === 'Decimal') {
    const target = scaleOf(type)
    if (target < scale && unscaled % 10n ** BigInt(scale - target) !== 0n) return null
    const moved = target >= scale ? unscaled * 10n ** BigInt(target - scale) : unscaled / 10n ** BigInt(scale - target)
    if (moved.toString().replace('-', '').length > precisionOf(type)) return null
    value = moved
  } else return null
  return ctx.locate(new LiteralExpr(type, value), ctx.positionOf(literal))
}

function fitTimestamp(ctx: BindContext, literal: LiteralExpr, type: DataType): LiteralExpr | null {
  if (timezoneOf(literal.type) !== null && timezoneOf(literal.type) !== timezoneOf(type)) return null
  const ticks = literal.value as bigint
  const steps = unitOf(type) - unitOf(literal.type)
  const factor = 1000n ** BigInt(Math.abs(steps))
  const value = steps >= 0 ? ticks * factor : ticks / factor
  if (steps < 0 && value * factor !== ticks) return null
  if (BigInt.asIntN(64, value) !== value) return null
  return ctx.locate(new LiteralExpr(type, value), ctx.positionOf(literal))
}

/** What an untyped constant becomes beside a value of `type`. */
function adapt(ctx: BindContext, literal: Expr, type: DataType): Expr {
  if (isText(type) || typeName(type) === 'Null') return literal
  if (typeName(type) === 'Timestamp') {
    return timestampLiteral(ctx, (literal as LiteralExpr).value as string, timezoneOf(type), literal)
  }
  return castTo(ctx, literal, type)
}

/**
 * Both sides as values of one type, for a comparison.
 *
 * @throws VolleyError 42883 where the types do not compare
 */
export function comparable(ctx: BindContext, op: string, left: Expr, right: Expr): readonly [Expr, Expr] {
  let [l, r] = [left, right]
  if (ctx.isUntyped(l) && !ctx.isUntyped(r)) l = adapt(ctx, l, r.type)
  else if (ctx.isUntyped(r) && !ctx.isUntyped(l)) r = adapt(ctx, r, l.type)
  if (r instanceof LiteralExpr && !(l instanceof LiteralExpr)) r = fit(ctx, r, l.type) ?? r
  else if (l instanceof LiteralExpr && !(r instanceof LiteralExpr)) l = fit(ctx, l, r.type) ?? l
  const type = commonType(l.type, r.type)
  if (type === null) {
    throw sqlError(
      SqlState.undefinedFunction,
      `operator does not exist: ${sqlTypeName(l.type)} ${op} ${sqlTypeName(r.type)}`,
      ctx.positionOf(left) ?? ctx.positionOf(right),
      'cast one side: CAST(x AS type)',
    )
  }
  const wanted = typesEqual(type, NULL) ? UTF8 : type
  return [castTo(ctx, l, wanted), castTo(ctx, r, wanted)]
}

/**
 * All as values of one type, for the branches of CASE, COALESCE, IN, VALUES and arrays.
 *
 * @throws VolleyError 42804
 */
export function unify(ctx: BindContext, exprs: readonly Expr[], what: string): { type: DataType; exprs: Expr[] } {
  let type: DataType = NULL
  for (const expr of exprs) {
    if (ctx.isUntyped(expr)) continue
    const common = commonType(type, expr.type)
    if (common === null) {
      throw sqlError(
        SqlState.datatypeMismatch,
        `${what} types ${sqlTypeName(type)} and ${sqlTypeName(expr.type)} cannot be matched`,
        ctx.positionOf(expr),
      )
    }
    type = common
  }
  if (exprs.some((expr) => ctx.isUntyped(expr))) type = resolveNull(type)
  return { type, exprs: exprs.map((expr) => castTo(ctx, expr, type)) }
}

/** A boolean for WHERE, AND and the like. */
export function asBoolean(ctx: BindContext, expr: Expr, what: string): Expr {
  if (typeName(expr.type) === 'Bool') return expr
  if (typeName(expr.type) === 'Null' || ctx.isUntyped(expr)) return castTo(ctx, expr, BOOL)
  throw sqlError(
    SqlState.datatypeMismatch,
    `argument of ${what} must be type boolean, not type ${sqlTypeName(expr.type)}`,
    ctx.positionOf(expr),
  )
}

/** Sides of `+ - * / %` where one is an untyped constant. */
export function adaptOperands(ctx: BindContext, op: string, left: Expr, right: Expr): readonly [Expr, Expr] {
  if (ctx.isUntyped(left) === ctx.isUntyped(right)) return [left, right]
  const [literal, other] = ctx.isUntyped(left) ? [left, right] : [right, left]
  const name = typeName(other.type)
  const temporal = name === 'Timestamp' || name === 'Date' || name === 'Time'
  const typed =
    temporal && op === '+'
      ? castTo(ctx, literal, INTERVAL)
      : isInteger(other.type) || temporal || isNumeric(other.type) || name === 'Interval'
        ? adapt(ctx, literal, other.type)
        : literal
  return literal === left ? [typed, right] : [left, typed]
}
