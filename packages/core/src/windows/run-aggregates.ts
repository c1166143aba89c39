import type { AggregateCall } from '../aggregates/aggregate-call.ts'
import type { GroupsAccumulator } from '../aggregates/aggregate-function.ts'
import type { Arena, Region } from '@volley/kernels'
import type { Vector } from '../vectors/vector.ts'

/** An aggregate's arguments over a batch, and the rows of it that count. */
export interface AggregateInput {
  readonly args: readonly Vector[]
  readonly rows: Uint32Array
}

/** Aggregates of runs of sorted rows that come batch by batch; a run may go on in the next batch. */
export class RunAggregates {
  readonly #calls: readonly AggregateCall[]
  readonly #arena: Arena
  /** Of the run that is open; null before the first row. */
  #open: readonly GroupsAccumulator[] | null = null

  constructor(calls: readonly AggregateCall[], arena: Arena) {
    this.#calls = calls
    this.#arena = arena
  }

  get bytes(): number {
    return (this.#open ?? []).reduce((sum, accumulator) => sum + accumulator.bytes, 0)
  }

  /**
   * Adds the rows of a batch. `runs[i]` is the number of row i's run: 0 goes on from the batch before, and runs 1 to `last`
   * begin here; those with `continues` take on the one before them. Gives the results of runs 0 to `last` so far.
   */
  add(
    runs: Uint32Array,
    last: number,
    continues: Uint8Array,
    inputs: readonly AggregateInput[],
    region: Region,
  ): readonly Vector[] {
    const count = last + 1
    const results: Vector[] = []
    const open: GroupsAccumulator[] = []
    for (const [i, call] of this.#calls.entries()) {
      const { args, rows } = inputs[i]!
      const accumulator = call.createAccumulator(this.#arena)
      const before = this.#open?.[i]
      if (before !== undefined) carry(before, 1, 0, accumulator, count, region)
      const ids = new Uint32Array(rows.length)
      for (let k = 0; k < ids.length; k++) ids[k] = runs[rows[k]!]!
      accumulator.update(count, ids, args, rows, rows.length)
      for (let run = 1; run < count; run++) if (continues[run] === 1) accumulator.mergeGroup(count, run, run - 1)
      results.push(accumulator.evaluate(count, region))
      const next = call.createAccumulator(this.#arena)
      carry(accumulator, count, last, next, 1, region)
      accumulator.release()
      before?.release()
      open.push(next)
    }
    this.#open = open
    return results
  }

  release(): void {
    for (const accumulator of this.#open ?? []) accumulator.release()
    this.#open = null
  }
}

/** The state of one group of an accumulator of `count` becomes group 0 of another one, of `wanted`. */
function carry(
  from: GroupsAccumulator,
  count: number,
  group: number,
  to: GroupsAccumulator,
  wanted: number,
  region: Region,
): void {
  to.merge(wanted, Uint32Array.of(0), from.state(count, region), Uint32Array.of(group), 1)
}
