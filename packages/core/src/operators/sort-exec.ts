import type { Schema } from 'apache-arrow'
import { SortedRuns } from '../memory/sorted-runs.ts'
import { ExecutionPlan, type Distribution, type SortKey } from '../plan/execution-plan.ts'
import { formatSortKeys } from '../plan/format-sort-keys.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import type { Statistics } from '../plan/statistics.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch, concatSteps } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import { runSteps } from '../runtime/run-steps.ts'
import { fittingPieces, sliceBatch } from '../runtime/slice-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RowComparator } from '../vectors/compare.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { executeAll } from './coalesce-partitions-exec.ts'
import { limitStatistics } from './limit-stream.ts'
import { offerProbeFilters } from './probe-filters.ts'
import { sortBatch } from './sort-rows.ts'
import { TopThreshold } from './top-threshold.ts'

/** Rows at least after which the first of them are found; a row behind the last of those is dropped at once. */
const FIRST_ROWS = 256

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

  override get spillingPartitions(): number {
    return this.partitioning.count
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

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const threshold = this.threshold(context)
    const input = this.preservePartitioning ? this.input.execute(partition, context) : executeAll(this.input, context)
    return operatorStream(this.schema, [input], this.sort(input, threshold, context))
  }

  /** Told to the input, so that it can leave out rows that come too late in the order. Of one partition, for one that sorts. */
  private threshold(context: TaskContext): TopThreshold | null {
    if (this.fetch === null || (this.preservePartitioning && this.partitioning.count > 1)) return null
    const threshold = new TopThreshold(this.keys)
    const filter = threshold.filter()
    if (filter === null) return null
    offerProbeFilters(context, this.input, [filter])
    return threshold
  }

  private async *sort(
    input: BatchStream,
    threshold: TopThreshold | null,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    if (this.fetch === 0) return
    const kept: RecordBatch[] = []
    let sorted: RecordBatch | null = null
    const memory = context.reserve(this, true)
    const runs = new SortedRuns(this, this.keys, this.fetch, memory, context)
    const bound = new TopThreshold(this.keys)
    try {
      const limit = this.fetch === null ? Infinity : Math.max(this.fetch * 4, FIRST_ROWS)
      const dictionaries = new Set<Vector>()
      let rows = 0
      let bytes = 0
      const write = async (): Promise<void> => {
        if (rows === 0) return
        threshold?.set(null)
        await runs.add(await this.sortAll(kept, context), this.sortingBytes(bytes, rows))
        dictionaries.clear()
        sorted = null
        rows = 0
        bytes = 0
        memory.tryResize(0)
      }
      const add = async (candidates: RecordBatch): Promise<void> => {
        kept.push(candidates.retain())
        rows += candidates.length
        bytes += batchBytes(candidates, dictionaries)
        if (rows < limit) return
        threshold?.set(null)
        sorted = await this.sortAll(kept, context)
        kept.push(sorted)
        rows = sorted.length
        dictionaries.clear()
        bytes = batchBytes(sorted, dictionaries)
        if (rows < this.fetch!) sorted = null
        if (sorted === null) return
        const first = this.keys[0]!.expr.evaluate(sorted, null, sorted.region)
        bound.set(first)
        threshold?.set(first)
      }
      const next = (): Promise<RecordBatch | null> => memory.lending(input.next(), write)
      for (let batch = await next(); batch !== null; batch = await next()) {
        const candidates =
          sorted === null ? compactBatch(batch, context) : this.candidates(batch, sorted, bound, context)
        if (candidates === null) continue
        try {
          const added = batchBytes(candidates, new Set(dictionaries))
          if (memory.tryResize(this.sortingBytes(bytes + added, rows + candidates.length))) {
            await add(candidates)
            continue
          }
          await write()
          const wanted = this.sortingBytes(batchBytes(candidates), candidates.length)
          for (const piece of fittingPieces(candidates, wanted, memory.capacity, context)) {
            try {
              await write()
              await memory.require(this.sortingBytes(batchBytes(piece), piece.length))
              await add(piece)
            } finally {
              piece.release()
            }
          }
        } finally {
          candidates.release()
        }
      }
      await input.close()
      threshold?.set(null)
      if (kept.length > 0) kept.push(await this.sortAll(kept, context))
      if (runs.count === 0) {
        if (kept.length > 0) yield* sliceBatch(kept[0]!, context)
        return
      }
      if (kept.length > 0) await runs.add(kept.pop()!, memory.bytes)
      yield* runs.merged()
    } finally {
      threshold?.set(null)
      for (const batch of kept) batch.release()
      memory.free()
      await runs.delete()
    }
  }

  /** What it takes to sort rows that take `bytes`: they are copied together, their keys made words, and copied in order. */
  private sortingBytes(bytes: number, rows: number): number {
    return 3 * bytes + rows * (8 + 8 * this.keys.length)
  }

  /** Sorts what is kept into one batch, which has one reference, and gives up the parts. */
  private async sortAll(kept: RecordBatch[], context: TaskContext): Promise<RecordBatch> {
    const whole =
      kept.length === 1 ? kept[0]!.retain() : await runSteps(concatSteps(this.schema, kept, context), context)
    try {
      return await sortBatch(whole, this.keys, this.fetch, context)
    } finally {
      whole.release()
      for (const batch of kept.splice(0)) batch.release()
    }
  }

  /** Rows of a batch that come before the last of the sorted ones; null when there are none. */
  private candidates(
    batch: RecordBatch,
    sorted: RecordBatch,
    bound: TopThreshold,
    context: TaskContext,
  ): RecordBatch | null {
    const scratch = context.region()
    try {
      const columns = (of: RecordBatch): Vector[] =>
        this.keys.map((key) => key.expr.evaluate(of, of.selection, scratch))
      const keys = columns(batch)
      const comparator = new RowComparator(keys, columns(sorted), this.keys)
      const rows = batch.selection ?? allRows(batch.length)
      const selection = scratch.u32(rows.length)
      const last = sorted.length - 1
      const near = bound.select(keys[0]!, rows, selection)
      let n = 0
      for (let k = 0; k < near; k++) {
        const row = selection[k]!
        selection[n] = row
        n += +(comparator.compare(row, last) < 0)
      }
      if (n === 0) return null
      const chosen = new RecordBatch(this.schema, batch.columns, batch.length, selection.subarray(0, n), batch.region)
      return compactBatch(chosen, context)
    } finally {
      scratch.release()
    }
  }
}
