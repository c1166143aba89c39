import { ComparisonExpr, conjuncts, InListExpr, LikeExpr, LiteralExpr, LogicalExpr, type Expr } from '@volley/core'
import { ColumnRef } from '../logical/expressions.ts'
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
import { baseColumn, distinctValues } from './column-ranges.ts'
import { splitCondition } from './join-condition.ts'

/** Rows where nothing is known of a table. */
const UNKNOWN_TABLE = 100_000

/** A guess at how many rows a plan gives, for choosing between orders of joins; never below 1. */
export function estimateRows(plan: LogicalPlan): number {
  return Math.max(1, rowsOf(plan))
}

function rowsOf(plan: LogicalPlan): number {
  if (plan instanceof TableScan) {
    const all = plan.provider.rows?.value ?? UNKNOWN_TABLE
    const filtered = all * selectivity(plan.filters, plan) * 0.1 ** Math.min(plan.textFilters.length, 3)
    return Math.min(filtered, plan.fetch ?? Infinity)
  }
  if (plan instanceof Values) return plan.rows.length
  if (plan instanceof Filter) return rowsOf(plan.input) * selectivity(conjuncts(plan.predicate), plan.input)
  if (plan instanceof Aggregate) return groupsOf(plan)
  if (plan instanceof Limit) return Math.min(rowsOf(plan.input), plan.fetch ?? Infinity)
  if (plan instanceof Sort) return Math.min(rowsOf(plan.input), plan.fetch ?? Infinity)
  if (plan instanceof Union) return plan.children.reduce((sum, child) => sum + rowsOf(child), 0)
  if (plan instanceof Join) return joinRows(plan)
  return plan.children.length === 0 ? 1000 : rowsOf(plan.children[0]!)
}

function groupsOf(plan: Aggregate): number {
  const input = rowsOf(plan.input)
  if (plan.groups.length === 0) return 1
  let groups = 1
  for (const { expr } of plan.groups) {
    const distinct = expr instanceof ColumnRef ? distinctValues(baseColumn(plan.input, expr.id)) : null
    if (distinct === null) return input * 0.1
    groups *= distinct
  }
  return Math.min(input, groups)
}

function joinRows(plan: Join): number {
  const left = rowsOf(plan.left)
  if (plan.joinType === 'left_mark' || plan.joinType === 'left_single') return left
  const domain = keyDomain(plan)
  const right = rowsOf(plan.right)
  if (plan.joinType === 'left_semi' || plan.joinType === 'left_anti') {
    if (domain === null) return left * 0.5
    const share = Math.min(1, right / domain)
    return left * (plan.joinType === 'left_semi' ? share : Math.max(0.1, 1 - share))
  }
  const { keys, filter } = splitCondition(plan.condition, plan.left, plan.right)
  const rest = filter === null ? [] : conjuncts(filter)
  if (keys.length === 0) return left * right * selectivity(rest, plan)
  if (domain === null) return Math.max(left, right)
  const pairs = (left * right * selectivity(rest, plan)) / domain
  return plan.joinType === 'left' || plan.joinType === 'full' ? Math.max(left, pairs) : pairs
}

/**
 * How many values the keys of a join may have: of each key as many as the side with fewer has, and all together no more
 * than that side's table has rows. Null where it is not known of some key.
 */
function keyDomain(plan: Join): number | null {
  const { keys } = splitCondition(plan.condition, plan.left, plan.right)
  if (keys.length === 0) return null
  let domain = 1
  let most = Infinity
  for (const { left, right } of keys) {
    if (!(left instanceof ColumnRef && right instanceof ColumnRef)) return null
    const [a, b] = [baseColumn(plan.left, left.id), baseColumn(plan.right, right.id)]
    const [ofLeft, ofRight] = [distinctValues(a), distinctValues(b)]
    if (ofLeft === null || ofRight === null) return null
    domain *= Math.min(ofLeft, ofRight)
    most = Math.min(most, Math.max(a!.rows, ofRight), Math.max(b!.rows, ofLeft))
  }
  return Math.min(domain, most)
}

/** Whether all tables of a plan tell their rows and the ranges of their columns. */
export function isMeasured(plan: LogicalPlan): boolean {
  if (plan instanceof TableScan) return plan.provider.rows !== null && plan.provider.columnRange !== undefined
  return plan.children.length > 0 && plan.children.every(isMeasured)
}

/** Whether joins of a plan's inputs can be estimated by what is known of their keys. */
export function hasKnownKeys(plan: LogicalPlan): boolean {
  return !(plan instanceof Join) || (keyDomain(plan) !== null && hasKnownKeys(plan.left) && hasKnownKeys(plan.right))
}

function selectivity(predicates: readonly Expr[], input: LogicalPlan): number {
  return predicates.reduce((share, predicate) => share * selectivityOf(predicate, input), 1)
}

function selectivityOf(predicate: Expr, input: LogicalPlan): number {
  if (predicate instanceof ComparisonExpr) return comparedShare(predicate, input)
  if (predicate instanceof InListExpr) {
    const one = predicate.child instanceof ColumnRef ? distinctValues(baseColumn(input, predicate.child.id)) : null
    return predicate.negated ? 0.9 : Math.min(0.5, predicate.list.length * (one === null ? 0.05 : 1 / one))
  }
  if (predicate instanceof LikeExpr) return predicate.options.negated ? 0.9 : 0.1
  if (predicate instanceof LogicalExpr) {
    const shares = predicate.children.map((child) => selectivityOf(child, input))
    if (predicate.op === 'AND') return shares.reduce((product, share) => product * share, 1)
    const sum = shares.reduce((total, share) => total + share, 0)
    return Math.min(1, sum)
  }
  return 0.25
}

/** The share of a column's range that a comparison with a constant leaves. */
function comparedShare(predicate: ComparisonExpr, input: LogicalPlan): number {
  const { op, left, right } = predicate
  const guess = op === '=' ? 0.05 : op === '<>' ? 0.9 : 0.33
  const [column, constant, flipped] = left instanceof ColumnRef ? [left, right, false] : [right, left, true]
  if (!(column instanceof ColumnRef && constant instanceof LiteralExpr)) return guess
  const base = baseColumn(input, column.id)
  const { value } = constant
  if (base?.range === null || base?.range === undefined || (typeof value !== 'number' && typeof value !== 'bigint')) {
    return guess
  }
  const { min, max } = base.range
  if (op === '=') return 1 / distinctValues(base)!
  if (op !== '<' && op !== '<=' && op !== '>' && op !== '>=') return guess
  const below = Math.min(1, Math.max(0, (Number(value) - min) / (max - min + 1)))
  return Math.max(1e-6, op.startsWith('<') !== flipped ? below : 1 - below)
}
