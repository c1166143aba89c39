import {
  CoalescePartitionsExec,
  ColumnExpr,
  DocIdJoinExec,
  FilterExec,
  HashJoinExec,
  hashPartitioning,
  LimitExec,
  LocalLimitExec,
  ProjectionExec,
  RepartitionExec,
  ScalarFunctionExpr,
  SortExec,
  SortPreservingMergeExec,
  transformExpr,
  visitExpr,
  WindowExec,
  type ExecutionPlan,
  type Expr,
  type SortKey,
} from '@volley/core'
import { Field, Schema } from 'apache-arrow'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import type { ScanTable } from '../sources/scan-table.ts'
import type { SourceColumn } from '../sources/segment-columns.ts'

/** A plan that hands the address of each row up, perhaps without columns that can be read by it later. */
export interface Carried {
  readonly plan: ExecutionPlan
  readonly table: ScanTable
  /** Where each column of the former plan is; null for one that was left out. */
  readonly place: readonly (number | null)[]
  /** Columns left out of the sources. */
  readonly late: readonly SourceColumn[]
  /**
   * What the columns left out are: over columns of `plan` and, as column -1 - i, the i-th of `late`.
   */
  readonly deferred: ReadonlyMap<number, Expr>
  /** Where the three address columns are. */
  readonly address: readonly number[]
}

/** Joins that give rows of their left side, or right side: `left` and `right` pad the other one's columns with NULL. */
const LEFT_SIDE: ReadonlySet<string> = new Set(['inner', 'left', 'right', 'left_semi', 'left_anti'])
const RIGHT_SIDE: ReadonlySet<string> = new Set(['inner', 'left', 'right', 'right_semi', 'right_anti'])

/** Which columns of a source may be left out and read later. */
export type IsLate = (column: SourceColumn, table: ScanTable) => boolean

/**
 * Rewrites a plan over one scan so that its rows carry their address. Columns at `free` (nobody above computes with them)
 * that are late, or computed from late ones, are left out. Sorts with a limit get the address as their last keys, so that
 * their result does not depend on how documents are dealt. Null for a plan that is more than one scan with projections,
 * filters, windows, sorts and limits, and hash joins with another plan where columns are left out.
 */
export function carryAddresses(plan: ExecutionPlan, free: ReadonlySet<number>, isLate: IsLate): Carried | null {
  if (plan instanceof ColumnSource) return carrySource(plan, free, isLate)
  if (plan instanceof InvertedIndexExec) {
    const place = plan.schema.fields.map((_, i) => i)
    return { plan, table: plan.table, place, late: [], deferred: new Map(), address: [0, 1, 2] }
  }
  if (plan instanceof DocIdJoinExec) return carryJoin(plan, free, isLate)
  if (plan instanceof ProjectionExec) return carryProjection(plan, free, isLate)
  if (plan instanceof HashJoinExec) return carryHashJoin(plan, free, isLate)
  const used = usedBy(plan)
  if (used === null) return null
  const width = plan.children[0]!.schema.fields.length
  const below = new Set([...free].filter((i) => i < width && !used.has(i)))
  const input = carryAddresses(plan.children[0]!, below, isLate)
  return input === null ? null : rebuilt(plan, input)
}

/** Columns that a node computes with; null for a node that addresses are not carried through. */
function usedBy(plan: ExecutionPlan): Set<number> | null {
  if (plan instanceof FilterExec) return columnsIn([plan.predicate])
  if (plan instanceof SortExec || plan instanceof SortPreservingMergeExec)
    return columnsIn(plan.keys.map((key) => key.expr))
  if (plan instanceof WindowExec) return columnsIn(plan.calls.flatMap((call) => call.exprs))
  if (plan instanceof RepartitionExec) {
    return plan.partitioning.kind === 'hash' ? columnsIn(plan.partitioning.exprs) : null
  }
  const passes = plan instanceof LimitExec || plan instanceof LocalLimitExec || plan instanceof CoalescePartitionsExec
  return passes ? new Set() : null
}

function rebuilt(plan: ExecutionPlan, input: Carried): Carried {
  const at = (expr: Expr): Expr => moved(expr, input.place)
  const keys = (list: readonly SortKey[], limited: boolean): SortKey[] => {
    const own = list.map((key) => ({ ...key, expr: at(key.expr) }))
    return limited ? [...own, ...addressKeys(input)] : own
  }
  if (plan instanceof WindowExec) {
    const width = plan.input.schema.fields.length
    const below = input.plan.schema.fields
    const schema = new Schema([...below, ...plan.schema.fields.slice(width)])
    const calls = plan.calls.map((call) => call.withExprs(call.exprs.map(at)))
    const place = [...input.place, ...plan.calls.map((_, i) => below.length + i)]
    return { ...input, plan: new WindowExec(input.plan, calls, schema), place }
  }
  const next = (): ExecutionPlan => {
    if (plan instanceof FilterExec) return new FilterExec(input.plan, at(plan.predicate))
    if (plan instanceof SortExec) {
      const { fetch, preservePartitioning } = plan
      return new SortExec(input.plan, keys(plan.keys, fetch !== null), fetch, preservePartitioning)
    }
    if (plan instanceof SortPreservingMergeExec) {
      const limited = input.plan instanceof SortExec && input.plan.fetch !== null
      return new SortPreservingMergeExec(input.plan, keys(plan.keys, limited), plan.fetch)
    }
    if (plan instanceof RepartitionExec && plan.partitioning.kind === 'hash') {
      return new RepartitionExec(input.plan, hashPartitioning(plan.partitioning.exprs.map(at), plan.partitioning.count))
    }
    return plan.withChildren([input.plan])
  }
  return { ...input, plan: next() }
}

