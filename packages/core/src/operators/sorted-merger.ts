import type { Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { SortKey } from '../plan/execution-plan.ts'
import { sharesMemory } from '../runtime/collect-batch.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RowComparator } from '../vectors/compare.ts'
import { concatVectors } from '../vectors/concat.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'

/** A batch being merged, with its sort keys. It is kept while rows of it wait to be written. */
interface Source {
  readonly batch: RecordBatch
  readonly rows: Uint32Array
  readonly keys: readonly Vector[]
  /** Of the keys. */
  readonly region: Region
  /** Rows chosen and not yet written. */
  chosen: number[]
  at: number
  /** No input reads it any more. */
  done: boolean
}

/** Merges sorted batches of several inputs: a heap of inputs, the one with the first row on top. */
export class SortedMerger {
  readonly #schema: Schema
  readonly #keys: readonly SortKey[]
  readonly #context: TaskContext
  readonly #current: (Source | null)[]
  /** Kept for comparisons of the rows of two inputs; made anew when one of them goes on to its next batch. */
  readonly #comparators: (RowComparator | null)[][]
  readonly #heap: number[] = []
  #sources: Source[] = []
  /** Source of each row to write, in order. */
  #order: Source[] = []

  constructor(schema: Schema, keys: readonly SortKey[], inputs: number, context: TaskContext) {
    this.#schema = schema
    this.#keys = keys
    this.#context = context
    this.#current = Array.from({ length: inputs }, () => null)
    this.#comparators = Array.from({ length: inputs }, () => Array.from({ length: inputs }, () => null))
  }

  /** Gives an input its next batch; null when it has ended. */
  load(input: number, batch: RecordBatch | null): void {
    this.#current[input] = null
    if (batch === null) return
    const region = this.#context.region()
    let keys: readonly Vector[]
    try {
      keys = this.#keys.map((key) => key.expr.evaluate(batch, batch.selection, region))
    } catch (error) {
      region.release()
      throw error
    }
    batch.retain()
    const rows = batch.selection ?? Uint32Array.from(allRows(batch.length))
    const source = { batch, rows, keys, region, chosen: [], at: 0, done: false }
    this.#sources.push(source)
    this.#current[input] = source
    for (const row of this.#comparators) row[input] = null
    this.#comparators[input]!.fill(null)
    this.#push(input)
  }

  /** Chooses rows until there are `limit`, or an input needs its next batch: its number; null when `flush` is due. */
  advance(limit: number): number | null {
    while (this.#order.length < limit && this.#heap.length > 0) {
      const input = this.#heap[0]!
      const source = this.#current[input]!
      if (source.rows.length === 0) return this.#finish(input, source)
      source.chosen.push(source.rows[source.at]!)
      this.#order.push(source)
      if (++source.at === source.rows.length) return this.#finish(input, source)
      this.#sink()
    }
    return null
  }

  #finish(input: number, source: Source): number {
    source.done = true
    this.#pop()
    return input
  }

  /** The rows chosen so far as one batch, with one reference, the caller's; null when there are none. */
  flush(): RecordBatch | null {
    const count = this.#order.length
    if (count === 0) return null
    const used = this.#sources.filter((source) => source.chosen.length > 0)
    const region = this.#context.region()
    const base = new Map<Source, number>()
    let end = 0
    for (const source of used) {
      base.set(source, end)
      end += source.chosen.length
    }
    const places = new Uint32Array(count)
    for (let k = 0; k < count; k++) {
      const source = this.#order[k]!
      const place = base.get(source)!
      places[k] = place
      base.set(source, place + 1)
    }
    const columns = this.#schema.fields.map((_, i) => {
      const parts = used.map((source) =>
        takeVector(source.batch.columns[i]!, Uint32Array.from(source.chosen), source.chosen.length, region),
      )
      return parts.length === 1 ? parts[0]! : takeVector(concatVectors(parts, region), places, count, region)
    })
    if (columns.some(sharesMemory)) for (const source of used) region.dependOn(source.batch.region)
    this.#order = []
    for (const source of used) source.chosen = []
    this.#drop((source) => source.done)
    return new RecordBatch(this.#schema, columns, count, null, region)
  }

  #drop(ended: (source: Source) => boolean): void {
    const kept: Source[] = []
    for (const source of this.#sources) {
      if (!ended(source)) {
        kept.push(source)
        continue
      }
      source.batch.release()
      source.region.release()
    }
    this.#sources = kept
  }

  release(): void {
    this.#drop(() => true)
  }

  /** Whether input `a` has its row before input `b`; of equal rows, the lower input's is first. */
  #before(a: number, b: number): boolean {
    const left = this.#current[a]!
    const right = this.#current[b]!
    // A batch without rows goes to the top, to be replaced.
    if (left.rows.length === 0 || right.rows.length === 0) return left.rows.length === 0
    const comparator = (this.#comparators[a]![b] ??= new RowComparator(left.keys, right.keys, this.#keys))
    const order = comparator.compare(left.rows[left.at]!, right.rows[right.at]!)
    return order === 0 ? a < b : order < 0
  }

  #push(input: number): void {
    const heap = this.#heap
    let at = heap.push(input) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#before(heap[at]!, heap[parent]!)) return
      swap(heap, at, parent)
      at = parent
    }
  }

  #pop(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink()
  }

  #sink(): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, heap[at]!)) return
      swap(heap, at, child)
      at = child
    }
  }
}

function swap(heap: number[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}
