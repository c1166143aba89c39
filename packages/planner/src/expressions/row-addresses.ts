import { ComparisonExpr, conjuncts, type Expr } from '@volley/core'
import { ColumnRef } from '../logical/expressions.ts'
import {
  Filter,
  Join,
  Projection,
  TableScan,
  type ColumnId,
  type LogicalJoinType,
  type LogicalPlan,
} from '../logical/logical-plan.ts'

/** Where the rows of a plan have the address of their document, part by part; several columns may carry the same part. */
interface RowAddresses {
  readonly layout: string
  readonly parts: readonly ReadonlySet<ColumnId>[]
}

/** Joins with rows of the left side as they are; those of the right side can be looked for after another join. */
const LEADS_LEFT: ReadonlySet<LogicalJoinType> = new Set(['left', 'left_semi', 'left_anti', 'left_mark', 'left_single'])

/** The sides of a join whose rows come out as they are, each perhaps more than once or not at all. */
export function leadingSides(join: Join): readonly (0 | 1)[] {
  if (join.joinType === 'inner') return [0, 1]
  if (join.joinType === 'right') return [1]
  return LEADS_LEFT.has(join.joinType) ? [0] : []
}

/**
 * The addresses that a plan's rows are dealt and sorted by when it runs. With `early`, also those that they would have if
 * joins by other keys came later.
 */
function rowAddresses(plan: LogicalPlan, early: boolean): RowAddresses | null {
  if (plan instanceof TableScan) {
    const { rowAddress } = plan.provider
    if (rowAddress === undefined) return null
    const parts = rowAddress.columns.map((name) => {
      const own = plan.outputs.filter(({ source }) => source.kind === 'column' && source.name === name)
      return new Set(own.map(({ column }) => column.id))
    })
    return parts.some((ids) => ids.size === 0) ? null : { layout: rowAddress.layout, parts }
  }
  if (plan instanceof Filter) return rowAddresses(plan.input, early)
  if (plan instanceof Projection) {
    const below = rowAddresses(plan.input, early)
    if (below === null) return null
    const kept = below.parts.map((ids) =>
      plan.exprs.flatMap(({ column, expr }) => (expr instanceof ColumnRef && ids.has(expr.id) ? [column.id] : [])),
    )
    return { layout: below.layout, parts: kept.map((ids) => new Set(ids)) }
  }
  if (!(plan instanceof Join)) return null
  if (isByAddress(plan, early)) {
    const left = rowAddresses(plan.left, early)!
    if (plan.joinType !== 'inner') return left
    const right = rowAddresses(plan.right, early)!
    return { layout: left.layout, parts: left.parts.map((ids, i) => new Set([...ids, ...right.parts[i]!])) }
  }
  return early && LEADS_LEFT.has(plan.joinType) ? rowAddresses(plan.left, true) : null
}

/** Whether a join needs no exchange, for both sides are dealt and sorted by the address that is its key. */
export function isByAddress(plan: Join, early = false): boolean {
  if (plan.nullAware || plan.condition === null) return false
  if (plan.joinType !== 'inner' && plan.joinType !== 'left' && plan.joinType !== 'left_semi') return false
  return relatesAddresses(plan.left, plan.right, conjuncts(plan.condition), early)
}

/** Whether among some conditions are those that two plans' rows are of one document. */
export function relatesAddresses(
  left: LogicalPlan,
  right: LogicalPlan,
  conditions: readonly Expr[],
  early: boolean,
): boolean {
  const [a, b] = [rowAddresses(left, early), rowAddresses(right, early)]
  if (a === null || b === null || a.layout !== b.layout) return false
  return a.parts.every((ofLeft, i) => {
    const ofRight = b.parts[i]!
    return conditions.some(
      (expr) =>
        expr instanceof ComparisonExpr &&
        expr.op === '=' &&
        expr.left instanceof ColumnRef &&
        expr.right instanceof ColumnRef &&
        ((ofLeft.has(expr.left.id) && ofRight.has(expr.right.id)) ||
          (ofLeft.has(expr.right.id) && ofRight.has(expr.left.id))),
    )
  })
}
