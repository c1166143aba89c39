import { conjunction, conjuncts, type Expr } from '@volley/core'
import { columnsOf, hasSubquery, idsOf, isVolatile, refOf, substitute } from '../expressions/analysis.ts'
import { impliedPredicate } from '../expressions/implied-predicates.ts'
import { ColumnRef, TextPredicateExpr } from '../logical/expressions.ts'
import {
  Aggregate,
  Filter,
  Join,
  Projection,
  Sort,
  TableScan,
  Union,
  Window,
  type ColumnId,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { distinctExprs, filterBy, mapChildren, scanOf } from './plan-tools.ts'

/**
 * Moves conjuncts of filters and join conditions towards the scans, and into a scan where the provider evaluates them
 * exactly. An inner join takes what it can as its condition, so that a comma join becomes one on keys.
 *
 * Preconditions, by node: projections, when the conjunct's columns are not computed by volatile functions; joins, to a side
 * whose rows the join does not pad with NULLs (from the condition: to the side whose unmatched rows do not come out);
 * aggregates, on group columns, without grouping sets; windows, on PARTITION BY columns; unions, copied to each input; sorts
 * without fetch. Of a disjunction that stays in an inner join, each side gets what it implies for that side alone. Never
 * through a limit; volatile conjuncts and subqueries stay where they are.
 */
export const pushDownPredicates: LogicalRule = {
  name: 'push_down_predicates',
  apply: (plan) => push(plan, []),
}

function push(plan: LogicalPlan, predicates: readonly Expr[]): LogicalPlan {
  if (plan instanceof Filter) {
    const own = conjuncts(plan.predicate)
    const pushed = push(plan.input, [...own, ...predicates])
    // The same filter again: the rule has nothing to do here.
    const unchanged =
      pushed instanceof Filter &&
      pushed.input === plan.input &&
      predicates.length === 0 &&
      sameExprs(conjuncts(pushed.predicate), own)
    return unchanged ? plan : pushed
  }
  if (plan instanceof Projection) return pushThroughProjection(plan, predicates)
  if (plan instanceof Join) return pushIntoJoin(plan, predicates)
  if (plan instanceof Aggregate) return pushThroughAggregate(plan, predicates)
  if (plan instanceof Window) return pushThroughWindow(plan, predicates)
  if (plan instanceof Union) return pushIntoUnion(plan, predicates)
  if (plan instanceof TableScan) return pushIntoScan(plan, predicates)
  if (plan instanceof Sort && plan.fetch === null) {
    const [moved, kept] = split(predicates, isMovable)
    return filterBy(withInput(plan, push(plan.input, moved)), kept)
  }
  return filterBy(
    mapChildren(plan, (child) => push(child, [])),
    predicates,
  )
}

function sameExprs(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((expr, i) => expr === b[i])
}

function withInput(plan: LogicalPlan, input: LogicalPlan): LogicalPlan {
  return plan.children[0] === input ? plan : plan.withChildren([input])
}

function isMovable(expr: Expr): boolean {
  return !isVolatile(expr) && !hasSubquery(expr)
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}

/** Whether an expression can be evaluated over a plan; text predicates wherever their scan is below. */
function isOver(expr: Expr, plan: LogicalPlan, ids: ReadonlySet<ColumnId>): boolean {
  for (const id of columnsOf(expr))
    if (!ids.has(id) && !(hasTextOf(expr, id) && scanOf(plan, id) !== null)) return false
  return true
}

function hasTextOf(expr: Expr, id: ColumnId): boolean {
  return (expr instanceof TextPredicateExpr && expr.scan === id) || expr.children.some((child) => hasTextOf(child, id))
}

function pushThroughProjection(plan: Projection, predicates: readonly Expr[]): LogicalPlan {
  const computed = new Map(
    plan.exprs
      .filter(({ column, expr }) => !(expr instanceof ColumnRef && expr.id === column.id))
      .map(({ column, expr }) => [column.id, expr] as const),
  )
  const [moved, kept] = split(predicates, (predicate) => {
    if (!isMovable(predicate)) return false
    return [...columnsOf(predicate)].every((id) => isMovableColumn(computed.get(id)))
  })
  const input = push(
    plan.input,
    moved.map((predicate) => substitute(predicate, computed)),
  )
  return filterBy(withInput(plan, input), kept)
}

function isMovableColumn(expr: Expr | undefined): boolean {
  return expr === undefined || isMovable(expr)
}

function pushThroughAggregate(plan: Aggregate, predicates: readonly Expr[]): LogicalPlan {
  const groups = new Map(plan.groups.map(({ column, expr }) => [column.id, expr] as const))
  const [moved, kept] = split(predicates, (predicate) => {
    if (plan.groups.length === 0 || plan.groupingSets !== null || !isMovable(predicate)) return false
    const ids = [...columnsOf(predicate)]
    return ids.length > 0 && ids.every((id) => groups.has(id) && isMovable(groups.get(id)!))
  })
  const input = push(
    plan.input,
    moved.map((predicate) => substitute(predicate, groups)),
  )
  return filterBy(withInput(plan, input), kept)
}

function pushThroughWindow(plan: Window, predicates: readonly Expr[]): LogicalPlan {
  const keys = plan.windows.map(
    ({ call }) => new Set(call.partitionBy.flatMap((expr) => (expr instanceof ColumnRef ? [expr.id] : []))),
  )
  const [moved, kept] = split(predicates, (predicate) => {
    const ids = [...columnsOf(predicate)]
    return isMovable(predicate) && ids.length > 0 && ids.every((id) => keys.every((set) => set.has(id)))
  })
  return filterBy(withInput(plan, push(plan.input, moved)), kept)
}

function pushIntoUnion(plan: Union, predicates: readonly Expr[]): LogicalPlan {
  const [moved, kept] = split(predicates, (predicate) => isMovable(predicate) && isOver(predicate, plan, idsOf(plan)))
  const children = plan.children.map((child) => {
    const columns = new Map(plan.columns.map((column, i) => [column.id, refOf(child.columns[i]!)] as const))
    return push(
      child,
      moved.map((predicate) => substitute(predicate, columns)),
    )
  })
  const same = children.every((child, i) => child === plan.children[i])
  return filterBy(same ? plan : plan.withChildren(children), kept)
}

function pushIntoScan(plan: TableScan, predicates: readonly Expr[]): LogicalPlan {
  if (plan.fetch !== null) return filterBy(plan, predicates)
  const sources = new Map(plan.outputs.map((output) => [output.column.id, output.source]))
  const own = new Set(plan.filters)
  const [taken, kept] = split(distinctExprs([...plan.filters, ...predicates]), (predicate) => {
    if (own.has(predicate)) return true
    if (!isMovable(predicate) || predicate instanceof TextPredicateExpr) return false
    return plan.provider.supportsFilter(predicate, (id) => sources.get(id) ?? null)
  })
  if (taken.length === plan.filters.length) return filterBy(plan, kept)
  const scan = new TableScan(plan.provider, plan.outputs, taken, plan.textFilters, plan.fetch)
  return filterBy(scan, kept)
}

function pushIntoJoin(plan: Join, predicates: readonly Expr[]): LogicalPlan {
  const { joinType, left, right } = plan
  const leftIds = idsOf(left)
  const rightIds = idsOf(right)
  const toLeft: Expr[] = []
  const toRight: Expr[] = []
  const condition: Expr[] = []
  const kept: Expr[] = []
  const side = (expr: Expr): 'left' | 'right' | 'both' => {
    if (!isMovable(expr) || columnsOf(expr).size === 0) return 'both'
    if (isOver(expr, left, leftIds)) return 'left'
    return isOver(expr, right, rightIds) ? 'right' : 'both'
  }
  const fromAbove = {
    left: joinType !== 'right' && joinType !== 'full',
    right: joinType === 'inner' || joinType === 'right',
  }
  const fromCondition = {
    left: joinType === 'inner' || joinType === 'right' || joinType === 'left_semi',
    right: joinType !== 'right' && joinType !== 'full',
  }
  const [first, ...rest] = plan.condition === null ? [] : conjuncts(plan.condition)
  if (first !== undefined && plan.nullAware) condition.push(first)
  for (const expr of plan.nullAware ? rest : first === undefined ? [] : [first, ...rest]) {
    const at = side(expr)
    if (at === 'left' && fromCondition.left) toLeft.push(expr)
    else if (at === 'right' && fromCondition.right) toRight.push(expr)
    else condition.push(expr)
  }
  for (const predicate of predicates) {
    const at = side(predicate)
    if (at === 'left' && fromAbove.left) toLeft.push(predicate)
    else if (at === 'right' && fromAbove.right) toRight.push(predicate)
    else if (joinType === 'inner' && isMovable(predicate)) condition.push(predicate)
    else kept.push(predicate)
  }
  if (joinType === 'inner') {
    // Both sides do with less where a condition on them together leaves few rows of each.
    for (const expr of condition.filter(isMovable)) {
      const [ofLeft, ofRight] = [impliedPredicate(expr, leftIds), impliedPredicate(expr, rightIds)]
      if (ofLeft !== null) toLeft.push(ofLeft)
      if (ofRight !== null) toRight.push(ofRight)
    }
  }
  const nextLeft = push(left, toLeft)
  const nextRight = push(right, toRight)
  const same =
    nextLeft === left &&
    nextRight === right &&
    sameExprs(condition, plan.condition === null ? [] : conjuncts(plan.condition))
  const join = same
    ? plan
    : new Join(nextLeft, nextRight, joinType, conjunction(distinctExprs(condition)), plan.mark, plan.nullAware)
  return filterBy(join, kept)
}
