import {
  CastExpr,
  ComparisonExpr,
  ArithmeticExpr,
  InListExpr,
  IsNullExpr,
  IsTruthExpr,
  LikeExpr,
  LogicalExpr,
  NegateExpr,
  NotExpr,
  ScalarFunctionExpr,
  transformExpr,
  visitExpr,
  type Expr,
} from '@volley/core'
import { ColumnRef, OuterRef, ScoreExpr, SubqueryExpr, TextPredicateExpr } from '../logical/expressions.ts'
import type { ColumnId, LogicalColumn, LogicalPlan } from '../logical/logical-plan.ts'

/** A reference to a column of a plan. */
export function refOf(column: LogicalColumn): ColumnRef {
  return new ColumnRef(column.id, column.name, column.type, column.nullable)
}

/** Ids that an expression reads; a text predicate and score() read the column that names their scan. */
export function columnsOf(...exprs: readonly Expr[]): Set<ColumnId> {
  const ids = new Set<ColumnId>()
  for (const expr of exprs) {
    visitExpr(expr, (node) => {
      if (node instanceof ColumnRef) ids.add(node.id)
      else if (node instanceof TextPredicateExpr || node instanceof ScoreExpr) ids.add(node.scan)
    })
  }
  return ids
}

export function idsOf(plan: LogicalPlan): Set<ColumnId> {
  return new Set(plan.columns.map((column) => column.id))
}

/** Whether every id that an expression reads is among `ids`. */
export function readsOnly(expr: Expr, ids: ReadonlySet<ColumnId>): boolean {
  for (const id of columnsOf(expr)) if (!ids.has(id)) return false
  return true
}

/** The expression with columns replaced by expressions; ids without one stay. */
export function substitute(expr: Expr, by: ReadonlyMap<ColumnId, Expr>): Expr {
  if (by.size === 0) return expr
  return transformExpr(expr, (node) => {
    if (node instanceof ColumnRef) return by.get(node.id) ?? node
    if (node instanceof TextPredicateExpr || node instanceof ScoreExpr) {
      const target = by.get(node.scan)
      if (!(target instanceof ColumnRef)) return node
      return node instanceof ScoreExpr
        ? new ScoreExpr(target.id, node.type)
        : new TextPredicateExpr(target.id, node.predicate)
    }
    return node
  })
}

/** Whether the expression can give another value each time, so that it may be neither moved nor computed twice. */
export function isVolatile(expr: Expr): boolean {
  if (expr instanceof ScalarFunctionExpr && expr.fn.volatility === 'volatile') return true
  return expr.children.some(isVolatile)
}

export function hasSubquery(expr: Expr): boolean {
  return expr instanceof SubqueryExpr || expr.children.some(hasSubquery)
}

/** Ids of enclosing queries' columns that an expression reads, in its subqueries too. */
export function outerIdsOf(expr: Expr): Set<ColumnId> {
  const ids = new Set<ColumnId>()
  visitExpr(expr, (node) => {
    if (node instanceof OuterRef) ids.add(node.ref.id)
    if (node instanceof SubqueryExpr) for (const id of freeOuterIds(node.plan)) ids.add(id)
  })
  return ids
}

/** Ids that a plan's outer references read and that no node of the plan makes. */
export function freeOuterIds(plan: LogicalPlan): Set<ColumnId> {
  const free = new Set<ColumnId>()
  const made = new Set<ColumnId>()
  const walk = (node: LogicalPlan): void => {
    for (const column of node.columns) made.add(column.id)
    for (const expr of node.expressions) for (const id of outerIdsOf(expr)) free.add(id)
    node.children.forEach(walk)
  }
  walk(plan)
  for (const id of made) free.delete(id)
  return free
}

/** Columns that make the whole expression NULL where one of them is. */
function strictColumns(expr: Expr): Set<ColumnId> {
  if (expr instanceof ColumnRef) return new Set([expr.id])
  const strict =
    expr instanceof ArithmeticExpr ||
    expr instanceof NegateExpr ||
    (expr instanceof CastExpr && !expr.safe) ||
    expr instanceof NotExpr ||
    expr instanceof LikeExpr ||
    (expr instanceof ComparisonExpr && !expr.op.startsWith('IS '))
  if (strict) return union(expr.children.map(strictColumns))
  return expr instanceof InListExpr ? strictColumns(expr.child) : new Set()
}

/** Columns that keep a predicate from being TRUE where one of them is NULL. */
export function nullRejected(predicate: Expr): Set<ColumnId> {
  if (predicate instanceof LogicalExpr) {
    const sets = predicate.children.map(nullRejected)
    return predicate.op === 'AND' ? union(sets) : intersection(sets)
  }
  if (predicate instanceof IsNullExpr) return predicate.negated ? strictColumns(predicate.child) : new Set()
  if (predicate instanceof IsTruthExpr) {
    const definite = predicate.value === null ? predicate.negated : !predicate.negated
    if (!definite) return new Set()
    return predicate.value === true ? nullRejected(predicate.child) : strictColumns(predicate.child)
  }
  if (predicate instanceof TextPredicateExpr) return new Set([predicate.scan])
  return strictColumns(predicate)
}

function union(sets: readonly Set<ColumnId>[]): Set<ColumnId> {
  return new Set(sets.flatMap((set) => [...set]))
}

function intersection(sets: readonly Set<ColumnId>[]): Set<ColumnId> {
  const [first, ...rest] = sets
  return new Set([...(first ?? [])].filter((id) => rest.every((set) => set.has(id))))
}
