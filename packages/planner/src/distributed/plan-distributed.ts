import {
  CoalescePartitionsExec,
  FilterExec,
  hashPartitioning,
  JoinKeysExec,
  ProjectionExec,
  RecursiveQueryExec,
  RepartitionExec,
  SortPreservingMergeExec,
  ValuesExec,
  type ExecutionPlan,
} from '@volley/core'
import { isVolatile } from '../expressions/analysis.ts'
import { collectedChildren, isSpread } from '../physical/distribution.ts'
import type { SplitPlacement } from '../session/session.ts'
import { isDistributable, type Distributable } from './distributable.ts'
import { NetworkBroadcastExec } from './network-broadcast-exec.ts'
import { NetworkCoalesceExec } from './network-coalesce-exec.ts'
import { NetworkExec, type Producer } from './network-exec.ts'
import { NetworkShuffleExec } from './network-shuffle-exec.ts'
import type { DistributedPlan, Stage, StageTask } from './stage.ts'
import { taskPlan } from './task-plan.ts'
import { dealToThreads } from './deal-to-threads.ts'

export interface DistributionContext {
  /** `host:port` of the workers that are there; at least one where the plan reads splits. */
  readonly workers: readonly string[]
  readonly placement: SplitPlacement
  /** The workers are threads of this process: tables can be cut into even parts for them, not only by split. */
  readonly threads?: boolean
}

/**
 * Cuts a physical plan, planned with `distributed`, into stages, and deals their splits to tasks.
 *
 * A hash repartitioning is cut as a shuffle; a coalesce or merge above rows of several tasks as a coalesce; the collected
 * side of a join that runs in several tasks as a broadcast. A stage that reads splits has a task on each worker that the
 * placement gives some of them; one that only reads shuffles has as many tasks as the widest stage below it; any other has
 * one. What is above the last coalesce, and a plan that reads no splits at all, runs on the coordinator.
 */
export function planDistributed(plan: ExecutionPlan, context: DistributionContext): DistributedPlan {
  if (!isSpreadAnywhere(plan)) return { root: plan, inputs: [], stages: [] }
  const cutter = new Cutter(context)
  const top = cutter.cut(isSpread(plan) ? new CoalescePartitionsExec(plan) : plan, false)
  return cutter.finish(top)
}

function isSpreadAnywhere(plan: ExecutionPlan): boolean {
  if (plan instanceof RecursiveQueryExec) return isSpreadAnywhere(plan.initial)
  return isDistributable(plan) || plan.children.some(isSpreadAnywhere)
}

type Share = Omit<StageTask, 'plan'>

interface Draft {
  readonly id: number
  readonly exchange: Stage['exchange']
  readonly plan: ExecutionPlan
  readonly tasks: readonly Share[]
  readonly inputs: readonly number[]
}

class Cutter {
  readonly #context: DistributionContext
  readonly #drafts: Draft[] = []
  /** Tasks of the stage that reads a shuffle, by the id of the stage that writes it. */
  readonly #readers = new Map<number, number>()

  constructor(context: DistributionContext) {
    this.#context = context
  }

  /** The part of a plan that stays in the stage; `spread` tells whether that stage may have several tasks. */
  cut(plan: ExecutionPlan, spread: boolean): ExecutionPlan {
    if (plan instanceof RepartitionExec && plan.partitioning.kind === 'hash') return this.#shuffle(plan)
    const [child] = plan.children
    const gathers = plan instanceof CoalescePartitionsExec || plan instanceof SortPreservingMergeExec
    if (gathers && isSpread(child!)) {
      const stage = this.#stage(child!, 'coalesce')
      const { partitioning, schema, ordering } = stage.plan
      const read = new NetworkCoalesceExec(stage.id, producersOf(stage), schema, partitioning.count, ordering)
      return plan.withChildren([read])
    }
    if (plan instanceof RecursiveQueryExec) {
      return plan.withChildren([this.cut(plan.initial, false), plan.recursive])
    }
    const collected = collectedChildren(plan)
    const inSpread = spread && isSpread(plan)
    const children = plan.children.map((each, i) =>
      inSpread && collected.includes(i) ? this.#broadcast(each) : this.cut(each, inSpread),
    )
    return children.every((each, i) => each === plan.children[i]) ? plan : plan.withChildren(children)
  }

  finish(root: ExecutionPlan): DistributedPlan {
    const tasksOf = new Map<number, ExecutionPlan[]>()
    for (const draft of this.#drafts) {
      const plan = this.#scaled(draft)
      tasksOf.set(
        draft.id,
        draft.tasks.map((share, task) => taskPlan(plan, task, share)),
      )
    }
    const consumers = new Map<number, number>()
    for (const plan of [root, ...[...tasksOf.values()].flat()]) {
      for (const id of readIds(plan)) consumers.set(id, (consumers.get(id) ?? 0) + 1)
    }
    const stages: Stage[] = []
    for (const draft of this.#drafts) {
      const plans = tasksOf.get(draft.id)!
      const tasks: StageTask[] = draft.tasks.map((share, i) => ({ ...share, plan: plans[i]! }))
      stages.push({
        id: draft.id,
        exchange: draft.exchange,
        plan: this.#scaled(draft),
        tasks,
        inputs: draft.inputs.map((id) => stages[id - 1]!),
        consumers: draft.exchange === 'broadcast' ? consumers.get(draft.id)! : 1,
      })
    }
    return { root, inputs: readIds(root).map((id) => stages[id - 1]!), stages }
  }

