import { ColumnExpr, DocIdJoinExec, FilterExec, ProjectionExec, type ExecutionPlan, type JoinKey } from '@volley/core'

/** Metadata key of address columns: `split`, `segment` or `doc`. */
const ADDRESS_METADATA = 'volley.address'
const PARTS: readonly string[] = ['split', 'segment', 'doc']

function partOf(plan: ExecutionPlan, expr: unknown): string | null {
  if (!(expr instanceof ColumnExpr)) return null
  const field = plan.schema.fields[expr.index]!
  return field.nullable ? null : (field.metadata.get(ADDRESS_METADATA) ?? null)
}

/**
 * For two inputs of one layout, the positions in `on` of the keys that compare split with split, segment with segment and doc
 * id with doc id; null when one of the three is missing, or the layouts differ.
 */
export function addressKeys(left: ExecutionPlan, right: ExecutionPlan, on: readonly JoinKey[]): number[] | null {
  const [a, b] = [left.partitioning, right.partitioning]
  if (a.kind !== 'segment' || b.kind !== 'segment' || a.layoutId !== b.layoutId || a.count !== b.count) return null
  const positions = PARTS.map((part) =>
    on.findIndex((key) => partOf(left, key.left) === part && partOf(right, key.right) === part),
  )
  return positions.includes(-1) ? null : positions
}

/** Whether rows that can join already lie in the same partition of both inputs. */
export function coPartitioned(left: ExecutionPlan, right: ExecutionPlan, on: readonly JoinKey[]): boolean {
  return addressKeys(left, right, on) !== null
}

/** Whether rows come in address order. */
export function isInAddressOrder(plan: ExecutionPlan): boolean {
  return PARTS.every((part, i) => {
    const key = plan.ordering[i]
    return key !== undefined && !key.descending && partOf(plan, key.expr) === part
  })
}

/** Whether no address occurs twice: the plan is a source, perhaps filtered, projected, or joined with one of its kind. */
export function hasUniqueAddresses(plan: ExecutionPlan): boolean {
  if (plan.children.length === 0) return plan.partitioning.kind === 'segment'
  if (plan instanceof FilterExec || plan instanceof ProjectionExec) return hasUniqueAddresses(plan.input)
  return plan instanceof DocIdJoinExec && hasUniqueAddresses(plan.left)
}
