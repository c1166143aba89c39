import {
  CoalescePartitionsExec,
  FilterExec,
  HashJoinExec,
  hashPartitioning,
  internalError,
  JoinKeysExec,
  ProjectionExec,
  RecursiveQueryExec,
  RepartitionExec,
  SortPreservingMergeExec,
  ValuesExec,
  type ExecutionPlan,
} from '@volley/core'
import { isVolatile } from '../expressions/analysis.ts'
import { collectedChildren, ensureDistribution, isSpread } from '../physical/distribution.ts'
import { gatheredSharedRows, linkSharedRows, withoutSharedRows } from '../physical/link-shared-rows.ts'
import type { SplitPlacement } from '../session/session.ts'
import {
  decide,
  exchangeWithin,
  freeJoins,
  limitOf,
  switched,
  withBuild,
  withExchange,
  type JoinDecision,
  type StageCheck,
} from './adaptive-joins.ts'
import { isDistributable, type Distributable } from './distributable.ts'
import { NetworkBroadcastExec } from './network-broadcast-exec.ts'
import { NetworkCoalesceExec } from './network-coalesce-exec.ts'
import { NetworkExec, type Producer } from './network-exec.ts'
import { NetworkForwardExec } from './network-forward-exec.ts'
import { NetworkShuffleExec } from './network-shuffle-exec.ts'
import type { AdaptivePlan, DistributedPlan, Stage, StageTask } from './stage.ts'
import { taskPlan } from './task-plan.ts'
import { dealToThreads } from './deal-to-threads.ts'

export interface DistributionContext {
  /** `host:port` of the workers that are there; at least one where the plan reads splits. */
  readonly workers: readonly string[]
  readonly placement: SplitPlacement
  /** The workers are threads of this process: tables can be cut into even parts for them, not only by split. */
  readonly threads?: boolean
  /**
   * Joins whose build side may be far from its estimate are decided once it is there: above `broadcastBytes` they are
   * partitioned, into `targetPartitions` of a task. `refine` does to a plan with joins in other modes what rules do for
   * these modes. Absent: they run as they were planned.
   */
  readonly adaptive?: {
    readonly broadcastBytes: number
    readonly targetPartitions: number
    readonly refine: (plan: ExecutionPlan) => ExecutionPlan
  }
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
  if (!isSpreadAnywhere(plan)) return { root: linkSharedRows(plan), inputs: [], stages: [] }
  return new Cutter(context, gatheredSharedRows(plan, isSpread), nothingStarted).plan()
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

/** A join, and the stage that gives its build side, or with `within` what that is made of, without more rows. */
interface CutJoin {
  readonly join: HashJoinExec
  readonly stage: number
  readonly within: boolean
}

/** What runs already, of a plan that is cut again. */
interface Started {
  readonly drafts: readonly Draft[]
  /** Tasks that read a shuffle among them. */
  readonly readers: ReadonlyMap<number, number>
  /** Stages whose output was measured. */
  readonly measured: ReadonlySet<number>
  readonly decisions: readonly JoinDecision[]
  readonly nextId: number
}

const nothingStarted: Started = { drafts: [], readers: new Map(), measured: new Set(), decisions: [], nextId: 1 }

class Cutter {
  readonly #context: DistributionContext
  readonly #whole: ExecutionPlan
  readonly #started: Started
  readonly #drafts = new Map<number, Draft>()
  /** Tasks of the stage that reads a shuffle, by the id of the stage that writes it. */
  readonly #readers: Map<number, number>
  readonly #joins: CutJoin[] = []
  #nextId: number

  constructor(context: DistributionContext, whole: ExecutionPlan, started: Started) {
    this.#context = context
    this.#whole = whole
    this.#started = started
    this.#nextId = started.nextId
    this.#readers = new Map(started.readers)
    for (const draft of started.drafts) this.#drafts.set(draft.id, draft)
  }

