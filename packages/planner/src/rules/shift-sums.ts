import {
  AggregateCall,
  arithmeticSignature,
  ArithmeticExpr,
  CaseExpr,
  CastExpr,
  exprKey,
  IsNullExpr,
  LiteralExpr,
  LogicalExpr,
  typeName,
  typesEqual,
  type AggregateFunction,
  type ArithmeticOperator,
  type Expr,
} from '@volley/core'
import { isVolatile, refOf } from '../expressions/analysis.ts'
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

/** Sums of a value from which on its bounds are worth computing beside them. */
const WORTH_BOUNDS = 4

/** sum(value + constant), or with `-`. */
interface Shifted {
  readonly value: Expr
  readonly op: ArithmeticOperator
  readonly constant: bigint
  /** Where adding the constant to a value may overflow: the type that it is added in. */
  readonly within: Expr['type'] | null
}

/**
 * Sums of one value and constants as one sum and one count: sum(x + 3) is sum(x) + 3 * count(x).
 *
 * Preconditions: two sums at least of the value; integers; no DISTINCT, FILTER or ORDER BY, and no grouping sets. Where the
 * constant may make a value overflow, it makes the greatest (or the least) one overflow, which is computed then: four sums
 * at least.
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
  const kept = new Set<NamedAggregate>()
  const totals: NamedExpr[] = []
  const exprs = new Map<NamedAggregate, Expr>()
  for (const same of byValue.values()) {
    const shifts = same.map((aggregate) => shifted.get(aggregate)!)
    const farthest = farthestOf(shifts)
    if (same.length < (farthest.length > 0 ? WORTH_BOUNDS : 2)) continue
    const [{ call }] = same as [NamedAggregate]
    const { value } = shifts[0]!
    const own = (fn: AggregateFunction): NamedAggregate =>
      node.aggregates.find((each) => isPlain(each.call, fn, value)) ?? over(fn, value, context)
    const sum = own(call.fn)
    const counted = own(count)
    if (!typesEqual(sum.call.type, call.type)) continue
    const bounds = farthest.map((each) => own(context.planning.functions.aggregate(boundOf(each))!))
    for (const each of [sum, counted, ...bounds]) kept.add(each)
    let total = sum.column
    if (bounds.length > 0) {
      total = { ...sum.column, id: context.newId(), nullable: true }
      totals.push({ column: total, expr: checked(sum.column, farthest, bounds) })
    }
    for (const [i, aggregate] of same.entries()) exprs.set(aggregate, shift(total, counted.column, shifts[i]!))
  }
  if (exprs.size === 0) return null
  for (const each of node.aggregates) if (!exprs.has(each)) kept.add(each)
  const through = (column: LogicalColumn): NamedExpr => ({ column, expr: refOf(column) })
  const aggregate = new Aggregate(node.input, node.groups, null, null, [...kept])
  const input =
    totals.length === 0 ? aggregate : new Projection(aggregate, [...aggregate.columns.map(through), ...totals])
  return new Projection(input, [
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
  const half = HALF[typeName(type)]
  if (half === undefined || !(right instanceof LiteralExpr) || !typesEqual(left.type, type)) return null
  if (typeof right.value !== 'number' && typeof right.value !== 'bigint') return null
  const constant = BigInt(right.value)
  const small = constant <= half && constant >= -half
  if (
    left instanceof CastExpr &&
    !left.safe &&
    NARROWER[typeName(type)]!.includes(typeName(left.child.type)) &&
    small
  ) {
    return { value: left.child, op, constant, within: null }
  }
  return isVolatile(left) ? null : { value: left, op, constant, within: type }
}

/** The aggregate whose value overflows first. */
function boundOf({ op, constant }: Shifted): 'min' | 'max' {
  return constant < 0n === (op === '+') ? 'min' : 'max'
}

/** Of the additions that may overflow, the one upwards and the one downwards that do so when any does. */
function farthestOf(shifts: readonly Shifted[]): Shifted[] {
  const found = new Map<string, Shifted>()
  for (const each of shifts) {
    if (each.within === null) continue
    const other = found.get(boundOf(each))
    if (other === undefined || magnitude(each) > magnitude(other)) found.set(boundOf(each), each)
  }
  return [...found.values()]
}

function magnitude({ constant }: Shifted): bigint {
  return constant < 0n ? -constant : constant
}

/** A sum that fails as the additions to the bounds do; where these are NULL, there is no value. */
function checked(sum: LogicalColumn, farthest: readonly Shifted[], bounds: readonly NamedAggregate[]): Expr {
  const added = farthest.map(({ op, constant, within }, i): Expr => {
    const literal = new LiteralExpr(within!, typeName(within!) === 'Int64' ? constant : Number(constant))
    return new IsNullExpr(new ArithmeticExpr(op, refOf(bounds[i]!.column), literal, within!), true)
  })
  const when = added.length === 1 ? added[0]! : new LogicalExpr('AND', added)
  // oxlint-disable-next-line unicorn/no-thenable -- an expression is not awaited
  return new CaseExpr([{ when, then: refOf(sum) }], null, sum.type)
}

function isPlain(
  { fn, args, distinct, filter, orderBy }: AggregateCall,
  other: AggregateFunction,
  value: Expr,
): boolean {
  if (fn !== other || distinct || filter !== null || orderBy.length > 0 || args.length !== 1) return false
  return exprKey(args[0]!) === exprKey(value)
}

function over(fn: AggregateFunction, value: Expr, context: RuleContext): NamedAggregate {
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