function addressKeys({ plan, address }: Carried): SortKey[] {
  return address.map((i) => ({ expr: columnAt(plan, i), descending: false, nullsFirst: false }))
}

function carrySource(plan: ColumnSource, free: ReadonlySet<number>, isLate: IsLate): Carried {
  const { columns, filters, top } = plan.options
  const first = addressFields.length
  const used = columnsIn(filters)
  const out = columns.map(
    (column, i) => top === null && free.has(i + first) && !used.has(i + first) && isLate(column, plan.table),
  )
  const place: (number | null)[] = addressFields.map((_, i) => i)
  const deferred = new Map<number, Expr>()
  let next = first
  let lateCount = 0
  for (const [i, column] of columns.entries()) {
    place.push(out[i] ? null : next++)
    if (out[i]) deferred.set(i + first, new ColumnExpr(-1 - lateCount++, column.name, column.type, column.nullable))
  }
  const late = columns.filter((_, i) => out[i])
  if (late.length === 0) return { plan, table: plan.table, place, late, deferred, address: [0, 1, 2] }
  const source = plan.withOptions({
    ...plan.options,
    columns: columns.filter((_, i) => !out[i]),
    filters: filters.map((filter) => moved(filter, place)),
  })
  return { plan: source, table: plan.table, place, late, deferred, address: [0, 1, 2] }
}

function carryJoin(join: DocIdJoinExec, free: ReadonlySet<number>, isLate: IsLate): Carried | null {
  if (join.joinType !== 'inner') return null
  const width = join.left.schema.fields.length
  const left = carryAddresses(join.left, new Set([...free].filter((i) => i < width)), isLate)
  const right = carryAddresses(join.right, new Set([...free].filter((i) => i >= width).map((i) => i - width)), isLate)
  if (left === null || right === null || left.table.layout.layoutId !== right.table.layout.layoutId) return null
  const deferred = new Map(left.deferred)
  const late = [...left.late, ...right.late]
  const drops =
    right.plan instanceof ColumnSource &&
    right.plan.options.columns.length === 0 &&
    right.plan.options.filters.length === 0 &&
    right.late.length > 0
  const shift = left.plan.schema.fields.length
  for (const [i, expr] of right.deferred) {
    const above = transformExpr(expr, (node) => {
      if (!(node instanceof ColumnExpr)) return node
      const index = node.index < 0 ? node.index - left.late.length : node.index + shift
      return new ColumnExpr(index, node.name, node.type, node.nullable)
    })
    deferred.set(i + width, above)
  }
  const { table, address } = left
  if (drops) {
    // A source without filter has every address: all that is left of it is the address again.
    const place = [...left.place, ...right.place.map((at) => (at === null ? null : address[at]!))]
    return { plan: left.plan, table, place, late, deferred, address }
  }
  const on = join.on.map((key) => ({ left: left.place[key.left]!, right: right.place[key.right]! }))
  const plan = new DocIdJoinExec(left.plan, right.plan, 'inner', on)
  const place = [...left.place, ...right.place.map((at) => (at === null ? null : at + shift))]
  return { plan, table, place, late, deferred, address }
}

/**
 * A side of a hash join, where it has columns to leave out. The other side stays, and so does all that the join compares. Of
 * a side that is padded, only plain columns are left out: what is computed of NULLs may be something else.
 */