  #scaled(draft: Draft): ExecutionPlan {
    const readers = this.#readers.get(draft.id)
    if (readers === undefined || !(draft.plan instanceof RepartitionExec)) return draft.plan
    const { partitioning, input } = draft.plan
    if (partitioning.kind !== 'hash') return draft.plan
    return new RepartitionExec(input, hashPartitioning(partitioning.exprs, partitioning.count * readers))
  }

  #shuffle(plan: RepartitionExec): ExecutionPlan {
    const { partitioning } = plan
    if (partitioning.kind !== 'hash') return plan
    const stage = this.#stage(plan, 'shuffle')
    return new NetworkShuffleExec(stage.id, producersOf(stage), plan.schema, partitioning.exprs, partitioning.count, 0)
  }

  /** The collected side of a join that runs in several tasks. */
  #broadcast(plan: ExecutionPlan): ExecutionPlan {
    // Keys are gathered where the scans are that they filter.
    if (plan instanceof JoinKeysExec) return plan.withChildren([this.#broadcast(plan.input)])
    if (isLiteral(plan)) return plan
    const gathers = plan instanceof CoalescePartitionsExec && isSpread(plan.input)
    const stage = this.#stage(gathers ? plan.input : plan, 'broadcast')
    const { schema, partitioning } = stage.plan
    const read = new NetworkBroadcastExec(stage.id, producersOf(stage), schema, partitioning.count)
    return read.partitioning.count === 1 ? read : new CoalescePartitionsExec(read)
  }

  #stage(plan: ExecutionPlan, exchange: Stage['exchange']): Draft {
    const body = exchange === 'shuffle' ? plan.children[0]! : plan
    const cut = this.cut(body, isSpread(body))
    const id = this.#drafts.length + 1
    const tasks = this.#deal(cut, id)
    const inputs = readIds(cut)
    for (const input of inputs) {
      if (this.#drafts[input - 1]!.exchange === 'shuffle') this.#readers.set(input, tasks.length)
    }
    const draft = { id, exchange, plan: exchange === 'shuffle' ? plan.withChildren([cut]) : cut, tasks, inputs }
    this.#drafts.push(draft)
    return draft
  }

  /** The workers of a stage, each with its share of the splits. */
  #deal(plan: ExecutionPlan, id: number): Share[] {
    const { workers, placement, threads = false } = this.#context
    const leaves = leavesOf(plan, isDistributable) as (ExecutionPlan & Distributable)[]
    const weights = new Map<string, number>()
    for (const leaf of leaves) {
      for (const split of leaf.splitWeights()) weights.set(split.id, (weights.get(split.id) ?? 0) + split.weight)
    }
    const splits = [...weights].map(([split, weight]) => ({ id: split, weight }))
    if (threads && leaves.length > 0) return dealToThreads(leaves, splits, workers)
    if (splits.length > 0) {
      const placed = placement.place(splits, workers)
      return [...placed]
        .filter(([, ids]) => ids.length > 0)
        .map(([worker, ids]) => ({ worker, splits: [...ids].sort(), slice: null }))
        .sort((a, b) => (a.worker < b.worker ? -1 : a.worker > b.worker ? 1 : 0))
    }
    const shuffles = leavesOf(plan, (leaf) => leaf instanceof NetworkShuffleExec) as NetworkShuffleExec[]
    const below = [...new Set(shuffles.flatMap((leaf) => leaf.producers.map((producer) => producer.worker)))]
    const count = Math.max(1, ...shuffles.map((leaf) => leaf.producers.length))
    const candidates = below.length > 0 ? [...new Set([...below, ...workers])] : rotate(workers, id)
    return candidates.slice(0, count).map((worker) => ({ worker, splits: [], slice: null }))
  }
}

function rotate(workers: readonly string[], by: number): string[] {
  return workers.map((_, i) => workers[(i + by) % workers.length]!)
}

function producersOf(draft: Draft): Producer[] {
  return draft.tasks.map(({ worker }, task) => ({ task, worker }))
}

/** Leaves of a stage; the recursive term of a query is not dealt to tasks. */
function leavesOf(plan: ExecutionPlan, wanted: (leaf: ExecutionPlan) => boolean): ExecutionPlan[] {
  if (wanted(plan)) return [plan]
  const children = plan instanceof RecursiveQueryExec ? [plan.initial] : plan.children
  return children.flatMap((child) => leavesOf(child, wanted))
}

/** Ids of the stages that a plan reads, ascending. */
function readIds(plan: ExecutionPlan): number[] {
  const leaves = leavesOf(plan, (leaf) => leaf instanceof NetworkExec) as NetworkExec[]
  return [...new Set(leaves.map((leaf) => leaf.stageId))].sort((a, b) => a - b)
}

/** Literal rows, perhaps computed on: cheaper to repeat in each task than to send. */
function isLiteral(plan: ExecutionPlan): boolean {
  if (plan instanceof ValuesExec) return true
  if (plan instanceof FilterExec) return !isVolatile(plan.predicate) && isLiteral(plan.input)
  return plan instanceof ProjectionExec && !plan.exprs.some(isVolatile) && isLiteral(plan.input)
}
