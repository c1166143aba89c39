import type { Schema } from 'apache-arrow'
import { internalError, notSupported } from '../errors.ts'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { joinPartitioning, joinStatistics, probeOrdering } from './join-properties.ts'
import { joinSchema, type JoinType } from './join-type.ts'

/** Expressions, of one type, that the sides are joined on. */
export interface JoinKey {
  /** Over the left columns. */
  readonly left: Expr
  /** Over the right columns. */
  readonly right: Expr
}

export interface HashJoinOptions {
  /** NULL keys match one another, as INTERSECT and EXCEPT want it. */
  readonly nullEqualsNull: boolean
  /**
   * Anti and mark joins only: the keys are what IN compares, so that a NULL makes the answer unknown; `filter` is what
   * the subquery is correlated by.
   */
  readonly nullAware: boolean
}

/**
 * `collect_left`: one hash table of all left rows, probed by every partition of the right side. `partitioned`: both sides
 * are hash-partitioned by the keys, and joined partition by partition.
 */
export type HashJoinMode = 'collect_left' | 'partitioned'

/** Joins on equal keys: the left side is built into a hash table, the right side streams past it. */
export class HashJoinExec extends ExecutionPlan {
  override readonly kind = 'HashJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly on: readonly JoinKey[]
  readonly joinType: JoinType
  /** Over left and right columns: pairs for which it is not TRUE do not match. */
  readonly filter: Expr | null
  readonly mode: HashJoinMode
  readonly options: HashJoinOptions

  constructor(
    left: ExecutionPlan,
    right: ExecutionPlan,
    on: readonly JoinKey[],
    joinType: JoinType,
    filter: Expr | null,
    mode: HashJoinMode,
    options: HashJoinOptions,
  ) {
    super()
    if (options.nullAware && mode === 'partitioned') throw internalError('a null-aware join cannot be partitioned')
    this.left = left
    this.right = right
    this.on = on
    this.joinType = joinType
    this.filter = filter
    this.mode = mode
    this.options = options
    this.schema = joinSchema(left.schema, right.schema, joinType)
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.left, this.right]
  }

  override get partitioning(): Partitioning {
    if (this.mode === 'partitioned') return joinPartitioning(this)
    return this.joinType === 'inner' || this.joinType.startsWith('right')
      ? joinPartitioning(this)
      : unknownPartitioning(this.right.partitioning.count)
  }

  override get ordering(): readonly SortKey[] {
    return probeOrdering(this.left, this.right, this.joinType)
  }

  override get requiredDistribution(): readonly Distribution[] {
    if (this.mode === 'collect_left') return [{ kind: 'single' }, { kind: 'any' }]
    return [
      { kind: 'hash', exprs: this.on.map((key) => key.left) },
      { kind: 'hash', exprs: this.on.map((key) => key.right) },
    ]
  }

  override get statistics(): Statistics {
    return joinStatistics(this.left.statistics, this.right.statistics, this.joinType)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    const { on, joinType, filter, mode, options } = this
    return new HashJoinExec(children[0]!, children[1]!, on, joinType, filter, mode, options)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['type', this.joinType],
      ['mode', this.mode],
      ['on', `[${this.on.map((key) => `${key.left} = ${key.right}`).join(', ')}]`],
      ...(this.filter === null ? [] : [['filter', String(this.filter)] as const]),
      ...(this.options.nullEqualsNull ? [['null_equals_null', 'true'] as const] : []),
      ...(this.options.nullAware ? [['null_aware', 'true'] as const] : []),
    ]
  }

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('this join')
  }
}
