import type { MemoryReservation } from '../memory/memory-pool.ts'
import { batchBytes } from '../runtime/batch-bytes.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch, concatBatches, takeColumns } from '../runtime/collect-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import type { Expr } from '../expressions/expr.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { RowComparator } from '../vectors/compare.ts'
import { Operand } from '../vectors/operand.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { anyNull } from './join-hash-table.ts'
import { rowFlags, type LeftSide, type PairSource, type RowFlags } from './pair-join.ts'

/** Direction of the keys of a merge join: ascending, NULLS LAST. */
export const MERGE_ORDER: Omit<SortKey, 'expr'> = { descending: false, nullsFirst: false }

/** The rows of a sorted left side that a right batch may match, or a later one: those not below the last right key. */
export class MergeWindow {
  readonly #input: BatchStream
  readonly #keys: readonly Expr[]
  readonly #order: readonly Omit<SortKey, 'expr'>[]
  readonly #memory: MemoryReservation
  readonly #context: TaskContext
  #batch: RecordBatch
  #flags: RowFlags = rowFlags(0)
  #ended = false

  constructor(input: BatchStream, keys: readonly Expr[], memory: MemoryReservation, context: TaskContext) {
    this.#input = input
    this.#keys = keys
    this.#order = keys.map(() => MERGE_ORDER)
    this.#memory = memory
    this.#context = context
    this.#batch = concatBatches(input.schema, [], context)
  }

  /** Whether no left row is left, here or in the input. */
  get isEmpty(): boolean {
    return this.#ended && this.#batch.length === 0
  }

  get side(): LeftSide {
    return { batch: this.#batch, flags: this.#flags }
  }

  /** Reads left rows until one is above `row` of the right keys, or there are no more. */
  async readPast(rightKeys: readonly Vector[], row: number): Promise<void> {
    if (this.#ended || this.#endsAbove(this.#batch, rightKeys, row)) return
    const batches = [this.#batch]
    let bytes = batchBytes(this.#batch)
    try {
      while (!this.#ended && !this.#endsAbove(batches.at(-1)!, rightKeys, row)) {
        const batch = await this.#input.next()
        this.#ended = batch === null
        if (batch === null || batch.numRows === 0) continue
        batches.push(compactBatch(batch, this.#context))
        bytes += batchBytes(batches.at(-1)!)
        // The parts and the whole are there for a moment.
        await this.#memory.require(2 * bytes)
      }
      if (batches.length > 1) this.#replace(concatBatches(this.#input.schema, batches, this.#context), this.#flags)
    } finally {
      for (const batch of batches.slice(1)) batch.release()
      this.#memory.tryResize(bytes)
    }
  }

  #endsAbove(batch: RecordBatch, rightKeys: readonly Vector[], row: number): boolean {
    if (batch.length === 0) return false
    const region = this.#context.region()
    try {
      const keys = this.#keys.map((key) => key.evaluate(batch, null, region))
      return new RowComparator(keys, rightKeys, this.#order).compare(batch.length - 1, row) > 0
    } finally {
      region.release()
    }
  }

  #replace(batch: RecordBatch, known: RowFlags): void {
    const flags = rowFlags(batch.length)
    flags.matched.set(known.matched)
    flags.unknown.set(known.unknown)
    this.#batch.release()
    this.#batch = batch
    this.#flags = flags
  }

  /** How many rows are below `row` of the right keys, given the window's own. */
  countBelow(leftKeys: readonly Vector[], rightKeys: readonly Vector[], row: number): number {
    const comparator = new RowComparator(leftKeys, rightKeys, this.#order)
    let [low, high] = [0, this.#batch.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (comparator.compare(middle, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Takes the first `count` rows out. One reference of their batch, the caller's. */
  take(count: number): LeftSide {
    const batch = this.#slice(0, count)
    const flags = { matched: this.#flags.matched.slice(0, count), unknown: this.#flags.unknown.slice(0, count) }
    this.drop(count)
    return { batch, flags }
  }

  /** Forgets the first `count` rows. */
  drop(count: number): void {
    const { matched, unknown } = this.#flags
    const rest = this.#slice(count, this.#batch.length)
    this.#replace(rest, { matched: matched.subarray(count), unknown: unknown.subarray(count) })
  }

  #slice(start: number, end: number): RecordBatch {
    const { schema, columns } = this.#batch
    const region = this.#context.region()
    const rows = allRows(end).subarray(start, end)
    return new RecordBatch(schema, takeColumns(columns, rows, this.#batch, region), rows.length, null, region)
  }

  /** Reads rows after the last right one: all of the input's next batch. False at its end. */
  async readNext(): Promise<boolean> {
    const batch = this.#ended ? null : await this.#input.next()
    this.#ended = batch === null
    if (batch === null) return false
    this.#replace(compactBatch(batch, this.#context), rowFlags(0))
    return true
  }

  release(): void {
    this.#batch.release()
  }
}

/** Pairs of rows with equal keys of two sorted sides, by one pass over both. */
export class MergePairs implements PairSource {
  readonly #rows: Uint32Array
  readonly #length: number
  readonly #nulls: readonly Operand[]
  readonly #toLeft: RowComparator
  readonly #toRight: RowComparator
  #k = -1
  #low = 0
  #high = 0
  #at = 0

  /** `rows` are the right rows, in order; NULL keys match none unless `nullEqualsNull`. */
  constructor(
    leftKeys: readonly Vector[],
    leftLength: number,
    rightKeys: readonly Vector[],
    rows: Uint32Array,
    nullEqualsNull: boolean,
  ) {
    const order = leftKeys.map(() => MERGE_ORDER)
    this.#rows = rows
    this.#length = leftLength
    this.#nulls = nullEqualsNull ? [] : rightKeys.map((key) => new Operand(key))
    this.#toLeft = new RowComparator(leftKeys, rightKeys, order)
    this.#toRight = new RowComparator(rightKeys, rightKeys, order)
  }

  next(leftRows: Uint32Array, rightRows: Uint32Array, capacity: number): number {
    let n = 0
    while (n < capacity) {
      if (this.#at < this.#high) {
        leftRows[n] = this.#at++
        rightRows[n] = this.#rows[this.#k]!
        n++
      } else {
        if (++this.#k >= this.#rows.length) break
        this.#findRun()
      }
    }
    return n
  }

  #findRun(): void {
    const row = this.#rows[this.#k]!
    if (this.#k > 0 && this.#toRight.compare(this.#rows[this.#k - 1]!, row) === 0) {
      this.#at = this.#low
      return
    }
    let low = this.#high
    if (!anyNull(this.#nulls, row)) {
      while (low < this.#length && this.#toLeft.compare(low, row) < 0) low++
      this.#high = low
      while (this.#high < this.#length && this.#toLeft.compare(this.#high, row) === 0) this.#high++
    }
    this.#low = low
    this.#at = low
  }
}
