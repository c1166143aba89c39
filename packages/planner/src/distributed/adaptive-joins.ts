import {
  AggregateExec,
  CoalescePartitionsExec,
  ColumnExpr,
  DocIdJoinExec,
  emitsBuildSide,
  FilterByKeysExec,
  FilterExec,
  HashJoinExec,
  JoinKeysExec,
  LimitExec,
  LocalLimitExec,
  ProjectionExec,
  RecursiveQueryExec,
  RepartitionExec,
  SortExec,
  SortMergeJoinExec,
  SortPreservingMergeExec,
  UnionExec,
  type ExecutionPlan,
  type HashJoinMode,
} from '@volley/core'
import { widthOf } from '../physical/planned.ts'
import { isDistributable } from './distributable.ts'
import { NetworkShuffleExec } from './network-shuffle-exec.ts'

/** How many times an estimate must be off for a join to be run the other way. */
const FAR_OFF = 10

/** What was found of the output of a stage before anybody read it. */
export interface MeasuredStage {
  readonly rows: number
  /** Of the rows as they are sent. */
  readonly bytes: number
  /** False: there is more; it was measured up to the limit. */
  readonly complete: boolean
}

/** A stage to be measured, up to so many bytes. */
export interface StageCheck {
  readonly stage: number
  readonly limit: number
}

/** How a join was decided to be run, once its build side was there. */
export interface JoinDecision {
  readonly on: string
  readonly planned: HashJoinMode
  readonly mode: HashJoinMode
  /** Bytes of the build side that were estimated; null where nothing was known. */
  readonly estimated: number | null
  readonly measured: MeasuredStage
  /** It was measured before rows of it were grouped or filtered: it has no more, perhaps less. */
  readonly atMost: boolean
}

/** One line about a decision, for EXPLAIN ANALYZE. */
export function formatDecision({ on, planned, mode, estimated, measured, atMost }: JoinDecision): string {
  const { rows, bytes, complete } = measured
  const count = (value: number): string => value.toLocaleString('en-US')
  const found = `${complete ? '' : 'more than '}${count(rows)} rows, ${count(bytes)} bytes`
  const what = planned === mode ? `${mode} was kept` : `${planned} became ${mode}`
  const side = atMost ? 'its build side is made of' : 'its build side has'
  return `join on ${on}: ${what}, ${side} ${found} (estimated ${estimated === null ? 'unknown' : count(estimated)} bytes)`
}

/** The mode that a join is better run in, once its build side, or what gives it no more rows, was measured up to `limitOf`. */
export function decide(join: HashJoinExec, measured: MeasuredStage, atMost: boolean): JoinDecision {
  return {
    on: `[${join.on.map((key) => `${key.left} = ${key.right}`).join(', ')}]`,
    planned: join.mode,
    mode: measured.complete ? 'collect_left' : 'partitioned',
    estimated: join.options.estimated?.buildBytes ?? null,
    measured,
    atMost,
  }
}

/** The exchange that a build side is made of without more rows, such as one of groups that lie by their keys; or null. */
export function exchangeWithin(plan: ExecutionPlan): NetworkShuffleExec | null {
  if (plan instanceof NetworkShuffleExec) return plan
  const keeps = plan instanceof FilterExec || plan instanceof ProjectionExec || plan instanceof SortExec
  const groups = plan instanceof AggregateExec && plan.groupingSets === null
  return keeps || groups ? exchangeWithin(plan.input) : null
}

/** The same with another leaf in place of that exchange. */
export function withExchange(plan: ExecutionPlan, read: ExecutionPlan): ExecutionPlan {
  if (plan instanceof RepartitionExec || plan instanceof NetworkShuffleExec) return read
  return plan.withChildren([withExchange(plan.children[0]!, read)])
}

/**
 * Bytes of a join's build side that decide: above them it is partitioned, up to them collected. Null where the mode is
 * certain: it must be the one that it is, or the build side cannot be far from what it was estimated.
 */
export function limitOf(join: HashJoinExec, threshold: number): number | null {
  const { joinType, mode, options, left } = join
  if (options.nullAware) return null
  const estimated = options.estimated?.buildBytes ?? null
  if (mode === 'collect_left') {
    const limit = Math.max(threshold, FAR_OFF * (estimated ?? 0))
    return mostRows(left) * widthOf(left) <= limit ? null : limit
  }
  if (emitsBuildSide(joinType) || isWholeTable(left)) return null
  const limit = Math.min(threshold, (estimated ?? Infinity) / FAR_OFF)
  return limit > 0 ? limit : null
}

