import {
  CastExpr,
  ColumnExpr,
  ComparisonExpr,
  conjunction,
  LiteralExpr,
  mirroredOperator,
  LogicalExpr,
  ScalarFunctionExpr,
  timezoneOf,
  transformExpr,
  typeName,
  unitOf,
  type ComparisonOperator,
  type Expr,
} from '@volley/core'

const SECONDS: Readonly<Record<string, bigint>> = { second: 1n, minute: 60n, hour: 3600n, day: 86_400n, week: 604_800n }
/** Weeks begin on Mondays: 1970-01-05 was one. */
const FIRST_MONDAY = 4n * 86_400n
const DAY = SECONDS.day!
const I64_MAX = (1n << 63n) - 1n

/** A column cut down to multiples of `step` above `origin`, in its own unit. */
interface Truncation {
  readonly column: ColumnExpr
  readonly step: bigint
  readonly origin: bigint
  /** A literal beside it as a count of the column's unit. */
  readonly countOf: (literal: LiteralExpr) => bigint | null
}

/**
 * Rewrites comparisons of `date_trunc(unit, column)` (up to weeks) and `CAST(column AS date)` with literals into comparisons
 * of the column itself, at any depth: `date_trunc('hour', t) = x` is `t >= x AND t < x + 1 hour` where x is a full hour, and
 * never TRUE where it is not. NULL stays NULL.
 */
export function unwrapTruncations(predicate: Expr): Expr {
  return transformExpr(predicate, (node) => {
    if (!(node instanceof ComparisonExpr)) return node
    const { left, right, op } = node
    if (right instanceof LiteralExpr) return unwrap(left, op, right) ?? node
    if (left instanceof LiteralExpr) return unwrap(right, mirroredOperator(op), left) ?? node
    return node
  })
}

function unwrap(expr: Expr, op: ComparisonOperator, literal: LiteralExpr): Expr | null {
  const truncation = truncationOf(expr)
  const value = truncation?.countOf(literal) ?? null
  if (truncation === null || value === null) return null
  const { column, step, origin } = truncation
  const floor = value - modulo(value - origin, step)
  const next = floor + step
  const whole = floor === value
  const at = (operator: ComparisonOperator, count: bigint): Expr =>
    new ComparisonExpr(operator, column, new LiteralExpr(column.type, count))
  if (floor < -I64_MAX || next > I64_MAX) return null
  switch (op) {
    case '>=':
      return at('>=', whole ? floor : next)
    case '>':
      return at('>=', next)
    case '<=':
      return at('<', next)
    case '<':
      return at('<', whole ? floor : next)
    case '=':
      // What is no multiple is equal to none: FALSE for a value, NULL for NULL.
      return whole ? conjunction([at('>=', floor), at('<', next)]) : at('<', -I64_MAX - 1n)
    case '<>':
      return whole ? new LogicalExpr('OR', [at('<', floor), at('>=', next)]) : at('>=', -I64_MAX - 1n)
    default:
      return null
  }
}

function truncationOf(expr: Expr): Truncation | null {
  if (expr instanceof ScalarFunctionExpr && expr.fn.name === 'date_trunc' && expr.children.length === 2) {
    const [unit, column] = expr.children
    if (!(unit instanceof LiteralExpr) || !(column instanceof ColumnExpr) || !isPlainTimestamp(column)) return null
    const seconds = SECONDS[String(unit.value).toLowerCase().replace(/s$/, '')]
    if (seconds === undefined || typeName(expr.type) !== 'Timestamp' || unitOf(expr.type) !== unitOf(column.type))
      return null
    const ticks = ticksPerSecond(column)
    const origin = seconds === SECONDS.week ? FIRST_MONDAY * ticks : 0n
    const countOf = ({ value }: LiteralExpr): bigint | null => (typeof value === 'bigint' ? value : null)
    return { column, step: seconds * ticks, origin, countOf }
  }
  if (expr instanceof CastExpr && typeName(expr.type) === 'Date' && expr.child instanceof ColumnExpr) {
    const column = expr.child
    if (!isPlainTimestamp(column)) return null
    const step = DAY * ticksPerSecond(column)
    const countOf = ({ value }: LiteralExpr): bigint | null => (typeof value === 'number' ? BigInt(value) * step : null)
    return { column, step, origin: 0n, countOf }
  }
  return null
}

function isPlainTimestamp(column: ColumnExpr): boolean {
  return typeName(column.type) === 'Timestamp' && timezoneOf(column.type) === null
}

function ticksPerSecond(column: ColumnExpr): bigint {
  return 1000n ** BigInt(unitOf(column.type))
}

function modulo(a: bigint, b: bigint): bigint {
  const rest = a % b
  return rest < 0n ? rest + b : rest
}
