import {
  CoalesceExpr,
  ComparisonExpr,
  conjunction,
  conjuncts,
  DEFAULT_FRAME,
  exprKey,
  literal,
  LiteralExpr,
  transformExpr,
  typeName,
  WindowCall,
  type Expr,
  type SortKey,
  type WindowFunction,
} from '@volley/core'
import { Int64 } from 'apache-arrow'
import { columnsOf, freeOuterIds, idsOf, outerIdsOf, refOf, substitute } from '../expressions/analysis.ts'
import { ColumnRef, OuterRef } from '../logical/expressions.ts'
import {
  Aggregate,
  Filter,
  Join,
  Limit,
  Projection,
  Sort,
  Unnest,
  Values,
  Window,
  type ColumnId,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { RuleContext } from './logical-rule.ts'
import { filterBy } from './plan-tools.ts'

/** A subquery without references to its enclosing query, and what was taken out of it. */
export interface Unnested {
  readonly plan: LogicalPlan
  /** Over the plan's columns and the enclosing query's: which rows of the plan belong to a row of the enclosing query. */
  readonly conditions: readonly Expr[]
  /** Columns that are no longer the plan's own, as expressions over its columns and the enclosing query's. */
  readonly outputs: ReadonlyMap<ColumnId, Expr>
  /**
   * The subquery gives exactly one row for each row of the enclosing query (an aggregate without groups), also where no row of
   * the plan belongs to it; `presence` is a HAVING over it.
   */
  readonly total: boolean
  readonly presence: Expr | null
}

/**
 * Takes the references to `outer` columns out of a subquery: correlated filters become conditions, aggregates group by what
 * their rows are correlated by, LIMIT becomes a row number within it (Galindo-Legaria and Joshi, "Orthogonal Optimization of
 * Subqueries and Aggregation", 2001).
 *
 * @throws Unreachable where a reference stands in a place that none of this reaches.
 */
export function unnest(plan: LogicalPlan, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  if (!isCorrelated(plan, outer)) return plain(plan)
  if (plan instanceof Filter) return unnestFilter(plan, outer, context)
  if (plan instanceof Projection) return unnestProjection(plan, outer, context)
  if (plan instanceof Aggregate) return unnestAggregate(plan, outer, context)
  if (plan instanceof Join) return unnestJoin(plan, outer, context)
  if (plan instanceof Limit) return unnestLimit(plan, outer, context)
  if (plan instanceof Window) return unnestWindow(plan, outer, context)
  if (plan instanceof Unnest && !plan.expressions.some((expr) => readsOuter(expr, outer))) {
    const input = unnest(plan.input, outer, context)
    if (input.total || input.outputs.size > 0) throw unreachable(plan)
    return { ...input, plan: new Unnest(input.plan, plan.lists, plan.outer) }
  }
  if (plan instanceof Sort && plan.fetch === null) {
    const input = unnest(plan.input, outer, context)
    return input
  }
  throw unreachable(plan)
}

function plain(plan: LogicalPlan): Unnested {
  return { plan, conditions: [], outputs: new Map(), total: isSingleRow(plan), presence: null }
}

/** Whether a plan gives exactly one row. */
function isSingleRow(plan: LogicalPlan): boolean {
  if (plan instanceof Aggregate) return plan.groups.length === 0 && plan.groupingSets === null
  if (plan instanceof Values) return plan.rows.length === 1
  if (plan instanceof Limit) return plan.skip === 0 && plan.fetch !== 0 && isSingleRow(plan.input)
  return (plan instanceof Projection || plan instanceof Sort) && isSingleRow(plan.input)
}

function isCorrelated(plan: LogicalPlan, outer: ReadonlySet<ColumnId>): boolean {
  for (const id of freeOuterIds(plan)) if (outer.has(id)) return true
  return false
}

function readsOuter(expr: Expr, outer: ReadonlySet<ColumnId>): boolean {
  for (const id of outerIdsOf(expr)) if (outer.has(id)) return true
  return false
}

/** A reference stands where `unnest` cannot take it out. */
export class Unreachable extends Error {}

function unreachable(plan: LogicalPlan): Error {
  return new Unreachable(`a reference to the enclosing query below ${plan.kind}`)
}

/** The expression with references to `outer` columns as plain columns. */
function lift(expr: Expr, outer: ReadonlySet<ColumnId>): Expr {
  return transformExpr(expr, (node) => (node instanceof OuterRef && outer.has(node.ref.id) ? node.ref : node))
}

function unnestFilter(plan: Filter, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  const input = unnest(plan.input, outer, context)
  const all = conjuncts(plan.predicate).map((expr) => substitute(lift(expr, outer), input.outputs))
  if (input.total) {
    return { ...input, presence: conjunction([...(input.presence === null ? [] : [input.presence]), ...all]) }
  }
  const ids = idsOf(input.plan)
  const isOwn = (expr: Expr): boolean => [...columnsOf(expr)].every((id) => ids.has(id) || !outer.has(id))
  const own = all.filter(isOwn)
  return {
    ...input,
    plan: filterBy(input.plan, own),
    conditions: [...input.conditions, ...all.filter((expr) => !isOwn(expr))],
  }
}

function unnestProjection(plan: Projection, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  const input = unnest(plan.input, outer, context)
  const outputs = new Map<ColumnId, Expr>()
  const ids = idsOf(input.plan)
  const own: { column: LogicalColumn; expr: Expr }[] = []
  for (const { column, expr } of plan.exprs) {
    const lifted = substitute(lift(expr, outer), input.outputs)
    const isOwn = !input.total && [...columnsOf(lifted)].every((id) => ids.has(id) || !outer.has(id))
    if (isOwn) own.push({ column, expr: lifted })
    else outputs.set(column.id, lifted)
  }
  if (input.total) return { ...input, outputs }
  const made = new Set(own.map(({ column }) => column.id))
  const needed = columnsOf(...input.conditions, ...outputs.values())
  const passed = input.plan.columns
    .filter((column) => needed.has(column.id) && !made.has(column.id))
    .map((column) => ({ column, expr: refOf(column) }))
  return { ...input, plan: new Projection(input.plan, [...own, ...passed]), outputs }
}

/** For each condition `inner = outer`, the inner side; null when one is something else. */
function innerSides(conditions: readonly Expr[], inner: ReadonlySet<ColumnId>): Expr[] | null {
  const sides: Expr[] = []
  for (const condition of conditions) {
    if (!(condition instanceof ComparisonExpr) || condition.op !== '=') return null
    const [left, right] = [condition.left, condition.right].map((expr) => [...columnsOf(expr)])
    const leftInner = left!.every((id) => inner.has(id))
    const rightInner = right!.every((id) => inner.has(id))
    const leftOuter = left!.every((id) => !inner.has(id))
    const rightOuter = right!.every((id) => !inner.has(id))
    if (leftInner && rightOuter) sides.push(condition.left)
    else if (rightInner && leftOuter) sides.push(condition.right)
    else return null
  }
  return sides
}

/** Adds the inner sides of equality conditions as columns, and states the conditions over them. */
function correlationKeys(
  conditions: readonly Expr[],
  inner: LogicalPlan,
  context: RuleContext,
): { keys: { column: LogicalColumn; expr: Expr }[]; conditions: Expr[] } | null {
  const sides = innerSides(conditions, idsOf(inner))
  if (sides === null) return null
  const byKey = new Map<string, { column: LogicalColumn; expr: Expr }>()
  const restated = conditions.map((condition, i) => {
    const side = sides[i]!
    const key = exprKey(side)
    let named = byKey.get(key)
    if (named === undefined) {
      const column =
        side instanceof ColumnRef
          ? inner.columns.find((candidate) => candidate.id === side.id)!
          : { id: context.newId(), name: String(side), type: side.type, nullable: side.nullable, qualifier: null }
      byKey.set(key, (named = { column, expr: side }))
    }
    const { left, right } = condition as ComparisonExpr
    const ref = refOf(named.column)
    return left === side ? new ComparisonExpr('=', ref, right) : new ComparisonExpr('=', left, ref)
  })
  return { keys: [...byKey.values()], conditions: restated }
}

function unnestAggregate(plan: Aggregate, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  const input = unnest(plan.input, outer, context)
  const exprs = plan.expressions.map((expr) => substitute(lift(expr, outer), input.outputs))
  const ids = idsOf(input.plan)
  const reachesOut = exprs.some((expr) => [...columnsOf(expr)].some((id) => !ids.has(id) && outer.has(id)))
  if (input.total || reachesOut || plan.groupingSets !== null) throw unreachable(plan)
  const keys = correlationKeys(input.conditions, input.plan, context)
  if (keys === null) throw unreachable(plan)
  const aggregate = plan.withChildren([input.plan]).withExpressions(exprs) as Aggregate
  const grouped = new Set(aggregate.groups.map((group) => group.column.id))
  const added = keys.keys.filter((key) => !grouped.has(key.column.id))
  const groups = [...aggregate.groups, ...added]
  const next = new Aggregate(input.plan, groups, null, null, aggregate.aggregates)
  const total = plan.groups.length === 0
  const outputs = new Map<ColumnId, Expr>()
  if (total) {
    for (const { column, call } of plan.aggregates) {
      const ref = refOf({ ...column, nullable: true })
      if (call.fn.neverNull === true) outputs.set(column.id, new CoalesceExpr([ref, zero(column)], column.type))
    }
  }
  return { plan: next, conditions: keys.conditions, outputs, total, presence: null }
}

/** What an aggregate that is never NULL, a count, gives for no rows. */
export function zero(column: LogicalColumn): Expr {
  const name = typeName(column.type)
  const wide = name === 'Int64' || name === 'Uint64' || name === 'Decimal'
  return new LiteralExpr(column.type, wide ? 0n : 0)
}

function unnestJoin(plan: Join, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  const { joinType } = plan
  const leftOpen = joinType !== 'right' && joinType !== 'full'
  const rightOpen = joinType === 'inner' || joinType === 'right'
  if (!leftOpen && isCorrelated(plan.left, outer)) throw unreachable(plan)
  if (!rightOpen && isCorrelated(plan.right, outer)) throw unreachable(plan)
  const left = unnest(plan.left, outer, context)
  const right = unnest(plan.right, outer, context)
  if ((left.total && left.outputs.size > 0) || (right.total && right.outputs.size > 0)) throw unreachable(plan)
  if (left.presence !== null || right.presence !== null) throw unreachable(plan)
  const outputs = new Map([...left.outputs, ...right.outputs])
  const all = plan.condition === null ? [] : conjuncts(plan.condition)
  if (joinType !== 'inner' && all.some((expr) => readsOuter(expr, outer))) throw unreachable(plan)
  const lifted = all.map((expr) => substitute(lift(expr, outer), outputs))
  const ids = new Set([...idsOf(left.plan), ...idsOf(right.plan)])
  const isOwn = (expr: Expr): boolean => [...columnsOf(expr)].every((id) => ids.has(id) || !outer.has(id))
  if (joinType !== 'inner' && !lifted.every(isOwn)) throw unreachable(plan)
  const own = lifted.filter(isOwn)
  const conditions = [...left.conditions, ...right.conditions, ...lifted.filter((expr) => !isOwn(expr))]
  const join = new Join(left.plan, right.plan, joinType, conjunction(own), plan.mark, plan.nullAware)
  return { plan: join, conditions, outputs, total: false, presence: null }
}

/** LIMIT as a row number within the correlation keys. */
function unnestLimit(plan: Limit, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  const sort = plan.input instanceof Sort ? plan.input : null
  const input = unnest(sort === null ? plan.input : sort.input, outer, context)
  if (input.total) return plan.skip === 0 && plan.fetch !== 0 ? input : { ...input, presence: literal(false) }
  const keys = correlationKeys(input.conditions, input.plan, context)
  if (keys === null || input.outputs.size > 0) throw unreachable(plan)
  const orderBy: SortKey[] = (sort?.keys ?? []).map((key) => ({ ...key, expr: lift(key.expr, outer) }))
  if (orderBy.some((key) => [...columnsOf(key.expr)].some((id) => outer.has(id)))) throw unreachable(plan)
  const withKeys = withColumns(input.plan, keys.keys)
  const numbered = limitWithin(
    withKeys,
    keys.keys.map((key) => refOf(key.column)),
    orderBy,
    plan,
    context,
  )
  if (numbered === null) throw unreachable(plan)
  return {
    ...input,
    plan: numbered,
    conditions: keys.conditions,
  }
}

/** The rows that a limit keeps of each group of equal `partitionBy`; null when there is no row_number to count with. */
export function limitWithin(
  input: LogicalPlan,
  partitionBy: readonly Expr[],
  orderBy: readonly SortKey[],
  limit: Limit,
  context: RuleContext,
): LogicalPlan | null {
  const fn = context.planning.functions.window('row_number') as WindowFunction | undefined
  if (fn === undefined) return null
  const type = new Int64()
  const call = new WindowCall(fn, [], {
    partitionBy,
    orderBy,
    frame: DEFAULT_FRAME,
    type,
    nullable: false,
    filter: null,
  })
  const number = { id: context.newId(), name: 'row_number', type, nullable: false, qualifier: null }
  const bound = (op: '>' | '<=', value: number): Expr =>
    new ComparisonExpr(op, refOf(number), new LiteralExpr(type, BigInt(value)))
  return filterBy(new Window(input, [{ column: number, call }]), [
    ...(limit.skip > 0 ? [bound('>', limit.skip)] : []),
    ...(limit.fetch === null ? [] : [bound('<=', limit.skip + limit.fetch)]),
  ])
}

/** The call with more PARTITION BY expressions. */
export function partitionedBy(call: WindowCall, added: readonly Expr[]): WindowCall {
  return new WindowCall(call.fn, call.args, { ...call, partitionBy: [...call.partitionBy, ...added] })
}

function unnestWindow(plan: Window, outer: ReadonlySet<ColumnId>, context: RuleContext): Unnested {
  const input = unnest(plan.input, outer, context)
  const keys = correlationKeys(input.conditions, input.plan, context)
  if (keys === null || input.total || input.outputs.size > 0) throw unreachable(plan)
  if (plan.expressions.some((expr) => readsOuter(expr, outer))) throw unreachable(plan)
  const added = keys.keys.map((key) => refOf(key.column))
  const windows = plan.windows.map(({ column, call }) => ({ column, call: partitionedBy(call, added) }))
  return { ...input, plan: new Window(withColumns(input.plan, keys.keys), windows), conditions: keys.conditions }
}

function withColumns(plan: LogicalPlan, added: readonly { column: LogicalColumn; expr: Expr }[]): LogicalPlan {
  const ids = idsOf(plan)
  const missing = added.filter(({ column }) => !ids.has(column.id))
  if (missing.length === 0) return plan
  return new Projection(plan, [...plan.columns.map((column) => ({ column, expr: refOf(column) })), ...missing])
}
