import { ColumnExpr } from '../expressions/column-expr.ts'
import { transformExpr, type Expr } from '../expressions/expr.ts'
import type { ExecutionPlan, SortKey } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { JoinType } from './join-type.ts'

/** The expression over columns that stand `by` places further right. */
function shiftColumns(expr: Expr, by: number): Expr {
  if (by === 0) return expr
  return transformExpr(expr, (node) =>
    node instanceof ColumnExpr ? new ColumnExpr(node.index + by, node.name, node.type, node.nullable) : node,
  )
}

interface Join {
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly joinType: JoinType
}

function isRightOnly(joinType: JoinType): boolean {
  return joinType === 'right_semi' || joinType === 'right_anti' || joinType === 'right_mark'
}

function isLeftOnly(joinType: JoinType): boolean {
  return joinType === 'left_semi' || joinType === 'left_anti' || joinType === 'left_mark'
}

/** Partitioning of a join that works partition by partition: a side's own, where that side's rows are not padded with NULLs. */
export function joinPartitioning(join: Join): Partitioning {
  const known = partitionings.get(join) ?? partitioningOf(join)
  partitionings.set(join, known)
  return known
}

/** A chain of joins asks each for its own several times over. */
const partitionings = new WeakMap<Join, Partitioning>()

function partitioningOf({ left, right, joinType }: Join): Partitioning {
  const unknown = unknownPartitioning(right.partitioning.count)
  if (joinType === 'full') return unknown
  if (isLeftOnly(joinType) || joinType === 'left' || joinType === 'left_single') {
    return left.partitioning.kind === 'hash' ? left.partitioning : unknown
  }
  const by = isRightOnly(joinType) ? 0 : left.schema.fields.length
  const { partitioning } = right
  if (partitioning.kind !== 'hash') return joinType === 'inner' || isRightOnly(joinType) ? partitioning : unknown
  return { ...partitioning, exprs: partitioning.exprs.map((expr) => shiftColumns(expr, by)) }
}

/** Order of the right side's rows, which streaming joins keep. */
export function probeOrdering(left: ExecutionPlan, right: ExecutionPlan, joinType: JoinType): readonly SortKey[] {
  if (isRightOnly(joinType)) return right.ordering
  if (joinType !== 'inner') return []
  const by = left.schema.fields.length
  return right.ordering.map((key) => ({ ...key, expr: shiftColumns(key.expr, by) }))
}

/** A guess: every row of the larger side finds one partner. */
export function joinStatistics(left: Statistics, right: Statistics, joinType: JoinType): Statistics {
  if (joinType === 'left_mark') return { rows: left.rows, bytes: null }
  if (joinType === 'right_mark') return { rows: right.rows, bytes: null }
  const side = isLeftOnly(joinType) ? left : isRightOnly(joinType) ? right : null
  if (side !== null) {
    return {
      rows: side.rows && { value: side.rows.value * 0.5, exact: false },
      bytes: side.bytes && { value: side.bytes.value * 0.5, exact: false },
    }
  }
  if (left.rows === null || right.rows === null) return { rows: null, bytes: null }
  const value = Math.max(left.rows.value, right.rows.value)
  const bytes = left.bytes && right.bytes && { value: left.bytes.value + right.bytes.value, exact: false }
  return { rows: { value, exact: false }, bytes }
}
