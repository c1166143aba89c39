import {
  CastExpr,
  ComparisonExpr,
  InListExpr,
  isInteger,
  LiteralExpr,
  mirroredOperator,
  scaleOf,
  timezoneOf,
  typeName,
  unitOf,
  type Expr,
} from '@volley/core'
import type { DataType } from 'apache-arrow'

const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  Int8: [-128n, 127n],
  Int16: [-32768n, 32767n],
  Int32: [-(2n ** 31n), 2n ** 31n - 1n],
  Int64: [-(2n ** 63n), 2n ** 63n - 1n],
  Uint8: [0n, 255n],
  Uint16: [0n, 65535n],
  Uint32: [0n, 2n ** 32n - 1n],
  Uint64: [0n, 2n ** 64n - 1n],
  Date: [-(2n ** 31n), 2n ** 31n - 1n],
  Timestamp: [-(2n ** 63n), 2n ** 63n - 1n],
}

/** How many units of `to` one unit of `from` is, where the cast only multiplies; null for other casts. */
function factorOf(from: DataType, to: DataType): bigint | null {
  const [f, t] = [typeName(from), typeName(to)]
  if (isInteger(from) && isInteger(to)) return 1n
  if (isInteger(from) && t === 'Decimal') return 10n ** BigInt(scaleOf(to))
  if (f === 'Timestamp' && t === 'Timestamp' && timezoneOf(from) === timezoneOf(to) && unitOf(to) >= unitOf(from)) {
    return 1000n ** BigInt(unitOf(to) - unitOf(from))
  }
  if (f === 'Date' && t === 'Timestamp' && timezoneOf(to) === null) return 86_400n * 1000n ** BigInt(unitOf(to))
  return null
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

function literalOf(type: DataType, value: bigint): LiteralExpr | null {
  const name = typeName(type)
  const [low, high] = RANGES[name]!
  if (value < low || value > high) return null
  const wide = name === 'Int64' || name === 'Uint64' || name === 'Timestamp'
  return new LiteralExpr(type, wide ? value : Number(value))
}

function countOf(expr: Expr): bigint | null {
  if (!(expr instanceof LiteralExpr)) return null
  const { value } = expr
  return typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : null
}

/**
 * `CAST(x AS t) op literal` as `x op literal` of x's own type, so that a source of x can evaluate it; the expression itself
 * where the cast does more than widen, or the literal has no equal in x's type.
 */
export function unwrapComparison(expr: ComparisonExpr): Expr {
  const { left, right } = expr
  if (left instanceof LiteralExpr && right instanceof CastExpr) {
    const flipped = new ComparisonExpr(mirroredOperator(expr.op), right, left)
    const unwrapped = unwrapComparison(flipped)
    return unwrapped === flipped ? expr : unwrapped
  }
  if (!(left instanceof CastExpr) || left.safe) return expr
  const factor = factorOf(left.child.type, left.type)
  const count = countOf(right)
  if (factor === null || count === null) return expr
  const floor = floorDivide(count, factor)
  const exact = floor * factor === count
  // x * f >= n is x > floor(n / f) where f does not divide n, and x * f < n is x <= floor(n / f).
  const op = exact
    ? expr.op
    : ({ '>': '>', '>=': '>', '<': '<=', '<=': '<=' } as const)[expr.op as '>' | '>=' | '<' | '<=']
  const literal = literalOf(left.child.type, floor)
  return op === undefined || literal === null ? expr : new ComparisonExpr(op, left.child, literal)
}

/** The same for `CAST(x AS t) IN (literals)`. */
export function unwrapInList(expr: InListExpr): Expr {
  const { child } = expr
  if (!(child instanceof CastExpr) || child.safe) return expr
  const factor = factorOf(child.child.type, child.type)
  if (factor === null) return expr
  const list = expr.list.map((item) => {
    const count = countOf(item)
    return count === null || count % factor !== 0n ? null : literalOf(child.child.type, count / factor)
  })
  return list.includes(null) ? expr : new InListExpr(child.child, list as Expr[], expr.negated)
}
