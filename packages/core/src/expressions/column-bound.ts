import type { Field } from 'apache-arrow'
import { typeName } from '../types/data-types.ts'
import { ColumnExpr } from './column-expr.ts'
import { ComparisonExpr } from './comparison-expr.ts'
import { mirroredOperator } from './comparison-operator.ts'
import type { Expr } from './expr.ts'
import { LiteralExpr } from './literal-expr.ts'

/** Types whose values order as numbers do. */
const ORDERED = new Set(['Int8', 'Int16', 'Int32', 'Int64', 'Date', 'Timestamp'])

/** A value as the bounds of a column have it. */
export type Ordered = number | bigint

/** A condition on one column, whose type orders as numbers do: `column op value`. */
export interface ColumnBound {
  readonly column: number
  readonly op: string
  readonly value: Ordered
}

/** A value that is a number; null for others. */
export function orderedValue(value: unknown): Ordered | null {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value)) ? value : null
}

/** The bound that a condition is, whichever way round it is written; null for any other condition. */
export function boundOf(expr: Expr, columns: readonly Field[]): ColumnBound | null {
  if (!(expr instanceof ComparisonExpr)) return null
  const { left, right, op } = expr
  const flips = !(left instanceof ColumnExpr)
  const [column, literal] = flips ? [right, left] : [left, right]
  if (!(column instanceof ColumnExpr && literal instanceof LiteralExpr)) return null
  const value = orderedValue(literal.value)
  if (value === null || !ORDERED.has(typeName(columns[column.index]!.type))) return null
  return { column: column.index, op: flips ? mirroredOperator(op) : op, value }
}

/** Whether a value from `low` to `high` may stand in the relation to a value. */
export function mayHold(op: string, low: Ordered, high: Ordered, value: Ordered): boolean {
  switch (op) {
    case '=':
      return low <= value && value <= high
    case '<>':
      return low < value || high > value
    case '<':
      return low < value
    case '<=':
      return low <= value
    case '>':
      return high > value
    case '>=':
      return high >= value
    default:
      return true
  }
}

/** Whether all values from `low` to `high` stand in the relation to a value. */
export function mustHold(op: string, low: Ordered, high: Ordered, value: Ordered): boolean {
  switch (op) {
    case '=':
      return low >= value && high <= value
    case '<>':
      return value < low || value > high
    case '<':
      return high < value
    case '<=':
      return high <= value
    case '>':
      return low > value
    case '>=':
      return low >= value
    default:
      return false
  }
}
