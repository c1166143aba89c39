import { ComparisonExpr, conjuncts, InListExpr, LogicalExpr, type Expr } from '@volley/core'
import {
  Aggregate,
  Filter,
  Join,
  Limit,
  Sort,
  TableScan,
  Union,
  Values,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import { isEquality } from './join-condition.ts'

/** Rows where nothing is known of a table. */
const UNKNOWN_TABLE = 100_000

/** A guess at how many rows a plan gives, for choosing between orders of joins; never below 1. */
export function estimateRows(plan: LogicalPlan): number {
  return Math.max(1, rowsOf(plan))
}

function rowsOf(plan: LogicalPlan): number {
  if (plan instanceof TableScan) {
    const all = plan.provider.rows?.value ?? UNKNOWN_TABLE
    const filtered = all * selectivity(plan.filters) * 0.1 ** Math.min(plan.textFilters.length, 3)
    return Math.min(filtered, plan.fetch ?? Infinity)
  }
  if (plan instanceof Values) return plan.rows.length
  if (plan instanceof Filter) return rowsOf(plan.input) * selectivity(conjuncts(plan.predicate))
  if (plan instanceof Aggregate) return plan.groups.length === 0 ? 1 : rowsOf(plan.input) * 0.1
  if (plan instanceof Limit) return Math.min(rowsOf(plan.input), plan.fetch ?? Infinity)
  if (plan instanceof Sort) return Math.min(rowsOf(plan.input), plan.fetch ?? Infinity)
  if (plan instanceof Union) return plan.children.reduce((sum, child) => sum + rowsOf(child), 0)
  if (plan instanceof Join) return joinRows(plan)
  return plan.children.length === 0 ? 1000 : rowsOf(plan.children[0]!)
}

function joinRows(plan: Join): number {
  const left = rowsOf(plan.left)
  if (plan.joinType === 'left_semi' || plan.joinType === 'left_anti') return left * 0.5
  if (plan.joinType === 'left_mark' || plan.joinType === 'left_single') return left
  const right = rowsOf(plan.right)
  const conditions = plan.condition === null ? [] : conjuncts(plan.condition)
  const keyed = conditions.some((expr) => isEquality(expr, plan.left, plan.right))
  return keyed ? Math.max(left, right) : left * right * selectivity(conditions)
}

function selectivity(predicates: readonly Expr[]): number {
  return predicates.reduce((share, predicate) => share * selectivityOf(predicate), 1)
}

function selectivityOf(predicate: Expr): number {
  if (predicate instanceof ComparisonExpr) return predicate.op === '=' ? 0.05 : predicate.op === '<>' ? 0.9 : 0.33
  if (predicate instanceof InListExpr) return predicate.negated ? 0.9 : Math.min(0.5, 0.05 * predicate.list.length)
  if (predicate instanceof LogicalExpr && predicate.op === 'OR') {
    return Math.min(
      1,
      predicate.children.reduce((sum, child) => sum + selectivityOf(child), 0),
    )
  }
  return 0.25
}