function carryHashJoin(join: HashJoinExec, free: ReadonlySet<number>, isLate: IsLate): Carried | null {
  const { left, right, on, joinType, filter, mode, options } = join
  const width = left.schema.fields.length
  const whole = join.schema.fields.length === width + right.schema.fields.length
  const filtered = columnsIn(filter === null ? [] : [filter])
  if (LEFT_SIDE.has(joinType)) {
    const used = columnsIn(on.map((key) => key.left))
    const below = [...free].filter((i) => i < width && !used.has(i) && !filtered.has(i))
    const input = leftOut(carryAddresses(left, new Set(below), isLate), joinType === 'right')
    if (input !== null) {
      const shift = input.plan.schema.fields.length - width
      const inPair = [...input.place, ...right.schema.fields.map((_, i) => i + width + shift)]
      const keys = on.map((key) => ({ left: moved(key.left, input.place), right: key.right }))
      const moving = filter === null ? null : moved(filter, inPair)
      const plan = new HashJoinExec(input.plan, right, keys, joinType, moving, mode, options)
      return { ...input, plan, place: whole ? inPair : input.place }
    }
  }
  if (!RIGHT_SIDE.has(joinType)) return null
  const first = whole ? width : 0
  const used = columnsIn(on.map((key) => key.right))
  const below = [...free].map((i) => i - first).filter((i) => i >= 0 && !used.has(i) && !filtered.has(i + width))
  const input = leftOut(carryAddresses(right, new Set(below), isLate), joinType === 'left')
  if (input === null) return null
  const inPair = [...left.schema.fields.map((_, i) => i), ...input.place.map((at) => (at === null ? null : at + width))]
  const keys = on.map((key) => ({ left: key.left, right: moved(key.right, input.place) }))
  const moving = filter === null ? null : moved(filter, inPair)
  const plan = new HashJoinExec(left, input.plan, keys, joinType, moving, mode, options)
  if (!whole) return { ...input, plan }
  const deferred = new Map(
    [...input.deferred].map(([i, expr]) => {
      const above = transformExpr(expr, (node) =>
        node instanceof ColumnExpr && node.index >= 0
          ? new ColumnExpr(node.index + width, node.name, node.type, node.nullable)
          : node,
      )
      return [i + width, above]
    }),
  )
  return { ...input, plan, place: inPair, deferred, address: input.address.map((at) => at + width) }
}

/** A side of a join with columns that were left out and can be read above it; null where it has none. */
function leftOut(input: Carried | null, padded: boolean): Carried | null {
  if (input === null || input.late.length === 0) return null
  if (!padded) return input
  const deferred = new Map<number, Expr>()
  for (const [i, expr] of input.deferred) {
    if (!(expr instanceof ColumnExpr) || expr.index >= 0) return null
    deferred.set(i, new ColumnExpr(expr.index, expr.name, expr.type, true))
  }
  return { ...input, deferred, late: input.late.map((column) => ({ ...column, nullable: true })) }
}

function carryProjection(plan: ProjectionExec, free: ReadonlySet<number>, isLate: IsLate): Carried | null {
  const needed = plan.exprs.filter((expr, i) => !free.has(i) || isVolatile(expr))
  const used = columnsIn(needed)
  const below = new Set([...columnsIn(plan.exprs)].filter((i) => !used.has(i)))
  const input = carryAddresses(plan.input, below, isLate)
  if (input === null) return null
  const exprs: Expr[] = []
  const fields: Field[] = []
  const place: (number | null)[] = []
  /** Where a column of the input is in the new projection. */
  const known = new Map<number, number>()
  const add = (expr: Expr, field: Field): number => {
    if (expr instanceof ColumnExpr && !known.has(expr.index)) known.set(expr.index, exprs.length)
    fields.push(field)
    return exprs.push(expr) - 1
  }
  const isDeferred = (expr: Expr): boolean => [...columnsIn([expr])].some((i) => input.place[i] === null)
  for (const [i, expr] of plan.exprs.entries()) {
    place.push(isDeferred(expr) ? null : add(moved(expr, input.place), plan.schema.fields[i]!))
  }
  const carry = (i: number): number => known.get(i) ?? add(columnAt(input.plan, i), input.plan.schema.fields[i]!)
  const address = input.address.map(carry)
  const deferred = new Map<number, Expr>()
  for (const [i, expr] of plan.exprs.entries()) {
    if (place[i] !== null) continue
    const above = transformExpr(expr, (node) => {
      if (!(node instanceof ColumnExpr)) return node
      const at = input.place[node.index]!
      const inner = at === null ? input.deferred.get(node.index)! : columnAt(input.plan, at)
      return transformExpr(inner, (leaf) =>
        leaf instanceof ColumnExpr && leaf.index >= 0
          ? new ColumnExpr(carry(leaf.index), leaf.name, leaf.type, leaf.nullable)
          : leaf,
      )
    })
    deferred.set(i, above)
  }
  const projection = new ProjectionExec(input.plan, exprs, new Schema(fields))
  return { ...input, plan: projection, place, deferred, address }
}

function columnAt(plan: ExecutionPlan, i: number): ColumnExpr {
  const field = plan.schema.fields[i]!
  return new ColumnExpr(i, field.name, field.type, field.nullable)
}

function moved(expr: Expr, place: readonly (number | null)[]): Expr {
  return transformExpr(expr, (node) =>
    node instanceof ColumnExpr ? new ColumnExpr(place[node.index]!, node.name, node.type, node.nullable) : node,
  )
}

function columnsIn(exprs: readonly Expr[]): Set<number> {
  const found = new Set<number>()
  for (const expr of exprs) {
    visitExpr(expr, (node) => {
      if (node instanceof ColumnExpr) found.add(node.index)
    })
  }
  return found
}

function isVolatile(expr: Expr): boolean {
  let found = false
  visitExpr(expr, (node) => {
    if (node instanceof ScalarFunctionExpr && node.fn.volatility === 'volatile') found = true
  })
  return found
}
