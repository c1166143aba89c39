import {
  conjunction,
  DocIdJoinExec,
  FilterExec,
  HashJoinExec,
  ColumnExpr,
  ComparisonExpr,
  NestedLoopJoinExec,
  ProjectionExec,
  SortMergeJoinExec,
  type Expr,
  type JoinKey,
  type JoinType,
} from '@volley/core'
import { Schema } from 'apache-arrow'
import { splitCondition, type JoinCondition } from '../expressions/join-condition.ts'
import type { ColumnId, Join, LogicalJoinType } from '../logical/logical-plan.ts'
import { addressKeys, hasUniqueAddresses } from './address-keys.ts'
import { hashedJoin, isMany, single } from './distribution.ts'
import { mergeSides } from './merge-sides.ts'
import type { PhysicalPlanningContext } from './physical-rule.ts'
import { bind, bindTo, estimateSize, type Planned, type SizeEstimate } from './planned.ts'

/** The same join with its sides changed over; null where there is none. */
const SWAPPED: Readonly<Record<LogicalJoinType, JoinType | null>> = {
  inner: 'inner',
  left: 'right',
  right: 'left',
  full: 'full',
  left_semi: 'right_semi',
  left_anti: 'right_anti',
  left_mark: 'right_mark',
  left_single: null,
}

/** How many times smaller a side must be to be built although its unmatched rows come out. */
const MUCH_SMALLER = 4

/**
 * Chooses how to join: by document address without an exchange where both sides are sources of one layout; by a merge where
 * both are sorted by the keys; by hash where there is a key, with the smaller side built; else pair by pair.
 *
 * The built side is collected and sent to every task when it is estimated below `broadcast_threshold_bytes`, unless its rows
 * come out of the join, which would repeat them; otherwise both sides are partitioned by the keys. `join_mode` overrules
 * the estimate where either is possible. Sources make a look-up of a collected side with few keys.
 */
export function planJoin(join: Join, left: Planned, right: Planned, context: PhysicalPlanningContext): Planned {
  const condition = splitCondition(join.condition, join.left, join.right, join.nullAware)
  return (
    byAddress(join, condition, left, right) ??
    (condition.keys.length > 0
      ? byHash(join, condition, left, right, context)
      : byPairs(join, condition.filter, left, right, context))
  )
}

/** Ids of a join's output, given those of its inputs in physical order. */
function outputIds(join: Join, joinType: JoinType, left: readonly ColumnId[], right: readonly ColumnId[]): ColumnId[] {
  switch (joinType) {
    case 'left_semi':
    case 'left_anti':
      return [...left]
    case 'right_semi':
    case 'right_anti':
      return [...right]
    case 'left_mark':
      return [...left, join.mark!.id]
    case 'right_mark':
      return [...right, join.mark!.id]
    default:
      return [...left, ...right]
  }
}

/** A residual condition over the columns of both inputs. */
function bindPair(filter: Expr | null, left: Planned, right: Planned): Expr | null {
  if (filter === null) return null
  const schema = new Schema([...left.plan.schema.fields, ...right.plan.schema.fields])
  return bind(filter, [...left.ids, ...right.ids], schema)
}

function bindKeys(condition: JoinCondition, left: Planned, right: Planned): JoinKey[] {
  return condition.keys.map((key) => ({ left: bindTo(key.left, left), right: bindTo(key.right, right) }))
}

function byAddress(join: Join, condition: JoinCondition, left: Planned, right: Planned): Planned | null {
  if (condition.nullEqualsNull || join.nullAware) return null
  if (join.joinType === 'right') {
    return lookUp('left', join, condition, right, left, true)
  }
  if (join.joinType === 'left') return lookUp('left', join, condition, left, right, false)
  if (join.joinType === 'left_semi') {
    const pairs = lookUp('inner', join, condition, left, right, false)
    if (pairs === null) return null
    const { fields } = pairs.plan.schema
    const exprs = left.ids.map((_, i) => new ColumnExpr(i, fields[i]!.name, fields[i]!.type, fields[i]!.nullable))
    const schema = new Schema(fields.slice(0, left.ids.length))
    return { plan: new ProjectionExec(pairs.plan, exprs, schema), ids: left.ids }
  }
  if (join.joinType !== 'inner') return null
  return lookUp('inner', join, condition, left, right, false) ?? lookUp('inner', join, condition, right, left, true)
}

/** `driving` rows in their order, each with the one row of `looked` at its address; null where the addresses do not allow it. */
function lookUp(
  joinType: 'inner' | 'left',
  join: Join,
  condition: JoinCondition,
  driving: Planned,
  looked: Planned,
  swapped: boolean,
): Planned | null {
  const keys = swapped
    ? { ...condition, keys: condition.keys.map(({ left, right }) => ({ left: right, right: left })) }
    : condition
  const on = bindKeys(keys, driving, looked)
  const positions = addressKeys(driving.plan, looked.plan, on)
  if (positions === null) return null
  if (!hasUniqueAddresses(looked.plan)) return null
  const others = on.flatMap((key, i) => (positions.includes(i) ? [] : [i]))
  if (joinType === 'left' && (others.length > 0 || condition.filter !== null)) return null
  const address = positions.map((i) => ({
    left: (on[i]!.left as ColumnExpr).index,
    right: (on[i]!.right as ColumnExpr).index,
  }))
  const joined: Planned = {
    plan: new DocIdJoinExec(driving.plan, looked.plan, joinType, address),
    ids: [...driving.ids, ...looked.ids],
  }
  const rest = [
    ...others.map((i) => new ComparisonExpr('=', keys.keys[i]!.left, keys.keys[i]!.right)),
    ...(condition.filter === null ? [] : [condition.filter]),
  ]
  const residual = conjunction(rest)
  if (residual === null) return joined
  return { plan: new FilterExec(joined.plan, bindTo(residual, joined)), ids: joined.ids }
}

