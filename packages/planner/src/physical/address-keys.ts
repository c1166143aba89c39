import {
  ColumnExpr,
  DocIdJoinExec,
  FilterExec,
  HashJoinExec,
  ProjectionExec,
  type ExecutionPlan,
  type JoinKey,
} from '@volley/core'

/** Metadata key of address columns: `split`, `segment` or `doc`. */
const ADDRESS_METADATA = 'volley.address'
const PARTS: readonly string[] = ['split', 'segment', 'doc']

/** Columns that hold the split, the segment and the doc id of each row: of the document that put it in its partition. */
type AddressColumns = readonly ReadonlySet<number>[]

function columnsOfPart(plan: ExecutionPlan, part: string): ReadonlySet<number> {
  const { fields } = plan.schema
  return new Set(
    fields.flatMap((field, i) => (field.metadata.get(ADDRESS_METADATA) === part && !field.nullable ? [i] : [])),
  )
}

/** The address of a source, whose rows come in its order; null for any other leaf. */
function ofSource(plan: ExecutionPlan): AddressColumns | null {
  if (plan.partitioning.kind !== 'segment') return null
  const columns = PARTS.map((part) => columnsOfPart(plan, part))
  const ordered = columns.every((indices, i) => {
    const key = plan.ordering[i]
    return key !== undefined && !key.descending && key.expr instanceof ColumnExpr && indices.has(key.expr.index)
  })
  return ordered ? columns : null
}

function shifted(columns: AddressColumns, by: number): AddressColumns {
  return columns.map((indices) => new Set([...indices].map((i) => i + by)))
}

/**
 * Where the rows of a plan have the address that they are partitioned and sorted by; null when they are not. A plan made of sources that are
 * filtered, projected and looked up, and of what a hash join probes with, keeps both, whichever columns it keeps. Columns
 * that carry the address of another document, such as those of the build side, are not among them.
 */
function addressColumns(plan: ExecutionPlan): AddressColumns | null {
  if (plan.children.length === 0) return ofSource(plan)
  if (plan instanceof FilterExec) return addressColumns(plan.input)
  if (plan instanceof ProjectionExec) {
    const input = addressColumns(plan.input)
    return (
      input &&
      input.map(
        (indices) =>
          new Set(plan.exprs.flatMap((expr, i) => (expr instanceof ColumnExpr && indices.has(expr.index) ? [i] : []))),
      )
    )
  }
  if (plan instanceof DocIdJoinExec) {
    const left = addressColumns(plan.left)
    if (left === null || plan.joinType === 'left') return left
    const right = addressColumns(plan.right)
    const moved = right && shifted(right, plan.left.schema.fields.length)
    return moved === null ? left : left.map((indices, i) => new Set([...indices, ...moved[i]!]))
  }
  if (plan instanceof HashJoinExec && plan.mode === 'collect_left') {
    const right = addressColumns(plan.right)
    if (right === null) return null
    if (plan.joinType === 'inner') return shifted(right, plan.left.schema.fields.length)
    return plan.joinType === 'right_semi' || plan.joinType === 'right_anti' ? right : null
  }
  return null
}

/**
 * For two inputs of one layout, both in address order, the positions in `on` of the keys that compare split with split,
 * segment with segment and doc id with doc id; null when one of the three is missing, or the layouts differ.
 */
export function addressKeys(left: ExecutionPlan, right: ExecutionPlan, on: readonly JoinKey[]): number[] | null {
  const [a, b] = [left.partitioning, right.partitioning]
  if (a.kind !== 'segment' || b.kind !== 'segment' || a.layoutId !== b.layoutId || a.count !== b.count) return null
  const [ofLeft, ofRight] = [addressColumns(left), addressColumns(right)]
  if (ofLeft === null || ofRight === null) return null
  const positions = PARTS.map((_, part) =>
    on.findIndex(
      (key) =>
        key.left instanceof ColumnExpr &&
        key.right instanceof ColumnExpr &&
        ofLeft[part]!.has(key.left.index) &&
        ofRight[part]!.has(key.right.index),
    ),
  )
  return positions.includes(-1) ? null : positions
}

/** Whether rows that can join already lie in the same partition of both inputs. */
export function coPartitioned(left: ExecutionPlan, right: ExecutionPlan, on: readonly JoinKey[]): boolean {
  return addressKeys(left, right, on) !== null
}

/** Whether no address occurs twice: the plan is a source, perhaps filtered, projected, or joined with one of its kind. */
export function hasUniqueAddresses(plan: ExecutionPlan): boolean {
  if (plan.children.length === 0) return plan.partitioning.kind === 'segment'
  if (plan instanceof FilterExec || plan instanceof ProjectionExec) return hasUniqueAddresses(plan.input)
  return plan instanceof DocIdJoinExec && hasUniqueAddresses(plan.left)
}
