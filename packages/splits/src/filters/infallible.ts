import {
  CaseExpr,
  CastExpr,
  CoalesceExpr,
  ColumnExpr,
  ComparisonExpr,
  InListExpr,
  isFloat,
  isInteger,
  IsNullExpr,
  IsTruthExpr,
  LikeExpr,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  precisionOf,
  scaleOf,
  ScalarFunctionExpr,
  typeName,
  unitOf,
  type Expr,
} from '@volley/core'
import type { DataType } from 'apache-arrow'

/** Functions that have a value for all arguments. */
const TOTAL: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'length',
  'character_length',
  'char_length',
  'octet_length',
  'bit_length',
  'btrim',
  'ltrim',
  'rtrim',
  'left',
  'right',
  'reverse',
  'initcap',
  'strpos',
  'starts_with',
  'ends_with',
  'concat',
  'nullif',
  'array_length',
  'cardinality',
  'array_contains',
  'array_has_all',
  'array_has_any',
  'json_get',
  'json_get_text',
])

/** Functions that fail for bad values of these arguments only, which must be literals. */
const LITERAL_ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  '~': [1],
  '~*': [1],
  '!~': [1],
  '!~*': [1],
  regexp_like: [1, 2],
  regexp_matches: [1, 2],
  date_trunc: [0],
  date_bin: [0, 2],
  date_part: [0],
  extract: [0],
}

/**
 * Whether an expression has a value for every row, so that it may be evaluated for rows that another condition would have
 * kept from it. A function that depends on more than its arguments never is.
 */
export function isInfallible(expr: Expr): boolean {
  return isTotal(expr) && expr.children.every(isInfallible)
}

function isTotal(expr: Expr): boolean {
  if (expr instanceof CastExpr) return expr.safe || castsAlways(expr.child.type, expr.type)
  if (expr instanceof LikeExpr) return expr.pattern instanceof LiteralExpr
  if (expr instanceof ScalarFunctionExpr) {
    if (expr.fn.volatility !== 'immutable') return false
    if (TOTAL.has(expr.fn.name)) return true
    const literals = LITERAL_ARGUMENTS[expr.fn.name]
    return (
      literals !== undefined &&
      literals.every((i) => (expr.children[i] ?? null) === null || expr.children[i] instanceof LiteralExpr)
    )
  }
  return (
    expr instanceof ColumnExpr ||
    expr instanceof LiteralExpr ||
    expr instanceof ComparisonExpr ||
    expr instanceof LogicalExpr ||
    expr instanceof NotExpr ||
    expr instanceof IsNullExpr ||
    expr instanceof IsTruthExpr ||
    expr instanceof InListExpr ||
    expr instanceof CaseExpr ||
    expr instanceof CoalesceExpr
  )
}

const WIDTHS: Readonly<Record<string, number>> = {
  Int8: 7,
  Int16: 15,
  Int32: 31,
  Int64: 63,
  Uint8: 8,
  Uint16: 16,
  Uint32: 32,
  Uint64: 64,
}

/** Whether every value of a type has a value of another. */
function castsAlways(from: DataType, to: DataType): boolean {
  const [source, target] = [typeName(from), typeName(to)]
  if (source === target && source !== 'Timestamp' && source !== 'Decimal') return true
  if (target === 'Utf8') return source !== 'List' && source !== 'Struct'
  if (isInteger(from) && isInteger(to)) {
    const signs = source.startsWith('U') || !target.startsWith('U')
    return signs && WIDTHS[source]! <= WIDTHS[target]!
  }
  // 20 digits hold every 64-bit integer.
  if (target === 'Decimal' && isInteger(from)) return precisionOf(to) - scaleOf(to) >= 20
  if (target === 'Float64') return isInteger(from) || isFloat(from) || source === 'Decimal'
  if (source === 'Timestamp' && target === 'Date') return true
  return source === 'Timestamp' && target === 'Timestamp' && unitOf(from) >= unitOf(to)
}
