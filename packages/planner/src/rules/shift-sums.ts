import {
  AggregateCall,
  arithmeticSignature,
  ArithmeticExpr,
  CastExpr,
  exprKey,
  LiteralExpr,
  typeName,
  typesEqual,
  type ArithmeticOperator,
  type Expr,
} from '@volley/core'
import { refOf } from '../expressions/analysis.ts'
import {
  Aggregate,
  Projection,
  transformLogicalPlan,
  type LogicalColumn,
  type LogicalPlan,
  type NamedAggregate,
  type NamedExpr,
} from '../logical/logical-plan.ts'
import type { LogicalRule, RuleContext } from './logical-rule.ts'

/** By type, those that it holds with so much room to spare that a constant of half its range cannot make it overflow. */
const NARROWER: Readonly<Record<string, readonly string[]>> = {
  Int32: ['Int8', 'Int16', 'Uint8', 'Uint16'],
  Int64: ['Int8', 'Int16', 'Int32', 'Uint8', 'Uint16', 'Uint32'],
}
const HALF: Readonly<Record<string, bigint>> = { Int32: 1n << 30n, Int64: 1n << 62n }

/** sum(value + constant), or with `-`. */
interface Shifted {
  readonly value: Expr
  readonly op: ArithmeticOperator
  readonly constant: bigint
}

/**
 * Sums of one value and constants as one sum and one count: sum(x + 3) is sum(x) + 3 * count(x).
 *
 * Preconditions: two sums at least of the value; integers that cannot overflow when the constant is added to each; no
 * DISTINCT, FILTER or ORDER BY, and no grouping sets.
 */
export const shiftSums: LogicalRule = {
  name: 'shift_sums',
  apply: (plan, context) =>
    transformLogicalPlan(plan, (node) => (node instanceof Aggregate ? (rewrite(node, context) ?? node) : node)),
}

function rewrite(node: Aggregate, context: RuleContext): LogicalPlan | null {
  if (node.groupingSets !== null || node.groupingId !== null) return null
  const count = context.planning.functions.aggregate('count')
  if (count === undefined) return null
  const shifted = new Map<NamedAggregate, Shifted>()
  const byValue = new Map<string, NamedAggregate[]>()
  for (const aggregate of node.aggregates) {
    const found = shiftedSum(aggregate.call)
    if (found === null) continue
    shifted.set(aggregate, found)
    const key = exprKey(found.value)
    byValue.set(key, [...(byValue.get(key) ?? []), aggregate])
  }
  const kept: NamedAggregate[] = []
  const exprs = new Map<NamedAggregate, Expr>()
  for (const same of byValue.values()) {
    if (same.length < 2) continue
    const [{ call }] = same as [NamedAggregate]
    const { value } = shifted.get(same[0]!)!
    const sum = over(call.fn, value, context)
    const counted = over(count, value, context)
    if (!typesEqual(sum.call.type, call.type)) continue
    kept.push(sum, counted)
    for (const aggregate of same) {
      exprs.set(aggregate, shift(sum.column, counted.column, shifted.get(aggregate)!))
    }
  }
  if (exprs.size === 0) return null
  kept.push(...node.aggregates.filter((aggregate) => !exprs.has(aggregate)))
  const through = (column: LogicalColumn): NamedExpr => ({ column, expr: refOf(column) })
  return new Projection(new Aggregate(node.input, node.groups, null, null, kept), [
    ...node.groups.map(({ column }) => through(column)),
    ...node.aggregates.map((each) => {
      const expr = exprs.get(each)
      return expr === undefined ? through(each.column) : { column: each.column, expr: castTo(expr, each.column) }
    }),
  ])
}

function shiftedSum({ fn, args, distinct, filter, orderBy }: AggregateCall): Shifted | null {
  const [arg] = args
  if (fn.name !== 'sum' || distinct || filter !== null || orderBy.length > 0) return null
  if (!(arg instanceof ArithmeticExpr) || (arg.op !== '+' && arg.op !== '-')) return null
  const { left, right, op, type } = arg
  const narrower = NARROWER[typeName(type)]
  if (narrower === undefined || !(left instanceof CastExpr) || left.safe || !(right instanceof LiteralExpr)) return null
  if (!narrower.includes(typeName(left.child.type)) || !typesEqual(left.type, type)) return null
  if (typeof right.value !== 'number' && typeof right.value !== 'bigint') return null
  const constant = BigInt(right.value)
  const half = HALF[typeName(type)]!
  return constant > half || constant < -half ? null : { value: left.child, op, constant }
}

function over(fn: AggregateCall['fn'], value: Expr, context: RuleContext): NamedAggregate {
  const { argTypes, returnType } = fn.resolve([value.type])!
  const nullable = fn.neverNull !== true
  const options = { distinct: false, filter: null, orderBy: [], type: returnType, nullable, argTypes }
  const column = { id: context.newId(), name: `${fn.name}(${value})`, type: returnType, nullable, qualifier: null }
  return { column, call: new AggregateCall(fn, [value], options) }
}

function shift(sum: LogicalColumn, count: LogicalColumn, { op, constant }: Shifted): Expr {
  return arithmetic(op, refOf(sum), arithmetic('*', refOf(count), new LiteralExpr(sum.type, constant)))
}

function arithmetic(op: ArithmeticOperator, left: Expr, right: Expr): Expr {
  const signature = arithmeticSignature(op, left.type, right.type)!
  const as = (expr: Expr, type: Expr['type']): Expr =>
    typesEqual(expr.type, type) ? expr : new CastExpr(expr, type, false)
  return new ArithmeticExpr(op, as(left, signature.left), as(right, signature.right), signature.type)
}

function castTo(expr: Expr, column: LogicalColumn): Expr {
  return typesEqual(expr.type, column.type) ? expr : new CastExpr(expr, column.type, false)
}
