import type { Schema } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan, type Distribution } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { joinStatistics } from './join-properties.ts'
import { joinSchema, type JoinType } from './join-type.ts'

/** Tries every pair of a left and a right row; the left side is collected. Without a filter every pair matches. */
export class NestedLoopJoinExec extends ExecutionPlan {
  override readonly kind = 'NestedLoopJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly joinType: JoinType
  /** Over left and right columns. */
  readonly filter: Expr | null

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

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new NestedLoopJoinExec(children[0]!, children[1]!, this.joinType, this.filter)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['type', this.joinType], ...(this.filter === null ? [] : [['filter', String(this.filter)] as const])]
  }

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('this join')
  }
}
