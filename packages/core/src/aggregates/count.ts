import type { Region } from '@volley/kernels'
import { INT64 } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { groupZero, grownFloats, presentOf, presentRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { int64At, int64Vector } from './state-vectors.ts'

/** count(*), and count(a, ...) of the rows where no argument is NULL. */
export const count: AggregateFunction = {
  name: 'count',
  description: 'Number of rows, or of rows where the argument is not NULL.',
  examples: [{ sql: 'count(*)', result: '1' }],
  neverNull: true,
  resolve: (argTypes) => ({ argTypes, returnType: INT64, stateTypes: [INT64] }),
  createAccumulator: () => new CountAccumulator(),
}

class CountAccumulator implements GroupsAccumulator {
  #counts: Float64Array = new Float64Array(16)

  get bytes(): number {
    return this.#counts.byteLength
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const counts = (this.#counts = grownFloats(this.#counts, groupCount))
    const present =
      args.length === 0
        ? { groups, count }
        : presentRows(
            args.map((arg) => new Operand(arg)),
            groups,
            rows,
            count,
          )
    for (let k = 0; k < present.count; k++) counts[present.groups[k]!]!++
  }

  updateAll(args: readonly Vector[], rows: Selection | null, count: number): void {
    if (args.length > 1) return this.update(1, groupZero(count), args, rows, count)
    this.#counts[0]! += args.length === 0 ? count : presentOf(new Operand(args[0]!), rows, count).count
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const counts = (this.#counts = grownFloats(this.#counts, groupCount))
    const operand = new Operand(states[0]!)
    const present = presentRows([operand], groups, rows, count)
    if (present.count === 0) return
    const { words, mask } = operand
    for (let k = 0; k < present.count; k++) counts[present.groups[k]!]! += int64At(words, present.rows[k]! & mask)
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#counts = grownFloats(this.#counts, groupCount)
    this.#counts[into]! += this.#counts[from]!
  }

  state(groupCount: number, region: Region): Vector[] {
    return [this.evaluate(groupCount, region)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    this.#counts = grownFloats(this.#counts, groupCount)
    return int64Vector(this.#counts, groupCount, region)
  }

  release(): void {}
}
