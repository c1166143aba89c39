import type { Schema } from 'apache-arrow'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import { unknownStatistics, type Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { compactBatch } from '../runtime/collect-batch.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { ListVector, Vector } from '../vectors/vector.ts'

/**
 * Each row as many times as the longest of its lists has items, with the items as last columns; shorter lists are filled up
 * with NULLs. A row whose lists have no items is left out, or (`outer`) kept once with NULLs.
 */
export class UnnestExec extends ExecutionPlan {
  override readonly kind = 'UnnestExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly lists: readonly Expr[]
  readonly outer: boolean

  constructor(input: ExecutionPlan, lists: readonly Expr[], outer: boolean, schema: Schema) {
    super()
    this.input = input
    this.lists = lists
    this.outer = outer
    this.schema = schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.input.partitioning.count)
  }

  override get statistics(): Statistics {
    return unknownStatistics
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new UnnestExec(children[0]!, this.lists, this.outer, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['lists', `[${this.lists.join(', ')}]`], ...(this.outer ? [['outer', 'true'] as const] : [])]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.#batches(input, context))
  }

  async *#batches(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    // Rows at a time, so that their lists are not all there at once.
    const most = Math.max(1, context.batchSize >>> 2)
    let step = Math.min(most, FIRST_ROWS)
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      const rows = batch.selection ?? allRows(batch.length)
      for (let start = 0; start < rows.length;) {
        const some = rows.slice(start, start + step)
        const items = yield* this.#expand(batch, some, context)
        start += some.length
        step = Math.max(1, Math.min(most, Math.floor((some.length * ITEMS) / Math.max(1, items))))
      }
    }
  }

  /** The items of some rows, a batch at a time; returns how many items the lists have. */
  *#expand(batch: RecordBatch, rows: Uint32Array, context: TaskContext): Generator<RecordBatch, number, void> {
    const scratch = context.region()
    // Lists are made for these rows alone.
    const some = compactBatch(new RecordBatch(batch.schema, batch.columns, batch.length, rows, batch.region), context)
    try {
      const lists = this.lists.map((expr) => flattenVector(expr.evaluate(some, null, scratch), null, scratch))
      const items = new Items(lists, allRows(some.length), this.outer)
      const total = allRows(some.length).reduce(
        (sum, row) => sum + lists.reduce((each, list) => each + lengthOf(list, row), 0),
        0,
      )
      const most = Math.max(1, context.batchSize)
      for (;;) {
        const region = context.region()
        let out: RecordBatch | null = null
        try {
          const repeated = region.u32(most)
          const places = lists.map(() => region.u32(most))
          const count = items.next(most, repeated, places)
          if (count === 0) return total
          const columns = some.columns.map((column) => takeVector(column, repeated, count, region))
          for (const [i, list] of lists.entries()) {
            columns.push(takeVector((list as ListVector).child, places[i]!, count, region))
          }
          region.dependOn(some.region)
          region.dependOn(scratch)
          out = new RecordBatch(this.schema, columns, count, null, region)
        } finally {
          if (out === null) region.release()
        }
        yield out
      }
    } finally {
      some.release()
      scratch.release()
    }
  }
}

/** Rows whose lists are made first, to see how long they are; and items that lists made at a time should have. */
const FIRST_ROWS = 64
const ITEMS = 131_072

/** Goes through the items of several lists beside one another, row by row. */
class Items {
  readonly #lists: readonly Vector[]
  readonly #rows: Uint32Array
  readonly #outer: boolean
  #row = 0
  #item = 0

  constructor(lists: readonly Vector[], rows: Uint32Array, outer: boolean) {
    this.#lists = lists
    this.#rows = rows
    this.#outer = outer
  }

  /** Writes the row and, for each list, the item of at most `capacity` outputs, and returns how many; 0 is the end. */
  next(capacity: number, repeated: Uint32Array, places: readonly Uint32Array[]): number {
    let n = 0
    while (n < capacity && this.#row < this.#rows.length) {
      const row = this.#rows[this.#row]!
      let longest = this.#outer ? 1 : 0
      for (const list of this.#lists) longest = Math.max(longest, lengthOf(list, row))
      const count = Math.min(longest - this.#item, capacity - n)
      repeated.fill(row, n, n + count)
      for (const [i, list] of this.#lists.entries()) writeItems(list, row, this.#item, count, places[i]!, n)
      n += count
      this.#item += count
      if (this.#item >= longest) {
        this.#row++
        this.#item = 0
      }
    }
    return n
  }
}

function lengthOf(list: Vector, row: number): number {
  if (list.encoding !== 'list' || !list.isValid(row)) return 0
  const { offsets } = list as ListVector
  return offsets[row + 1]! - offsets[row]!
}

/** Places of `count` items of a row's list from item `from` on, `NO_ROW` behind its end. */
function writeItems(list: Vector, row: number, from: number, count: number, out: Uint32Array, at: number): void {
  const length = lengthOf(list, row)
  const start = length === 0 ? 0 : (list as ListVector).offsets[row]!
  for (let i = 0; i < count; i++) out[at + i] = from + i < length ? start + from + i : NO_ROW
}