function byHash(
  join: Join,
  condition: JoinCondition,
  left: Planned,
  right: Planned,
  context: PhysicalPlanningContext,
): Planned {
  const distributed = context.distributed === true
  const keys = bindKeys(condition, left, right)
  const sides = join.nullAware ? null : mergeSides(left.plan, right.plan, keys, context)
  if (sides !== null) {
    const type = join.joinType as JoinType
    const pair = bindPair(condition.filter, left, right)
    const plan = new SortMergeJoinExec(sides[0]!, sides[1]!, keys, type, pair, condition.nullEqualsNull)
    return { plan, ids: outputIds(join, type, left.ids, right.ids) }
  }
  const [leftSize, rightSize] = sizes(join, left, right, context)
  const swap = SWAPPED[join.joinType] !== null && buildsRight(join, leftSize.bytes, rightSize.bytes)
  const joinType = swap ? SWAPPED[join.joinType]! : (join.joinType as JoinType)
  const [build, probe] = swap ? [right, left] : [left, right]
  const on = keys.map((key) => (swap ? { left: key.right, right: key.left } : key))
  const [{ rows: buildRows, bytes: buildBytes }, { bytes: probeBytes }] = swap
    ? [rightSize, leftSize]
    : [leftSize, rightSize]
  const known = buildRows !== null && buildBytes !== null && probeBytes !== null
  const estimated = known
    ? { buildRows: whole(buildRows), buildBytes: whole(buildBytes), probeBytes: whole(probeBytes) }
    : null
  const options = { nullEqualsNull: condition.nullEqualsNull, nullAware: join.nullAware, estimated }
  const emitsBuild = joinType === 'left' || joinType === 'full' || joinType.startsWith('left_')
  const threshold = Number(context.settings.get('broadcast_threshold_bytes') ?? 10 * 1024 * 1024)
  const mode = context.settings.get('join_mode') ?? 'auto'
  const small = mode === 'auto' ? buildBytes !== null && buildBytes <= threshold : mode !== 'partitioned'
  const eitherIsMany = isMany(probe.plan, distributed) || isMany(build.plan, distributed)
  const collect = join.nullAware || !eitherIsMany || (small && !emitsBuild)
  const filter = bindPair(condition.filter, build, probe)
  const ids = outputIds(join, joinType, build.ids, probe.ids)
  if (collect) {
    const collected = single(build.plan, distributed)
    return { plan: new HashJoinExec(collected, probe.plan, on, joinType, filter, 'collect_left', options), ids }
  }
  const plan = new HashJoinExec(build.plan, probe.plan, on, joinType, filter, 'partitioned', options)
  return { plan: hashedJoin(plan, context.settings.targetPartitions, distributed), ids }
}

function whole(value: number): number {
  return Math.min(Math.round(value), Number.MAX_SAFE_INTEGER)
}

function sizes(
  join: Join,
  left: Planned,
  right: Planned,
  context: PhysicalPlanningContext,
): [SizeEstimate, SizeEstimate] {
  return [estimateSize(join.left, left.plan, context.rows), estimateSize(join.right, right.plan, context.rows)]
}

/** Whether the right side is the better one to build. */
function buildsRight(join: Join, left: number | null, right: number | null): boolean {
  if (join.nullAware) return true
  switch (join.joinType) {
    case 'inner':
    case 'full':
      return (right ?? Infinity) < (left ?? Infinity)
    case 'right':
      return !(left === null || right === null || left <= right * MUCH_SMALLER)
    default:
      // Building the left side means that its rows come out at the end: worth it only when it is much smaller.
      return !(left !== null && right !== null && left * MUCH_SMALLER < right)
  }
}

function byPairs(
  join: Join,
  filter: Expr | null,
  left: Planned,
  right: Planned,
  context: PhysicalPlanningContext,
): Planned {
  const distributed = context.distributed === true
  const { joinType } = join
  const [leftSize, rightSize] = sizes(join, left, right, context)
  const smallerLeft = (leftSize.bytes ?? Infinity) < (rightSize.bytes ?? Infinity)
  const keepSides = joinType === 'right' || joinType === 'left_single' || (joinType === 'inner' && smallerLeft)
  const physicalType = keepSides ? (joinType as JoinType) : SWAPPED[joinType]!
  const [collected, streamed] = keepSides ? [left, right] : [right, left]
  // Rows of the collected side that come out at the end come out once only if one partition sees all pairs.
  const emitsCollected = physicalType === 'full' || physicalType.startsWith('left')
  const plan = new NestedLoopJoinExec(
    single(collected.plan, distributed),
    emitsCollected ? single(streamed.plan, distributed) : streamed.plan,
    physicalType,
    bindPair(filter, collected, streamed),
  )
  return { plan, ids: outputIds(join, physicalType, collected.ids, streamed.ids) }
}
