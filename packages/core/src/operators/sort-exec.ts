import type { Schema } from 'apache-arrow'
import { notSupported } from '../errors.ts'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import { formatSortKeys } from '../plan/format-sort-keys.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { limitStatistics } from './limit-stream.ts'

/** Sorts each partition (`preservePartitioning`) or all rows; with `fetch`, keeps that many from the top only. Stable. */
export class SortExec extends ExecutionPlan {
  override readonly kind = 'SortExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly keys: readonly SortKey[]
  readonly fetch: number | null
  readonly preservePartitioning: boolean

  constructor(input: ExecutionPlan, keys: readonly SortKey[], fetch: number | null, preservePartitioning: boolean) {
    super()
    this.input = input
    this.keys = keys
    this.fetch = fetch
    this.preservePartitioning = preservePartitioning
    this.schema = input.schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return this.preservePartitioning ? this.input.partitioning : unknownPartitioning(1)
  }

  override get ordering(): readonly SortKey[] {
    return this.keys
  }

  override get requiredDistribution(): readonly Distribution[] {
    return [{ kind: this.preservePartitioning ? 'any' : 'single' }]
  }

  override get statistics(): Statistics {
    const fetch = this.fetch === null ? null : this.fetch * this.partitioning.count
    return limitStatistics(this.input.statistics, 0, fetch)
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new SortExec(children[0]!, this.keys, this.fetch, this.preservePartitioning)
  }

  override details(): readonly (readonly [string, string])[] {
    return [
      ['keys', `[${formatSortKeys(this.keys)}]`],
      ...(this.fetch === null ? [] : [['fetch', String(this.fetch)] as const]),
      ...(this.preservePartitioning ? [['preserve_partitioning', 'true'] as const] : []),
    ]
  }

  protected override executePartition(_partition: number, _context: TaskContext): BatchStream {
    throw notSupported('this sort')
  }
}