/** Rows that a plan cannot have more of; Infinity when nothing says so. */
function mostRows(plan: ExecutionPlan): number {
  const { rows } = plan.statistics
  if (rows?.exact === true) return rows.value
  if (isDistributable(plan) && plan.children.length === 0) {
    const weight = plan.splitWeights().reduce((sum, split) => sum + split.weight, 0)
    return weight > 0 ? weight : Infinity
  }
  const below = plan.children.map(mostRows)
  if (plan instanceof DocIdJoinExec) return plan.joinType === 'inner' ? Math.min(...below) : below[0]!
  if (plan instanceof UnionExec) return below.reduce((sum, each) => sum + each, 0)
  if (plan instanceof LimitExec && plan.fetch !== null) return Math.min(plan.fetch, below[0]!)
  if (plan instanceof AggregateExec) return plan.groupingSets === null ? below[0]! + plan.partitioning.count : Infinity
  return PASSES_ROWS.some((kind) => plan instanceof kind) ? below[0]! : Infinity
}

const PASSES_ROWS = [
  FilterExec,
  ProjectionExec,
  SortExec,
  SortPreservingMergeExec,
  CoalescePartitionsExec,
  RepartitionExec,
  JoinKeysExec,
  LocalLimitExec,
] as const

/** Whether a plan is all rows of a table: as many as were estimated. */
function isWholeTable(plan: ExecutionPlan): boolean {
  if (plan.children.length === 0) return plan.statistics.rows?.exact === true
  return (plan instanceof RepartitionExec || plan instanceof ProjectionExec) && isWholeTable(plan.input)
}

/**
 * Joins of a plan whose mode may change: nothing above relies on the order of their rows, or on the layout of their probing
 * side.
 */
export function freeJoins(plan: ExecutionPlan): ReadonlySet<HashJoinExec> {
  const found = new Set<HashJoinExec>()
  const visit = (node: ExecutionPlan, free: boolean): void => {
    if (node instanceof RecursiveQueryExec) return
    if (node instanceof HashJoinExec && free) found.add(node)
    const forgets =
      node instanceof SortExec || node instanceof RepartitionExec || node instanceof CoalescePartitionsExec
    const relies =
      node instanceof SortPreservingMergeExec || node instanceof SortMergeJoinExec || node instanceof DocIdJoinExec
    for (const child of node.children) visit(child, !relies && (free || forgets))
  }
  visit(plan, true)
  return found
}

/** The join in the mode that was decided, with `build` as its left side; exchanges around it are still to be placed. */
export function switched(
  join: HashJoinExec,
  { mode, measured }: JoinDecision,
  build: ExecutionPlan,
  right: ExecutionPlan,
): HashJoinExec {
  const { on, joinType, filter } = join
  const { estimated } = join.options
  // What follows goes by what was found.
  const found = estimated && { ...estimated, buildRows: measured.rows, buildBytes: measured.bytes }
  const options = { ...join.options, ...(found ? { estimated: found } : {}) }
  if (mode === 'partitioned') return new HashJoinExec(build, right, on, joinType, filter, mode, options)
  const dealt = right instanceof RepartitionExec ? right.input : right
  if (!(dealt instanceof FilterByKeysExec)) {
    return new HashJoinExec(build, dealt, on, joinType, filter, mode, options)
  }
  // The keys that were to be read once more come by now.
  const keys = gathered(dealt.keys, build)
  return new HashJoinExec(keys ?? build, dealt.input, on, joinType, filter, mode, options)
}

/** The gathering of keys over the build side itself; null where its copy is not one of the columns that they are. */
function gathered(keys: JoinKeysExec, build: ExecutionPlan): JoinKeysExec | null {
  const copy = keys.input instanceof CoalescePartitionsExec ? keys.input.input : keys.input
  if (!(copy instanceof ProjectionExec)) return null
  const own = keys.keys.map(({ id, expr }) => ({
    id,
    expr: expr instanceof ColumnExpr ? copy.exprs[expr.index]! : null,
  }))
  if (own.some(({ expr }) => expr === null)) return null
  return new JoinKeysExec(
    build,
    own.map(({ id, expr }) => ({ id, expr: expr! })),
    keys.planned,
  )
}

/** The same join with another build side, whose keys are gathered as before. */
export function withBuild(join: HashJoinExec, build: ExecutionPlan, right: ExecutionPlan): ExecutionPlan {
  const left = join.left instanceof JoinKeysExec ? join.left.withChildren([build]) : build
  return join.withChildren([left, right])
}