  plan(): DistributedPlan {
    const whole = this.#whole
    const root = this.cut(isSpread(whole) ? new CoalescePartitionsExec(whole) : whole, false)
    // Stages of the places that read what another reads are not needed.
    const plan = this.#finish(linkSharedRows(root))
    return this.#adaptive(plan, this.#started.measured, new Map(), this.#started.decisions)
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
    if (plan instanceof HashJoinExec) {
      const build = exchangeOf(children[0]!)
      const read = build ?? (plan.mode === 'partitioned' ? exchangeWithin(children[0]!) : null)
      if (read !== null) this.#joins.push({ join: plan, stage: read.stageId, within: build === null })
    }
    return children.every((each, i) => each === plan.children[i]) ? plan : plan.withChildren(children)
  }

  #finish(root: ExecutionPlan): DistributedPlan {
    const needed = this.#needed(readIds(root))
    const tasksOf = new Map<number, ExecutionPlan[]>()
    for (const draft of needed) {
      const plan = this.#scaled(draft)
      tasksOf.set(
        draft.id,
        draft.tasks.map((share, task) => taskPlan(plan, task, share)),
      )
    }
    const readers = new Map<number, NetworkExec[]>()
    for (const plan of [root, ...[...tasksOf.values()].flat()]) {
      const own = new Map(exchangesIn(plan).map((leaf) => [leaf.stageId, leaf]))
      for (const [id, leaf] of own) readers.set(id, [...(readers.get(id) ?? []), leaf])
    }
    const stages = new Map<number, Stage>()
    for (const draft of needed) {
      const plans = tasksOf.get(draft.id)!
      const tasks: StageTask[] = draft.tasks.map((share, i) => ({ ...share, plan: plans[i]! }))
      const read = readers.get(draft.id)!
      const exchange = read[0]!.mode
      stages.set(draft.id, {
        id: draft.id,
        exchange,
        plan: this.#scaled(draft),
        tasks,
        inputs: draft.inputs.map((id) => stages.get(id)!),
        consumers: exchange === 'shuffle' ? 1 : Math.max(1, read.filter(readsFirst).length),
      })
    }
    return { root, inputs: readIds(root).map((id) => stages.get(id)!), stages: [...stages.values()] }
  }

  /** The stages of these ids and those that they read, in the order of their ids. */
  #needed(ids: readonly number[]): Draft[] {
    const found = new Set<number>()
    const visit = (id: number): void => {
      if (found.has(id)) return
      found.add(id)
      this.#drafts.get(id)!.inputs.forEach(visit)
    }
    ids.forEach(visit)
    return [...found].sort((a, b) => a - b).map((id) => this.#drafts.get(id)!)
  }

