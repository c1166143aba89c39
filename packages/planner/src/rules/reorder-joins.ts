import { conjunction, conjuncts, type Expr } from '@volley/core'
import { columnsOf, idsOf, isVolatile, readsOnly } from '../expressions/analysis.ts'
import { estimateRows, hasKnownKeys } from '../expressions/estimate-rows.ts'
import { isEquality } from '../expressions/join-condition.ts'
import { isByAddress, leadingSides, relatesAddresses } from '../expressions/row-addresses.ts'
import { Join, type LogicalPlan } from '../logical/logical-plan.ts'
import type { LogicalRule } from './logical-rule.ts'
import { filterBy, keepColumns, mapChildren } from './plan-tools.ts'

/**
 * Orders inner joins so that as few as possible are products of unrelated inputs, those by document address, which need
 * no exchange, come first, and few rows go from one join to the next: of the inputs that a key relates, the pair with the
 * smallest estimated result is joined first (Fegaras, "A New Heuristic for Optimizing Large Queries", 1998). A join by
 * address goes below one by other keys also where one of them is an outer or a semi join that keeps the side it looks at.
 *
 * Preconditions: the written order has a join without a key, and another order has fewer; or another order has more joins
 * by address; or the tables say what their keys' values are, and another order passes on much fewer rows. No condition is
 * volatile.
 */
export const reorderJoins: LogicalRule = {
  name: 'reorder_joins',
  apply: (plan) => walk(plan),
}

function walk(plan: LogicalPlan): LogicalPlan {
  if (!(plan instanceof Join)) return mapChildren(plan, walk)
  return keepColumns(joined(plan), plan.columns)
}

/** A join in a better order, whose columns may be in another. */
function joined(plan: LogicalPlan): LogicalPlan {
  if (!(plan instanceof Join)) return walk(plan)
  if (!isInner(plan)) return lowered(mapChildren(plan, joined) as Join)
  const inputs: LogicalPlan[] = []
  const conditions: Expr[] = []
  flatten(plan, inputs, conditions)
  const walked = inputs.map(joined)
  const written = rebuild(plan, walked.values())
  if (conditions.some(isVolatile)) return written
  if (inputs.length < 3) return lowered(written as Join)
  return candidates(walked, conditions).reduce((best, other) => (isBetter(other, best) ? other : best), written)
}

function isBetter(other: LogicalPlan, best: LogicalPlan): boolean {
  const products = countProducts(other) - countProducts(best)
  if (products !== 0) return products < 0
  const together = countByAddress(other) - countByAddress(best)
  return together > 0 || (together === 0 && isCheaper(other, best))
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

function countByAddress(plan: LogicalPlan): number {
  if (!(plan instanceof Join)) return 0
  return (isByAddress(plan) ? 1 : 0) + countByAddress(plan.left) + countByAddress(plan.right)
}

/** Inputs of inner joins, perhaps joined among each other, and the conditions that were not used for that. */
interface Parts {
  readonly parts: readonly LogicalPlan[]
  readonly open: readonly Expr[]
}

/** Other orders: what is joined by address first, and then as it was written; and the order by estimates. */
function candidates(inputs: readonly LogicalPlan[], conditions: readonly Expr[]): LogicalPlan[] {
  const all = { parts: inputs, open: conditions.filter((expr) => columnsOf(expr).size > 0) }
  const constant = conditions.filter((expr) => columnsOf(expr).size === 0)
  const grouped = byAddress(all)
  const orders = [byEstimates(grouped)]
  if (grouped.parts.length < inputs.length) orders.unshift(inTurn(grouped))
  return orders.flatMap((plan) => (plan === null ? [] : [filterBy(plan, constant)]))
}

/** The parts with one in place of two, at the place of the first, and the conditions that it needs taken. */
function merged({ parts, open }: Parts, i: number, j: number): Parts {
  const join = joinOf(parts[i]!, parts[j]!, open)
  const taken = new Set(join.condition === null ? [] : conjuncts(join.condition))
  return {
    parts: parts.flatMap((part, k) => (k === i ? [lowered(join)] : k === j ? [] : [part])),
    open: open.filter((expr) => !taken.has(expr)),
  }
}

function joinOf(left: LogicalPlan, right: LogicalPlan, open: readonly Expr[]): Join {
  const ids = new Set([...idsOf(left), ...idsOf(right)])
  return new Join(left, right, 'inner', conjunction(open.filter((expr) => readsOnly(expr, ids))))
}

function byAddress(all: Parts): Parts {
  for (let i = 0; i < all.parts.length; i++) {
    for (let j = i + 1; j < all.parts.length; j++) {
      if (relatesAddresses(all.parts[i]!, all.parts[j]!, all.open, true)) return byAddress(merged(all, i, j))
    }
  }
  return all
}

function inTurn(all: Parts): LogicalPlan | null {
  let left = all
  while (left.parts.length > 1) left = merged(left, 0, 1)
  return left.open.length > 0 ? null : left.parts[0]!
}

function byEstimates({ parts, open }: Parts): LogicalPlan | null {
  let left = [...parts]
  let rest = open
  while (left.length > 1) {
    let best: { i: number; j: number; join: Join; taken: Set<Expr>; keyed: boolean; rows: number } | null = null
    for (let i = 0; i < left.length; i++) {
      for (let j = i + 1; j < left.length; j++) {
        const join = joinOf(left[i]!, left[j]!, rest)
        const taken = join.condition === null ? [] : conjuncts(join.condition)
        const keyed = taken.some((expr) => isEquality(expr, join.left, join.right))
        const rows = estimateRows(join)
        const better = best === null || (keyed === best.keyed ? rows < best.rows : keyed)
        if (better) best = { i, j, join, taken: new Set(taken), keyed, rows }
      }
    }
    const { i, j, join, taken } = best!
    left = [...left.filter((_, k) => k !== i && k !== j), join]
    rest = rest.filter((expr) => !taken.has(expr))
  }
  return rest.length > 0 ? null : left[0]!
}

/** A join by the address of rows that one below it by other keys hands on, below that. */
function lowered(join: Join): LogicalPlan {
  if (join.condition === null || isVolatile(join.condition) || isByAddress(join)) return join
  for (const [i, upper] of [join.left, join.right].entries()) {
    if (i === 1 && join.joinType !== 'inner') break
    if (!(upper instanceof Join) || upper.nullAware || upper.expressions.some(isVolatile)) continue
    for (const side of leadingSides(upper)) {
      const led = upper.children[side]!
      const sides = i === 0 ? [led, join.right] : [join.left, led]
      const below = join.withChildren(sides) as Join
      const ids = new Set(sides.flatMap((each) => [...idsOf(each)]))
      if (!isByAddress(below, true) || !readsOnly(join.condition, ids)) continue
      const first = joined(below)
      return upper.withChildren(side === 0 ? [first, upper.right] : [upper.left, first])
    }
  }
  return join
}
