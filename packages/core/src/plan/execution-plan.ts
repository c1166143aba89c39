import type { Schema } from 'apache-arrow'
import type { Expr } from '../expressions/expr.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { Partitioning } from './partitioning.ts'
import { unknownStatistics, type Statistics } from './statistics.ts'
import { instrument } from '../runtime/metrics.ts'

export interface SortKey {
  readonly expr: Expr
  readonly descending: boolean
  readonly nullsFirst: boolean
}

/** What a node needs of one child's rows across partitions. */
export type Distribution =
  | { readonly kind: 'any' }
  /** All rows in one partition. */
  | { readonly kind: 'single' }
  /** Rows with equal keys in one partition. */
  | { readonly kind: 'hash'; readonly exprs: readonly Expr[] }

/**
 * A node of a physical plan: immutable, with as many output partitions as its partitioning says. Shared code asks a node
 * for its properties and never branches on its kind.
 */
export abstract class ExecutionPlan {
  /** Class name, as EXPLAIN prints it. */
  abstract readonly kind: string
  abstract readonly schema: Schema
  abstract readonly children: readonly ExecutionPlan[]
  abstract readonly partitioning: Partitioning

  abstract withChildren(children: readonly ExecutionPlan[]): ExecutionPlan

  /** `key=value` pairs behind the name in EXPLAIN; everything that was pushed into the node is here. */
  abstract details(): readonly (readonly [key: string, value: string])[]

  /** Starts one partition. Called at most once per partition and context. */
  protected abstract executePartition(partition: number, context: TaskContext): BatchStream

  /** Order of the rows inside each partition; empty when none is known. */
  get ordering(): readonly SortKey[] {
    return []
  }

  /** One entry per child. */
  get requiredDistribution(): readonly Distribution[] {
    return this.children.map(() => ({ kind: 'any' }) as const)
  }

  /** Upper bound and estimates over all partitions. */
  get statistics(): Statistics {
    return unknownStatistics
  }

  /** Whether it gives only rows that pass conditions over its columns, where it is handed some (`handConditions`). */
  get takesConditions(): boolean {
    return false
  }

  /** Whether these may be conditions that take long: it tests them of few rows at a time. */
  get takesLongConditions(): boolean {
    return false
  }

  /** How many of its partitions hold memory and spill when there is not enough. */
  get spillingPartitions(): number {
    return 0
  }

  /** Opens the stream of one partition, counted in the context's metrics. */
  execute(partition: number, context: TaskContext): BatchStream {
    context.announce(this)
    return instrument(this, partition, context, () => this.executePartition(partition, context))
  }
}

/** Rewrites bottom-up; `rewrite` returns its argument to keep it. */
export function transformPlan(plan: ExecutionPlan, rewrite: (plan: ExecutionPlan) => ExecutionPlan): ExecutionPlan {
  const children = plan.children.map((child) => transformPlan(child, rewrite))
  const same = children.every((child, i) => child === plan.children[i])
  return rewrite(same ? plan : plan.withChildren(children))
}

/** One line a node, `Name: key=value, key=value`, two spaces a level. */
export function formatPlan(plan: ExecutionPlan, annotate?: (node: ExecutionPlan) => string, level = 0): string {
  const details = plan
    .details()
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
  const line = `${'  '.repeat(level)}${plan.kind}${details ? `: ${details}` : ''}${annotate?.(plan) ?? ''}`
  return [line, ...plan.children.map((child) => formatPlan(child, annotate, level + 1))].join('\n')
}