  /**
   * The plan with what can be decided of it next. Builds are measured when all joins inside them are decided; `seen` are
   * those of this cut that were measured, and kept.
   */
  #adaptive(
    plan: DistributedPlan,
    measured: ReadonlySet<number>,
    seen: ReadonlyMap<HashJoinExec, JoinDecision>,
    decisions: readonly JoinDecision[],
  ): DistributedPlan {
    const decided = decisions.length === 0 ? plan : { ...plan, decisions }
    const { adaptive } = this.#context
    if (adaptive === undefined) return decided
    const free = freeJoins(this.#whole)
    const run = new Set(plan.stages.map(({ id }) => id))
    const open = this.#joins.flatMap((cut) => {
      const { join, stage } = cut
      if (!run.has(stage)) return []
      if (measured.has(stage) || measured.has(this.#within(stage))) return []
      if (!free.has(join) || this.#tasksOn(stage) < 2) return []
      const limit = limitOf(join, adaptive.broadcastBytes)
      return limit === null ? [] : [{ ...cut, limit }]
    })
    const ready = open.filter(({ join }) => !open.some((other) => other.join !== join && holds(join.left, other.join)))
    if (ready.length === 0) return decided
    const checks: StageCheck[] = ready.map(({ stage, limit }) => ({ stage, limit }))
    const adapt: AdaptivePlan['adapt'] = (results) => {
      const made = ready.map(({ join, within }, i): [HashJoinExec, JoinDecision] => [
        join,
        decide(join, results[i]!, within),
      ])
      const all = new Set([...measured, ...checks.map(({ stage }) => stage)])
      const history = [...decisions, ...made.map(([, decision]) => decision)]
      const known = new Map([...seen, ...made])
      const again = made.some(([, { planned, mode }]) => planned !== mode)
        ? this.#again(known, all, history, plan.stages)
        : null
      return again ?? this.#adaptive(plan, all, known, history)
    }
    return { ...decided, adaptive: { checks, adapt } }
  }

  /** The stage whose rows a stage deals, groups or filters; 0 where it does more. */
  #within(stage: number): number {
    const { plan } = this.#drafts.get(stage)!
    const dealt = plan instanceof RepartitionExec ? plan.input : plan
    return (dealt instanceof NetworkForwardExec ? dealt : exchangeWithin(dealt))?.stageId ?? 0
  }

  /** Tasks that read a stage, or write it where they are more. */
  #tasksOn(stage: number): number {
    const reading = [...this.#drafts.values()].filter((draft) => draft.inputs.includes(stage))
    const own = this.#joins.some(({ join, stage: id }) => id === stage && join.mode === 'partitioned')
    return Math.max(1, ...reading.map((draft) => draft.tasks.length), own ? this.#drafts.get(stage)!.tasks.length : 1)
  }

  /**
   * The plan with these joins run as it was decided, cut anew around the stages that run already; null where a stage that
   * reads one of them would have to have another number of tasks.
   */
  #again(
    known: ReadonlyMap<HashJoinExec, JoinDecision>,
    measured: ReadonlySet<number>,
    decisions: readonly JoinDecision[],
    before: readonly Stage[],
  ): DistributedPlan | null {
    const cutOf = new Map(this.#joins.map((cut) => [cut.join, cut]))
    const running = this.#needed([...measured])
    const rebuilt = (node: ExecutionPlan): ExecutionPlan => {
      const decision = node instanceof HashJoinExec ? known.get(node) : undefined
      if (decision !== undefined) {
        const join = node as HashJoinExec
        const { stage: id, within } = cutOf.get(join)!
        const stage = before.find((each) => each.id === id)!
        const right = rebuilt(join.right)
        const build = within ? this.#readingWithin(stage, join) : this.#reading(stage, join, decision.mode)
        return decision.mode === join.mode ? withBuild(join, build, right) : switched(join, decision, build, right)
      }
      const children = node.children.map(rebuilt)
      return children.every((child, i) => child === node.children[i]) ? node : node.withChildren(children)
    }
    const { targetPartitions, refine } = this.#context.adaptive!
    const whole = refine(ensureDistribution(rebuilt(this.#whole), targetPartitions, true))
    const readers = new Map(running.flatMap(({ id }) => (this.#readers.has(id) ? [[id, this.#readers.get(id)!]] : [])))
    const cutter = new Cutter(this.#context, whole, {
      drafts: running,
      readers,
      measured,
      decisions,
      nextId: this.#nextId,
    })
    const plan = cutter.plan()
    return [...readers].every(([id, count]) => cutter.#readers.get(id) === count) ? plan : null
  }

  /** What reads the build side of a join in a mode from the stage that has it. */
  #reading(stage: Stage, join: HashJoinExec, mode: HashJoinExec['mode']): ExecutionPlan {
    const { id, plan } = stage
    const producers = stage.tasks.map(({ worker }, task) => ({ task, worker }))
    const { count } = plan.partitioning
    if (mode === 'collect_left') {
      const read = new NetworkBroadcastExec(id, producers, plan.schema, count)
      return read.partitioning.count === 1 ? read : new CoalescePartitionsExec(read)
    }
    if (join.mode === 'collect_left') return new NetworkForwardExec(id, producers, plan.schema, count)
    return this.#shuffled(stage)
  }

  /** The build side of a join over the stage that it is made of; its distribution is still to be ensured. */
  #readingWithin(stage: Stage, join: HashJoinExec): ExecutionPlan {
    return withExchange(join.left, this.#shuffled(stage))
  }

  #shuffled({ id, plan, tasks }: Stage): NetworkShuffleExec {
    const producers = tasks.map(({ worker }, task) => ({ task, worker }))
    const { partitioning } = this.#drafts.get(id)!.plan
    if (partitioning.kind !== 'hash') throw internalError('the build side of a partitioned join is not dealt by hash')
    return new NetworkShuffleExec(id, producers, plan.schema, partitioning.exprs, partitioning.count, 0)
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
    if (isLiteral(plan) || isBroadcast(plan)) return plan
    const gathers = plan instanceof CoalescePartitionsExec && isSpread(plan.input)
    const stage = this.#stage(gathers ? plan.input : plan, 'broadcast')
    const { schema, partitioning } = stage.plan
    const read = new NetworkBroadcastExec(stage.id, producersOf(stage), schema, partitioning.count)
    return read.partitioning.count === 1 ? read : new CoalescePartitionsExec(read)
  }

  #stage(whole: ExecutionPlan, exchange: Stage['exchange']): Draft {
    const plan = withoutSharedRows(whole)
    const body = exchange === 'shuffle' ? plan.children[0]! : plan
    const cut = this.cut(body, isSpread(body))
    const id = this.#nextId++
    const tasks = this.#deal(cut, id)
    const inputs = readIds(cut)
    for (const leaf of exchangesIn(cut)) {
      if (leaf instanceof NetworkShuffleExec) this.#readers.set(leaf.stageId, tasks.length)
    }
    const draft = { id, exchange, plan: exchange === 'shuffle' ? plan.withChildren([cut]) : cut, tasks, inputs }
    this.#drafts.set(id, draft)
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
    const exchanges = exchangesIn(plan)
    const forwarded = exchanges.find((leaf) => leaf instanceof NetworkForwardExec)
    if (forwarded !== undefined) {
      return forwarded.producers.map(({ worker }) => ({ worker, splits: [], slice: null }))
    }
    const shuffles = exchanges.filter((leaf) => leaf instanceof NetworkShuffleExec)
    const below = [...new Set(shuffles.flatMap((leaf) => leaf.producers.map((producer) => producer.worker)))]
    const fixed = shuffles.map((leaf) => this.#started.readers.get(leaf.stageId)).find((tasks) => tasks !== undefined)
    const count = fixed ?? Math.max(1, ...shuffles.map((leaf) => leaf.producers.length))
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
  return [...new Set(exchangesIn(plan).map((leaf) => leaf.stageId))].sort((a, b) => a - b)
}

function exchangesIn(plan: ExecutionPlan): NetworkExec[] {
  return leavesOf(plan, (leaf) => leaf instanceof NetworkExec) as NetworkExec[]
}

function readsFirst({ producers }: NetworkExec): boolean {
  return producers.some(({ task }) => task === 0)
}

/** The exchange that a cut build side is, but for what gathers it. */
function exchangeOf(plan: ExecutionPlan): NetworkExec | null {
  if (plan instanceof NetworkExec) return plan
  return plan instanceof JoinKeysExec || plan instanceof CoalescePartitionsExec ? exchangeOf(plan.input) : null
}

/** Rows that each task of a stage reads whole already. */
function isBroadcast(plan: ExecutionPlan): boolean {
  return plan instanceof CoalescePartitionsExec ? isBroadcast(plan.input) : plan instanceof NetworkBroadcastExec
}

function holds(plan: ExecutionPlan, node: ExecutionPlan): boolean {
  return plan === node || plan.children.some((child) => holds(child, node))
}

/** Literal rows, perhaps computed on: cheaper to repeat in each task than to send. */
function isLiteral(plan: ExecutionPlan): boolean {
  if (plan instanceof ValuesExec) return true
  if (plan instanceof FilterExec) return !isVolatile(plan.predicate) && isLiteral(plan.input)
  return plan instanceof ProjectionExec && !plan.exprs.some(isVolatile) && isLiteral(plan.input)
}
