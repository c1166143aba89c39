import { conjunction, conjuncts, type Expr } from '@volley/core'
import { columnsOf, idsOf, isVolatile, readsOnly } from '../expressions/analysis.ts'
import { estimateRows, hasKnownKeys } from '../expressions/estimate-rows.ts'
import { isEquality } from '../expressions/join-condition.ts'
import { Join, type LogicalPlan } from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { filterBy, keepColumns, mapChildren } from './plan-tools.ts'

/**
 * Orders inner joins so that as few as possible are products of unrelated inputs, and few rows go from one join to the
 * next: of the inputs that a key relates, the pair with the smallest estimated result is joined first (Fegaras, "A New
 * Heuristic for Optimizing Large Queries", 1998).
 *
 * Preconditions: the written order has a join without a key, and another order has fewer; or the tables say what their
 * keys' values are, and another order passes on much fewer rows. No condition is volatile.
 */
export const reorderJoins: LogicalRule = {
  name: 'reorder_joins',
  apply: (plan) => walk(plan),
}

function walk(plan: LogicalPlan): LogicalPlan {
  if (!isInner(plan)) return mapChildren(plan, walk)
  const inputs: LogicalPlan[] = []
  const conditions: Expr[] = []
  flatten(plan, inputs, conditions)
  const walked = inputs.map(walk)
  const written = rebuild(plan, walked.values())
  if (inputs.length < 3 || conditions.some(isVolatile)) return written
  const ordered = order(walked, conditions)
  if (ordered === null) return written
  const [before, after] = [countProducts(written), countProducts(ordered)]
  return after < before || (after === before && isCheaper(ordered, written))
    ? keepColumns(ordered, plan.columns)
    : written
}

/** An order is only changed for this share of the rows that the joins of the one that was written pass on. */
const WORTHWHILE = 0.8

function isCheaper(ordered: LogicalPlan, written: LogicalPlan): boolean {
  return hasKnownKeys(written) && hasKnownKeys(ordered) && rowsPassed(ordered) < rowsPassed(written) * WORTHWHILE
}

/** Rows of all joins together. */
function rowsPassed(plan: LogicalPlan): number {
  if (!isInner(plan)) return 0
  return estimateRows(plan) + rowsPassed(plan.left) + rowsPassed(plan.right)
}

function isInner(plan: LogicalPlan): plan is Join {
  return plan instanceof Join && plan.joinType === 'inner'
}

function flatten(plan: LogicalPlan, inputs: LogicalPlan[], conditions: Expr[]): void {
  if (!isInner(plan)) {
    inputs.push(plan)
    return
  }
  flatten(plan.left, inputs, conditions)
  flatten(plan.right, inputs, conditions)
  if (plan.condition !== null) conditions.push(...conjuncts(plan.condition))
}

/** The same tree over other inputs, in order. */
function rebuild(plan: LogicalPlan, inputs: Iterator<LogicalPlan>): LogicalPlan {
  if (!isInner(plan)) return inputs.next().value as LogicalPlan
  return mapChildren(plan, (child) => rebuild(child, inputs))
}

function countProducts(plan: LogicalPlan): number {
  if (!isInner(plan)) return 0
  const keyed =
    plan.condition !== null && conjuncts(plan.condition).some((expr) => isEquality(expr, plan.left, plan.right))
  return (keyed ? 0 : 1) + countProducts(plan.left) + countProducts(plan.right)
}

function order(inputs: readonly LogicalPlan[], conditions: readonly Expr[]): LogicalPlan | null {
  let parts = [...inputs]
  let open = conditions.filter((expr) => columnsOf(expr).size > 0)
  const constant = conditions.filter((expr) => columnsOf(expr).size === 0)
  while (parts.length > 1) {
    let best: { i: number; j: number; join: Join; taken: Set<Expr>; keyed: boolean; rows: number } | null = null
    for (let i = 0; i < parts.length; i++) {
      for (let j = i + 1; j < parts.length; j++) {
        const [left, right] = [parts[i]!, parts[j]!]
        const ids = new Set([...idsOf(left), ...idsOf(right)])
        const taken = open.filter((expr) => readsOnly(expr, ids))
        const keyed = taken.some((expr) => isEquality(expr, left, right))
        const join = new Join(left, right, 'inner', conjunction(taken))
        const rows = estimateRows(join)
        const better = best === null || (keyed === best.keyed ? rows < best.rows : keyed)
        if (better) best = { i, j, join, taken: new Set(taken), keyed, rows }
      }
    }
    const { i, j, join, taken } = best!
    parts = [...parts.filter((_, k) => k !== i && k !== j), join]
    open = open.filter((expr) => !taken.has(expr))
  }
  return open.length > 0 ? null : filterBy(parts[0]!, constant)
}
