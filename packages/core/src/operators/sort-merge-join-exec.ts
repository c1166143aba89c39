import type { Schema } from 'apache-arrow'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { JoinKey } from './hash-join-exec.ts'
import { joinPartitioning, joinStatistics, probeOrdering } from './join-properties.ts'
import { emitsBuildSide, joinSchema, type JoinType } from './join-type.ts'
import { MergePairs, MERGE_ORDER, MergeWindow } from './merge-window.ts'
import { PairJoin, rowFlags, type LeftSide } from './pair-join.ts'

/**
 * Joins on equal keys two sides that are sorted by them, ascending and NULLS LAST, partition by partition. It holds the
 * left rows of the keys of one right batch, and no more.
 */
export class SortMergeJoinExec extends ExecutionPlan {
  override readonly kind = 'SortMergeJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly on: readonly JoinKey[]
  readonly joinType: JoinType
  /** Over left and right columns: pairs for which it is not TRUE do not match. */
  readonly filter: Expr | null
  /** NULL keys match one another, as INTERSECT and EXCEPT want it. */
  readonly nullEqualsNull: boolean

  constructor(
    left: ExecutionPlan,
    right: ExecutionPlan,
    on: readonly JoinKey[],
    joinType: JoinType,
    filter: Expr | null,
    nullEqualsNull: boolean,
  ) {
    super()
    this.left = left
    this.right = right
    this.on = on
    this.joinType = joinType
    this.filter = filter
    this.nullEqualsNull = nullEqualsNull
    this.schema = joinSchema(left.schema, right.schema, joinType)
  }

  /** The order that a side has to have. */
  static order(exprs: readonly Expr[]): SortKey[] {
    return exprs.map((expr) => ({ expr, ...MERGE_ORDER }))
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.left, this.right]
  }

  override get partitioning(): Partitioning {
    return joinPartitioning(this)
  }

  override get ordering(): readonly SortKey[] {
    return probeOrdering(this.left, this.right, this.joinType)
  }

  override get requiredDistribution(): readonly Distribution[] {
    return [
      { kind: 'hash', exprs: this.on.map((key) => key.left) },
      { kind: 'hash', exprs: this.on.map((key) => key.right) },
    ]
  }

  override get statistics(): Statistics {
    return joinStatistics(this.left.statistics, this.right.statistics, this.joinType)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    const { on, joinType, filter, nullEqualsNull } = this
    return new SortMergeJoinExec(children[0]!, children[1]!, on, joinType, filter, nullEqualsNull)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['type', this.joinType],
      ['on', `[${this.on.map((key) => `${key.left} = ${key.right}`).join(', ')}]`],
      ...(this.filter === null ? [] : [['filter', String(this.filter)] as const]),
      ...(this.nullEqualsNull ? [['null_equals_null', 'true'] as const] : []),
    ]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const left = this.left.execute(partition, context)
    const right = this.right.execute(partition, context)
    return operatorStream(this.schema, [left, right], this.merge(left, right, context))
  }

  private async *merge(
    left: BatchStream,
    right: BatchStream,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const leftKeys = this.on.map((key) => key.left)
    const memory = context.reserve(this, false)
    const window = new MergeWindow(left, leftKeys, memory, context)
    const emitsLeft = emitsBuildSide(this.joinType)
    const needsLeft = this.joinType === 'inner' || this.joinType === 'right_semi' || emitsLeft
    try {
      for (let batch = await right.next(); batch !== null; batch = await right.next()) {
        if (batch.numRows === 0) continue
        const merged = batch.retain()
        try {
          yield* this.mergeBatch(window, merged, context)
        } finally {
          merged.release()
        }
        if (window.isEmpty && needsLeft && this.joinType !== 'full') break
      }
      await right.close()
      if (!emitsLeft) return
      do {
        yield* this.leftRows(window.take(window.side.batch.length), context)
      } while (await window.readNext())
    } finally {
      window.release()
      memory.free()
    }
  }

  private async *mergeBatch(
    window: MergeWindow,
    batch: RecordBatch,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    const scratch = context.region()
    try {
      const rows = batch.selection ?? allRows(batch.length)
      const last = rows[rows.length - 1]!
      const rightKeys = this.on.map((key) => key.right.evaluate(batch, batch.selection, scratch))
      await window.readPast(rightKeys, last)
      const { side } = window
      const leftKeys = this.on.map((key) => key.left.evaluate(side.batch, null, scratch))
      const pairs = new MergePairs(leftKeys, side.batch.length, rightKeys, rows, this.nullEqualsNull)
      yield* this.pairJoin(side, context).probe(batch, pairs, rowFlags(batch.length))
      const below = window.countBelow(leftKeys, rightKeys, last)
      if (below === 0) return
      if (emitsBuildSide(this.joinType)) yield* this.leftRows(window.take(below), context)
      else window.drop(below)
    } finally {
      scratch.release()
    }
  }

  /** Left rows that no right row to come can match; their batch is released. */
  private *leftRows(side: LeftSide, context: TaskContext): Generator<RecordBatch, void, void> {
    try {
      yield* this.pairJoin(side, context).leftSide()
    } finally {
      side.batch.release()
    }
  }

  private pairJoin(side: LeftSide, context: TaskContext): PairJoin {
    const { schema, joinType, filter } = this
    return new PairJoin({ schema, rightSchema: this.right.schema, joinType, filter }, side, context)
  }
}
