import type { Region } from '@volley/kernels'
import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import type { GroupsAccumulator } from '../aggregates/aggregate-function.ts'
import type { Expr } from '../expressions/expr.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { concatVectors } from '../vectors/concat.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { addRange, buildTree } from './frame-tree.ts'
import { frameParts, type FrameRanges } from './frame-ranges.ts'
import type { RowSpool } from './row-spool.ts'
import type { PlacedRows } from './streamed-frames.ts'

/** An aggregate, and the rows that count. */
interface FramedCall {
  readonly aggregate: AggregateCall
  readonly filter: Expr | null
}

/** One range of rows for each of some rows, not all empty. */
interface Ranges {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/**
 * An aggregate over frames of any size of rows on disk. What all frames of some rows have in common is added up once, from
 * the states of whole batches and the rows at its ends; what only some of them have is read, and added up by a tree. Where
 * that is too much to be read at once, the frames of half of the rows are taken, and so on.
 */
export class FramedAggregate {
  readonly #call: FramedCall
  readonly #context: TaskContext
  /** Of each batch of the spool, by its number. */
  readonly #states: GroupsAccumulator
  #batches = 0
  #stateColumns: readonly Vector[] | null = null

  constructor(call: FramedCall, context: TaskContext) {
    this.#call = call
    this.#context = context
    this.#states = call.aggregate.createAccumulator(context.arena)
  }

  /** What the states of the batches take. */
  get bytes(): number {
    return this.#states.bytes
  }

  /** Takes the next batch of the rows. */
  add(batch: RecordBatch, scratch: Region): void {
    const { args, rows } = this.#input(batch, scratch)
    const index = this.#batches++
    this.#states.update(this.#batches, new Uint32Array(rows.length).fill(index), args, rows, rows.length)
  }

  #input(batch: RecordBatch, region: Region): { readonly args: readonly Vector[]; readonly rows: Uint32Array } {
    const { aggregate, filter } = this.#call
    const args = aggregate.inputs.map((expr) => expr.evaluate(batch, null, region))
    return { args, rows: filter === null ? allRows(batch.length) : filter.select(batch, null, region) }
  }

  /** `most` is how many rows may be read at once. The states stay in `kept`. */
  async of(
    { batch, base }: PlacedRows,
    frame: FrameRanges,
    rows: RowSpool,
    memory: { readonly most: number; readonly kept: Region },
    region: Region,
  ): Promise<Vector> {
    this.#stateColumns ??= this.#states.state(this.#batches, memory.kept)
    const { first, second, third } = splitFrames(frame, base, batch.length)
    const results: Vector[] = []
    for (let from = 0; from < batch.length;) {
      let count = batch.length - from
      while (count > 1 && sizeOf([first, second, third], from, count) > memory.most) count = (count + 1) >>> 1
      const accumulator = this.#call.aggregate.createAccumulator(this.#context.arena)
      try {
        // The rows that come last are added first, for aggregates that mind the order.
        let groups = count
        for (const ranges of [third, second, first]) {
          if (ranges === null) continue
          const some = {
            starts: ranges.starts.subarray(from, from + count),
            ends: ranges.ends.subarray(from, from + count),
          }
          groups = await this.#add(some, rows, accumulator, groups)
          await this.#context.giveWay()
        }
        accumulator.update(groups, new Uint32Array(0), this.#noRows(batch, region), new Uint32Array(0), 0)
        results.push(accumulator.evaluate(count, region))
      } finally {
        accumulator.release()
      }
      from += count
    }
    return results.length === 1 ? results[0]! : concatVectors(results, region)
  }

  #noRows(batch: RecordBatch, region: Region): readonly Vector[] {
    return this.#call.aggregate.inputs.map((expr) => expr.evaluate(batch, new Uint32Array(0), region))
  }

