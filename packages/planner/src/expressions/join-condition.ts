import { ComparisonExpr, conjunction, conjuncts, type Expr } from '@volley/core'
import type { LogicalPlan } from '../logical/logical-plan.ts'
import { columnsOf, idsOf, isVolatile, readsOnly } from './analysis.ts'

export interface EquiKey {
  readonly left: Expr
  readonly right: Expr
}

export interface JoinCondition {
  readonly keys: readonly EquiKey[]
  /** NULL keys match: every key was compared by IS NOT DISTINCT FROM. */
  readonly nullEqualsNull: boolean
  /** What is no key. */
  readonly filter: Expr | null
}

/** The sides of `left expression = right expression`, whichever way round it is written; null for anything else. */
function sidesOf(
  expr: Expr,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
  constants: boolean,
): EquiKey | null {
  if (!(expr instanceof ComparisonExpr) || isVolatile(expr)) return null
  const [a, b] = [expr.left, expr.right]
  const reads = (side: Expr, ids: ReadonlySet<number>): boolean =>
    readsOnly(side, ids) && (constants || columnsOf(side).size > 0)
  if (reads(a, left) && reads(b, right)) return { left: a, right: b }
  if (reads(b, left) && reads(a, right)) return { left: b, right: a }
  return null
}

/** Whether a conjunct can be a key of a hash join of two plans. */
export function isEquality(expr: Expr, left: LogicalPlan, right: LogicalPlan): boolean {
  const equal = expr instanceof ComparisonExpr && (expr.op === '=' || expr.op === 'IS NOT DISTINCT FROM')
  return equal && sidesOf(expr, idsOf(left), idsOf(right), false) !== null
}

/** Splits a condition into keys of a hash join and the rest. With `first`, the first conjunct is the only key. */
export function splitCondition(
  condition: Expr | null,
  left: LogicalPlan,
  right: LogicalPlan,
  first = false,
): JoinCondition {
  const all = condition === null ? [] : conjuncts(condition)
  const [leftIds, rightIds] = [idsOf(left), idsOf(right)]
  if (first) {
    const key = all.length === 0 ? null : sidesOf(all[0]!, leftIds, rightIds, true)
    if (key === null) return { keys: [], nullEqualsNull: false, filter: condition }
    return { keys: [key], nullEqualsNull: false, filter: conjunction(all.slice(1)) }
  }
  for (const op of ['=', 'IS NOT DISTINCT FROM'] as const) {
    const keys: EquiKey[] = []
    const rest: Expr[] = []
    for (const expr of all) {
      const key = expr instanceof ComparisonExpr && expr.op === op ? sidesOf(expr, leftIds, rightIds, false) : null
      if (key === null) rest.push(expr)
      else keys.push(key)
    }
    if (keys.length > 0) return { keys, nullEqualsNull: op !== '=', filter: conjunction(rest) }
  }
  return { keys: [], nullEqualsNull: false, filter: condition }
}
