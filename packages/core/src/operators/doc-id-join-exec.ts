import type { Schema } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import { ExecutionPlan, type SortKey } from '../plan/execution-plan.ts'
import type { Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { joinSchema } from './join-type.ts'

/** Positions of one address column in the two inputs. */
export interface AddressKey {
  readonly left: number
  readonly right: number
}

/**
 * Joins sources of one layout by document address, partition by partition. A right side that has `openLookup` is asked for
 * the left side's addresses; else both are read. The right side has an address once at most, and rows come in the left
 * side's order.
 */
export class DocIdJoinExec extends ExecutionPlan {
  override readonly kind = 'DocIdJoinExec'
  override readonly schema: Schema
  readonly left: ExecutionPlan
  readonly right: ExecutionPlan
  readonly joinType: 'inner' | 'left'
  readonly on: readonly AddressKey[]

  constructor(left: ExecutionPlan, right: ExecutionPlan, joinType: 'inner' | 'left', on: readonly AddressKey[]) {
    super()
    this.left = left
    this.right = right
    this.joinType = joinType
    this.on = on
    this.schema = joinSchema(left.schema, right.schema, joinType)
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.left, this.right]
  }

  override get partitioning(): Partitioning {
    return this.left.partitioning
  }

  override get ordering(): readonly SortKey[] {
    return this.left.ordering
  }

  override get statistics(): Statistics {
    const { rows } = this.left.statistics
    return { rows: rows && { value: rows.value, exact: rows.exact && this.joinType === 'left' }, bytes: null }
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new DocIdJoinExec(children[0]!, children[1]!, this.joinType, this.on)
  }

  override details(): readonly (readonly [string, string])[] {
    const names = this.on.map((key) => this.left.schema.fields[key.left]!.name)
    return [
      ['type', this.joinType],
      ['on', `[${names.join(', ')}]`],
    ]
  }

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('this join')
  }
}
