import type { Schema } from 'apache-arrow'
import type { Expr } from '../expressions/expr.ts'
import { collectBuild } from '../memory/collect-build.ts'
import { SpilledBuild, type SpilledJoinSpec } from '../memory/spilled-build.ts'
import { ExecutionPlan, type Distribution } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { executeAll } from './coalesce-partitions-exec.ts'
import { CrossPairs } from './join-hash-table.ts'
import { joinStatistics } from './join-properties.ts'
import { emitsBuildSide, joinSchema, type JoinType } from './join-type.ts'
import { PairJoin, rowFlags, type RowFlags } from './pair-join.ts'
import { SharedBuild, type BuildSide } from './shared-build.ts'

/** Tries every pair of a left and a right row; the left side is collected. Without a filter every pair matches. */
export class NestedLoopJoinExec extends ExecutionPlan {
  override readonly kind = 'NestedLoopJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly joinType: JoinType
  /** Over left and right columns. */
  readonly filter: Expr | null
  readonly #shared = new WeakMap<TaskContext, SharedBuild<CollectedSide | SpilledBuild>>()

  constructor(left: ExecutionPlan, right: ExecutionPlan, joinType: JoinType, filter: Expr | null) {
    super()
    this.left = left
    this.right = right
    this.joinType = joinType
    this.filter = filter
    this.schema = joinSchema(left.schema, right.schema, joinType)
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.left, this.right]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.right.partitioning.count)
  }

  override get requiredDistribution(): readonly Distribution[] {
    return [{ kind: 'single' }, { kind: 'any' }]
  }

  override get statistics(): Statistics {
    return joinStatistics(this.left.statistics, this.right.statistics, this.joinType)
  }

  override get spillingPartitions(): number {
    return this.right.partitioning.count
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new NestedLoopJoinExec(children[0]!, children[1]!, this.joinType, this.filter)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['type', this.joinType], ...(this.filter === null ? [] : [['filter', String(this.filter)] as const])]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    let build = this.#shared.get(context)
    if (build === undefined) {
      const { count } = this.right.partitioning
      build = new SharedBuild(count, executeAll(this.left, context), context, (input) => this.build(input, context))
      this.#shared.set(context, build)
    }
    const shared = build
    const right = this.right.execute(partition, context)
    return operatorStream(this.schema, [right, shared.handle()], this.join(shared, right, context), () =>
      shared.leave(),
    )
  }

  private async build(input: BatchStream, context: TaskContext): Promise<CollectedSide | SpilledBuild> {
    const collected = await collectBuild(this.spilling(), input, context)
    if (collected instanceof SpilledBuild) return collected
    const { batch, memory } = collected
    const release = (): void => {
      batch.release()
      memory.free()
    }
    return { batch, flags: rowFlags(batch.length), release }
  }

  /** The join as its left side needs to know it once it is on disk: every row of it meets every right row. */
  private spilling(): SpilledJoinSpec {
    return {
      node: this,
      leftSchema: this.left.schema,
      rightSchema: this.right.schema,
      joinType: this.joinType,
      filter: this.filter,
      keys: null,
      createBlock: async ({ length }) => ({
        pairs: async (_join, batch) => new CrossPairs(length, batch.selection ?? allRows(batch.length)),
        release: () => {},
      }),
      blockBytes: (bytes, rows) => bytes + rows * 2,
    }
  }

  private async *join(
    shared: SharedBuild<CollectedSide | SpilledBuild>,
    right: BatchStream,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const build = await shared.get()
    const { schema, joinType, filter } = this
    if (build instanceof SpilledBuild) {
      yield* build.probe(right)
      if (shared.finish() && emitsBuildSide(joinType)) yield* build.leftSide()
      return
    }
    const pairs = new PairJoin({ schema, rightSchema: this.right.schema, joinType, filter }, build, context)
    for (let batch = await right.next(); batch !== null; batch = await right.next()) {
      const probed = batch.retain()
      try {
        const rows = probed.selection ?? allRows(probed.length)
        yield* pairs.probe(probed, new CrossPairs(build.batch.length, rows), rowFlags(probed.length))
      } finally {
        probed.release()
      }
    }
    if (shared.finish() && emitsBuildSide(joinType)) yield* pairs.leftSide()
  }
}

interface CollectedSide extends BuildSide {
  readonly batch: RecordBatch
  readonly flags: RowFlags
}
