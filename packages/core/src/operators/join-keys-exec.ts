import type { Schema } from 'apache-arrow'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { JoinKeyGatherer, type JoinKeySet } from './join-key-set.ts'

/** A key of a build side under the number that scans know it by; numbers are unique in a query. */
export interface RuntimeKey {
  readonly id: number
  readonly expr: Expr
}

/** What was planned for a join, and from what. */
export interface JoinKeyPlan {
  /** `lookup`: the keys are looked for in the other side's index; `filter`: its rows are tested by them. */
  readonly mode: 'lookup' | 'filter'
  /** Rows that the build side was estimated to have. */
  readonly rows: number
}

/**
 * Keys that are kept as they are: with more, a Bloom filter leaves rows out in less time than a list. Where a look-up was
 * planned, this many or ten times what was estimated.
 */
const FEW_KEYS = 1024
const FAR_OFF = 10
/** Keys that are never kept as they are, whatever was planned. */
const MANY_KEYS = 16_384

const published = new WeakMap<TaskContext, Map<number, JoinKeySet>>()

/** The keys published under a number in this task; null when they have not come, or never will. */
export function joinKeysOf(context: TaskContext, id: number): JoinKeySet | null {
  return published.get(context)?.get(id) ?? null
}

/**
 * Hands the build side of a join on, and when all of it has gone by, publishes its distinct keys to the scans of the same
 * task, which leave out rows that cannot match. Whether the keys are kept as a list or as a Bloom filter is decided by
 * how many there are, not by how many were estimated.
 */
export class JoinKeysExec extends ExecutionPlan {
  override readonly kind = 'JoinKeysExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly keys: readonly RuntimeKey[]
  readonly planned: JoinKeyPlan
  readonly #gathering = new WeakMap<TaskContext, Gathering>()

  constructor(input: ExecutionPlan, keys: readonly RuntimeKey[], planned: JoinKeyPlan) {
    super()
    this.input = input
    this.keys = keys
    this.planned = planned
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return this.input.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.input.ordering
  }

  override get statistics(): Statistics {
    return this.input.statistics
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new JoinKeysExec(children[0]!, this.keys, this.planned)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['mode', this.planned.mode],
      ['keys', `[${this.keys.map(({ id, expr }) => `${expr} as #${id}`).join(', ')}]`],
      ['estimated', String(this.planned.rows)],
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.gather(input, context))
  }

  private async *gather(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    let gathering = this.#gathering.get(context)
    if (gathering === undefined) {
      const { mode, rows } = this.planned
      const limit = mode === 'lookup' ? Math.min(MANY_KEYS, Math.max(FEW_KEYS, FAR_OFF * rows)) : FEW_KEYS
      gathering = new Gathering(this, limit, context)
      this.#gathering.set(context, gathering)
    }
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      if (batch.numRows > 0) gathering.add(batch)
      batch.retain()
      yield batch
    }
    gathering.finish()
  }
}

/** What the partitions of one execution gather together. */
class Gathering {
  readonly #node: JoinKeysExec
  readonly #context: TaskContext
  readonly #gatherers: readonly JoinKeyGatherer[]
  #rows = 0
  #finished = 0

  constructor(node: JoinKeysExec, limit: number, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#gatherers = node.keys.map(({ expr }) => new JoinKeyGatherer(expr.type, limit, context))
    context.onClose(() => {
      for (const gatherer of this.#gatherers) gatherer.release()
    })
  }

  add(batch: RecordBatch): void {
    const rows = batch.selection ?? allRows(batch.length)
    this.#rows += rows.length
    const scratch = this.#context.region()
    try {
      for (const [i, { expr }] of this.#node.keys.entries()) {
        this.#gatherers[i]!.add(expr.evaluate(batch, batch.selection, scratch), rows)
      }
    } finally {
      scratch.release()
    }
  }

  /** Called by each partition at its end; the last one publishes. */
  finish(): void {
    if (++this.#finished < this.#node.partitioning.count) return
    const sets = this.#gatherers.map((gatherer) => gatherer.finish())
    for (const gatherer of this.#gatherers) gatherer.release()
    const ids = this.#node.keys.map(({ id }) => id)
    const known = published.get(this.#context) ?? new Map<number, JoinKeySet>()
    published.set(this.#context, known)
    ids.forEach((id, i) => known.set(id, sets[i]!))
    this.#report(sets)
  }

  #report(sets: readonly JoinKeySet[]): void {
    const { mode, rows } = this.#node.planned
    const metrics = this.#context.metricsOf(this.#node)
    metrics.add('estimated', rows)
    metrics.add('actual', this.#rows)
    const listed = sets.some((set) => set.values !== null)
    if (mode === 'lookup' && !listed) metrics.add('switched_to_hash', 1)
    if (mode === 'filter' && listed && this.#rows * FAR_OFF < rows) metrics.add('switched_to_lookup', 1)
  }
}
