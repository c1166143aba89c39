import { ColumnExpr, joinKeysOf, typeName, type ExecutionPlan, type ScalarValue, type TaskContext } from '@volley/core'
import type { SplitRef } from '../layout/layout.ts'
import { addressFields } from './address.ts'
import type { ColumnSource } from './column-source.ts'
import type { RuntimeFilter } from './runtime-filters.ts'
import type { SourceColumn } from './segment-columns.ts'
import { nanosPerUnit } from './timestamps.ts'

/** Which splits a source need not open, by what the metastore says of them and what is known while it runs. */
export class SplitSkip {
  readonly #source: ColumnSource
  readonly #context: TaskContext
  readonly #skipped = new Set<SplitRef>()

  constructor(source: ColumnSource, context: TaskContext) {
    this.#source = source
    this.#context = context
  }

  /** False where no row of the split has a key that a join above has a partner for. */
  mayHold(split: SplitRef): boolean {
    if (this.#skipped.has(split)) return false
    const { runtime = [] } = this.#source.options
    if (runtime.every((filter) => this.#mayPass(filter, split))) return true
    this.#skipped.add(split)
    this.#context.metricsOf(this.#source as ExecutionPlan).add('splits_skipped_at_run_time', 1)
    return false
  }

  #mayPass({ id, expr, tags }: RuntimeFilter, split: SplitRef): boolean {
    const keys = joinKeysOf(this.#context, id)
    if (keys === null) return true
    const { values, bounds } = keys
    if (values?.length === 0) return false
    if (!(expr instanceof ColumnExpr)) return true
    const own = tags?.get(split.splitId)
    if (own !== undefined && values !== null && !values.some((value) => isListed(value, own))) return false
    const times = timesOf(this.#source, this.#source.options.columns[expr.index - addressFields.length]!, split)
    if (times === null) return true
    const within = (value: ScalarValue): boolean =>
      typeof value !== 'bigint' || (value >= times.first && value <= times.last)
    if (values !== null) return values.some(within)
    if (bounds === null || typeof bounds[0] !== 'bigint' || typeof bounds[1] !== 'bigint') return true
    return bounds[1] >= times.first && bounds[0] <= times.last
  }
}

/** Whether the tags of a split may be those of a value. */
function isListed(value: ScalarValue, tags: readonly string[]): boolean {
  return (typeof value !== 'string' && typeof value !== 'bigint') || tags.includes(String(value))
}

/**
 * Bounds of a column in a split, in its unit, by the split's time range; null where the column is not the index's time. The range
 * is in whole seconds, truncated towards zero; where there is one, every document has a time.
 */
export function timesOf(
  source: ColumnSource,
  { source: from, type }: SourceColumn,
  split: SplitRef,
): { readonly first: bigint; readonly last: bigint } | null {
  const { timeRange } = split
  const { mapping } = source.table.index(split.indexId)
  if (timeRange === null || from.kind !== 'column' || mapping.timestampField?.name !== from.name) return null
  if (typeName(type) !== 'Timestamp') return null
  const ticks = BigInt(1_000_000_000 / nanosPerUnit(type))
  const first = BigInt(timeRange.start <= 0 ? timeRange.start - 1 : timeRange.start) * ticks
  return { first, last: BigInt(timeRange.end + 1) * ticks - 1n }
}
