import {
  BINARY,
  BOOL,
  castScalar,
  decimalType,
  type Expr,
  FLOAT64,
  INT32,
  INT64,
  INTERVAL,
  LiteralExpr,
  NULL,
  SqlState,
  timezoneOf,
  typeName,
  UTF8,
  VolleyError,
} from '@volley/core'
import type { AstExpr, Position } from '../parser/ast.ts'
import type { BindContext } from './bind-context.ts'
import { castTo, inSessionZone, timestampLiteral } from './coerce.ts'
import { sqlError, unsupportedAt } from './errors.ts'

/** A constant; null when the expression is none. */
export function bindLiteral(ctx: BindContext, ast: AstExpr): Expr | null {
  switch (ast.kind) {
    case 'number':
      return ctx.locate(numberLiteral(ast.text, ast.at), ast.at)
    case 'string':
      return textLiteral(ctx, ast.text, ast.at)
    case 'boolean':
      return ctx.locate(new LiteralExpr(BOOL, ast.value), ast.at)
    case 'null':
      return ctx.locate(new LiteralExpr(NULL, null), ast.at)
    case 'bytes':
      return ctx.locate(new LiteralExpr(BINARY, hexBytes(ast.hex, ast.at)), ast.at)
    case 'placeholder':
      throw unsupportedAt(`the parameter ${ast.name}`, ast.at)
    case 'typed': {
      const text = textLiteral(ctx, ast.text, ast.at)
      return typeName(ast.type) === 'Timestamp'
        ? timestampLiteral(ctx, ast.text, timezoneOf(inSessionZone(ctx.planning, ast.type)), text)
        : castTo(ctx, text, ast.type)
    }
    case 'interval':
      return intervalLiteral(ctx, ast)
    case 'unary':
      if (ast.op === '-' && ast.operand.kind === 'number')
        return ctx.locate(numberLiteral(`-${ast.operand.text}`, ast.at), ast.at)
      return null
    default:
      return null
  }
}

/** A text constant without a type of its own. */
function textLiteral(ctx: BindContext, text: string, at: Position | null): LiteralExpr {
  return ctx.markUntyped(ctx.locate(new LiteralExpr(UTF8, text), at))
}

/** Int32, Int64 or Decimal, the first that holds the number exactly; Float64 beyond 38 digits. */
function numberLiteral(text: string, at: Position | null): LiteralExpr {
  const match = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null || (match[2] === '' && (match[3] ?? '') === '')) {
    throw sqlError(SqlState.syntaxError, `syntax error: ${text} is not a number`, at)
  }
  const exponent = Number(match[4] ?? 0)
  const fraction = match[3] ?? ''
  let scale = fraction.length - exponent
  if (scale <= 38 && scale >= -38) {
    let digits = `${match[2]}${fraction}`
    if (scale < 0) {
      digits += '0'.repeat(-scale)
      scale = 0
    }
    const value = BigInt(`${match[1]}${digits === '' ? '0' : digits}`.replace(/^-$/, '0'))
    const significant = value.toString().replace('-', '').length
    if (match[3] === undefined && match[4] === undefined) {
      if (BigInt.asIntN(32, value) === value) return new LiteralExpr(INT32, Number(value))
      if (BigInt.asIntN(64, value) === value) return new LiteralExpr(INT64, value)
    }
    const precision = Math.max(significant, scale, 1)
    if (precision <= 38) return new LiteralExpr(decimalType(precision, scale), value)
  }
  const approximate = Number(text)
  if (!Number.isFinite(approximate))
    throw sqlError(SqlState.numericValueOutOfRange, `the number ${text} is out of range`, at)
  return new LiteralExpr(FLOAT64, approximate)
}

function hexBytes(hex: string, at: Position | null): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) {
    throw sqlError(SqlState.syntaxError, `syntax error: x'${hex}' is not pairs of hexadecimal digits`, at)
  }
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

function intervalLiteral(ctx: BindContext, ast: Extract<AstExpr, { kind: 'interval' }>): Expr {
  const value =
    ast.value.kind === 'unary' && ast.value.op === '-' && ast.value.operand.kind === 'number'
      ? { kind: 'number', text: `-${ast.value.operand.text}` }
      : ast.value
  if (value.kind !== 'string' && value.kind !== 'number')
    throw unsupportedAt('an interval that is not a constant', ast.at)
  const text = (value as { text: string }).text.trim()
  const single = ast.fields !== null && !ast.fields.includes(' TO ') ? ast.fields.toLowerCase() : null
  const full = single !== null && /^[-+]?\d+(\.\d+)?$/.test(text) ? `${text} ${single}` : text
  try {
    return ctx.locate(new LiteralExpr(INTERVAL, castScalar(full, UTF8, INTERVAL)), ast.at)
  } catch (error) {
    throw error instanceof VolleyError && ast.at !== null ? error.about({ position: ast.at }) : error
  }
}
