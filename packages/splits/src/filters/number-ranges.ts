import {
  ColumnExpr,
  ComparisonExpr,
  InListExpr,
  IsNullExpr,
  LiteralExpr,
  mirroredOperator,
  NotExpr,
  typeKey,
  typeName,
  type ComparisonOperator,
  type Expr,
  type ScalarValue,
} from '@volley/core'
import { mapF64, mapI64, type NumericColumn } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import { nanosPerUnit } from '../sources/timestamps.ts'

/** Column values `[low, high]`, both inclusive, as the order-preserving u64 of the column's type. */
type Range = readonly [low: bigint, high: bigint]

/** A number column, as far as a test of its values depends on it. */
export type TestedNumbers = Pick<NumericColumn, 'type' | 'minValue'>

/** Where a predicate over one number column is TRUE: ranges, disjoint and ascending, and whether it is for NULL. */
export interface NumberTest {
  readonly ranges: readonly Range[]
  readonly nulls: boolean
}

const listTests = new WeakMap<InListExpr, Map<string, NumberTest | null>>()

const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n

/**
 * The test that a comparison of one column with literals, IN, IS NULL or a bare boolean is; null for any other predicate,
 * and where the column holds NaN with a sign, which its order does not put where SQL has it.
 */
export function numberTest(predicate: Expr, column: TestedNumbers, type: DataType): NumberTest | null {
  const domain = new Domain(column, type)
  if (!domain.ordered) return null
  if (predicate instanceof ColumnExpr) return { ranges: [[1n, 1n]], nulls: false }
  if (predicate instanceof NotExpr && predicate.child instanceof ColumnExpr) return { ranges: [[0n, 0n]], nulls: false }
  if (predicate instanceof IsNullExpr && predicate.child instanceof ColumnExpr) {
    return predicate.negated ? { ranges: [domain.all], nulls: false } : { ranges: [], nulls: true }
  }
  if (predicate instanceof ComparisonExpr) {
    const { left, right, op } = predicate
    if (left instanceof ColumnExpr && right instanceof LiteralExpr) return domain.compared(op, right.value)
    if (right instanceof ColumnExpr && left instanceof LiteralExpr) {
      return domain.compared(mirroredOperator(op), left.value)
    }
  }
  if (predicate instanceof InListExpr && predicate.child instanceof ColumnExpr) return domain.listed(predicate)
  return null
}

/** What values of a SQL type are in a column. */
class Domain {
  /** Whether the order of the column's values is SQL's. */
  readonly ordered: boolean
  readonly all: Range
  readonly #column: TestedNumbers
  readonly #type: DataType
  readonly #min: bigint
  readonly #max: bigint

  constructor(column: TestedNumbers, type: DataType) {
    this.#column = column
    this.#type = type
    this.ordered = !Number.isNaN(column.minValue)
    const signed = column.type === 'i64' || column.type === 'date'
    this.#min = signed ? I64_MIN : 0n
    this.#max = signed ? I64_MAX : column.type === 'bool' ? 1n : U64_MAX
    this.all = [this.#mapped(this.#min), this.#mapped(this.#max)]
  }

  compared(op: ComparisonOperator, value: ScalarValue): NumberTest | null {
    if (op === 'IS DISTINCT FROM' || op === 'IS NOT DISTINCT FROM') {
      if (value === null)
        return { ranges: op === 'IS DISTINCT FROM' ? [this.all] : [], nulls: op !== 'IS DISTINCT FROM' }
      const test = this.compared(op === 'IS DISTINCT FROM' ? '<>' : '=', value)
      return test && { ranges: test.ranges, nulls: op === 'IS DISTINCT FROM' }
    }
    if (value === null) return { ranges: [], nulls: false }
    const place = this.#placeOf(value)
    if (place === null) return null
    const [low, high] = place
    const below = this.#between(this.#min, low - 1n)
    const above = this.#between(high + 1n, this.#max)
    const equal = this.#between(low, high)
    const parts = {
      '=': [equal],
      '<>': [below, above],
      '<': [below],
      '<=': [this.#between(this.#min, high)],
      '>': [above],
      '>=': [this.#between(low, this.#max)],
    }[op]
    return { ranges: parts.filter((part) => part !== null), nulls: false }
  }

  /** Known of a list that was met in another segment, for it may be long. */
  listed(predicate: InListExpr): NumberTest | null {
    const key = `${this.#column.type} ${typeKey(this.#type)}`
    let byColumn = listTests.get(predicate)
    if (byColumn === undefined) listTests.set(predicate, (byColumn = new Map()))
    let test = byColumn.get(key)
    if (test === undefined) byColumn.set(key, (test = this.#listed(predicate)))
    return test
  }

  #listed({ list, negated }: InListExpr): NumberTest | null {
    const ranges: Range[] = []
    for (const item of list) {
      if (!(item instanceof LiteralExpr)) return null
      if (item.value === null) {
        if (negated) return { ranges: [], nulls: false }
        continue
      }
      const test = this.compared('=', item.value)
      if (test === null) return null
      ranges.push(...test.ranges)
    }
    const joined = inOrder(ranges)
    return { ranges: negated ? this.#gaps(joined) : joined, nulls: false }
  }

  /** The least and the greatest value of the column that are this SQL value. */
  #placeOf(value: ScalarValue): readonly [bigint, bigint] | null {
    switch (this.#column.type) {
      case 'bool':
        return typeof value === 'boolean' ? [BigInt(value), BigInt(value)] : null
      case 'f64':
        if (typeof value !== 'number' || Number.isNaN(value)) return null
        // Zero has two forms that are equal.
        return value === 0 ? [mapF64(-0), mapF64(0)] : [mapF64(value), mapF64(value)]
      case 'date': {
        if (typeof value !== 'bigint' || typeName(this.#type) !== 'Timestamp') return null
        const unit = BigInt(nanosPerUnit(this.#type))
        return [value * unit, value * unit + unit - 1n]
      }
      default:
        return typeof value === 'bigint' ? [value, value] : null
    }
  }

  #between(low: bigint, high: bigint): Range | null {
    const from = low < this.#min ? this.#min : low
    const to = high > this.#max ? this.#max : high
    return from > to ? null : [this.#mapped(from), this.#mapped(to)]
  }

  #mapped(value: bigint): bigint {
    return this.#column.type === 'i64' || this.#column.type === 'date' ? mapI64(value) : value
  }

  #gaps(ranges: readonly Range[]): Range[] {
    const gaps: Range[] = []
    let from = this.all[0]
    for (const [low, high] of ranges) {
      if (low > from) gaps.push([from, low - 1n])
      from = high + 1n
    }
    if (from <= this.all[1]) gaps.push([from, this.all[1]])
    return gaps
  }
}

function inOrder(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  return sorted.filter((range, i) => i === 0 || range[0] !== sorted[i - 1]![0])
}
