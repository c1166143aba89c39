import { countGroups, type Arena, type Region } from '@volley/kernels'
import { INT64 } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { groupRows, groupZero, presentOf, presentRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { GroupFloats } from './group-memory.ts'
import { fixedColumn } from './key-words.ts'
import { int64At, int64Vector } from './state-vectors.ts'

/** count(*), and count(a, ...) of the rows where no argument is NULL. */
export const count: AggregateFunction = {
  name: 'count',
  description: 'Number of rows, or of rows where the argument is not NULL.',
  examples: [{ sql: 'count(*)', result: '1' }],
  neverNull: true,
  resolve: (argTypes) => ({ argTypes, returnType: INT64, stateTypes: [INT64] }),
  createAccumulator: (_argTypes, _returnType, arena) => new CountAccumulator(arena ?? null),
}

class CountAccumulator implements GroupsAccumulator {
  readonly #counts: GroupFloats

  constructor(arena: Arena | null) {
    this.#counts = new GroupFloats(arena)
  }

  get bytes(): number {
    return this.#counts.bytes
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const counts = this.#counts.ensure(groupCount)
    const operands = args.map((arg) => new Operand(arg))
    if (operands.length < 2 && !operands.some((operand) => operand.isAlwaysNull)) {
      const column = operands.length === 0 ? null : fixedColumn(operands[0]!)
      const known = operands.length === 0 || column !== null
      if (known && countGroups(column, groupRows(groupCount, groups, rows, count), counts)) return
    }
    const present = operands.length === 0 ? { groups, count } : presentRows(operands, groups, rows, count)
    for (let k = 0; k < present.count; k++) counts[present.groups[k]!]!++
  }

  updateAll(args: readonly Vector[], rows: Selection | null, count: number): void {
    if (args.length > 1) return this.update(1, groupZero(count), args, rows, count)
    this.#counts.values[0]! += args.length === 0 ? count : presentOf(new Operand(args[0]!), rows, count).count
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const counts = this.#counts.ensure(groupCount)
    const operand = new Operand(states[0]!)
    const present = presentRows([operand], groups, rows, count)
    if (present.count === 0) return
    const { words, mask } = operand
    for (let k = 0; k < present.count; k++) counts[present.groups[k]!]! += int64At(words, present.rows[k]! & mask)
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    const counts = this.#counts.ensure(groupCount)
    counts[into]! += counts[from]!
  }

  state(groupCount: number, region: Region): Vector[] {
    return [this.evaluate(groupCount, region)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    return int64Vector(this.#counts.ensure(groupCount), groupCount, region)
  }

  release(): void {
    this.#counts.release()
  }
}