  /** Adds one range for each of groups 0 and on, before what they have; `groups` are taken. Returns how many are then. */
  async #add(
    { starts, ends }: Ranges,
    rows: RowSpool,
    accumulator: GroupsAccumulator,
    groups: number,
  ): Promise<number> {
    const { from, coreFrom, coreTo, to } = spanOf(starts, ends)
    if (from >= to) return groups
    const hasCore = coreFrom < coreTo
    const local = await rows.read(
      hasCore
        ? [
            [from, coreFrom],
            [coreTo, to],
          ]
        : [[from, to]],
    )
    const scratch = this.#context.region()
    try {
      const { args, rows: counted } = this.#input(local, scratch)
      const tree = buildTree(accumulator, groups, { args, counted, rows: local.length })
      const core = tree.end
      if (hasCore) await this.#addCore(coreFrom, coreTo, rows, accumulator, core)
      const total = core + 1
      const shift = hasCore ? coreTo - (coreFrom - from) : from
      const path: number[] = []
      for (let i = 0; i < starts.length; i++) {
        const [start, end] = [starts[i]!, ends[i]!]
        if (start >= end) continue
        const merge = (node: number): void => accumulator.mergeGroup(total, i, node)
        if (!hasCore) addRange(start - from, end - from, tree.levels, path, merge)
        else {
          addRange(coreFrom - from, end - shift, tree.levels, path, merge)
          accumulator.mergeGroup(total, i, core)
          addRange(start - from, coreFrom - from, tree.levels, path, merge)
        }
      }
      return total
    } finally {
      scratch.release()
      local.release()
    }
  }

  /** Adds rows `from` to `to` to a group. */
  async #addCore(
    from: number,
    to: number,
    rows: RowSpool,
    accumulator: GroupsAccumulator,
    group: number,
  ): Promise<void> {
    const one = Uint32Array.of(group)
    for (let at = from; at < to;) {
      const index = rows.indexOf(at)
      const [first, last] = [rows.starts[index]!, rows.starts[index + 1]!]
      if (at === first && last <= to) {
        accumulator.merge(group + 1, one, this.#stateColumns!, Uint32Array.of(index), 1)
        at = last
        continue
      }
      const end = Math.min(to, last)
      const part = await rows.read([[at, end]])
      const scratch = this.#context.region()
      try {
        const { args, rows: counted } = this.#input(part, scratch)
        accumulator.update(group + 1, new Uint32Array(counted.length).fill(group), args, counted, counted.length)
      } finally {
        scratch.release()
        part.release()
      }
      at = end
    }
  }

  release(): void {
    this.#states.release()
  }
}

/** The parts of frames, each of which has up to three of them: parts that come first, second and third. */
function splitFrames(
  frame: FrameRanges,
  base: number,
  count: number,
): { readonly first: Ranges; readonly second: Ranges | null; readonly third: Ranges | null } {
  if (frame.excludeStart === null) return { first: { starts: frame.start, ends: frame.end }, second: null, third: null }
  const parts = new Uint32Array(6)
  const ranges = Array.from({ length: 3 }, (): Ranges => ({
    starts: new Uint32Array(count),
    ends: new Uint32Array(count),
  })) as [Ranges, Ranges, Ranges]
  for (let i = 0; i < count; i++) {
    const number = base + i
    const found = frameParts(frame, i, parts, number)
    for (let p = 0; p < found; p++) {
      const [start, end] = [parts[2 * p]!, parts[2 * p + 1]!]
      // Before the excluded rows, the row itself, behind them: ranges of one kind are near one another.
      const kind = end <= frame.excludeStart[i]! ? 0 : start >= frame.excludeEnd![i]! ? 2 : 1
      ranges[kind]!.starts[i] = start
      ranges[kind]!.ends[i] = end
    }
  }
  return { first: ranges[0], second: ranges[1], third: ranges[2] }
}

/** The rows of all ranges together, and those that are in each of them. */
function spanOf(
  starts: Uint32Array,
  ends: Uint32Array,
): { readonly from: number; readonly coreFrom: number; readonly coreTo: number; readonly to: number } {
  let [from, coreFrom, coreTo, to] = [Infinity, 0, Infinity, 0]
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i]!, ends[i]!]
    if (start >= end) continue
    from = Math.min(from, start)
    coreFrom = Math.max(coreFrom, start)
    coreTo = Math.min(coreTo, end)
    to = Math.max(to, end)
  }
  return { from, coreFrom, coreTo, to }
}

/** Rows that are read for the frames of `count` rows from `from` on. */
function sizeOf(all: readonly (Ranges | null)[], from: number, count: number): number {
  let size = 0
  for (const ranges of all) {
    if (ranges === null) continue
    const span = spanOf(ranges.starts.subarray(from, from + count), ranges.ends.subarray(from, from + count))
    if (span.from < span.to) size += span.to - span.from - Math.max(0, span.coreTo - span.coreFrom)
  }
  return size
}
