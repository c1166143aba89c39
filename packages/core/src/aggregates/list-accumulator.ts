import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { finishSteps, type Steps } from '../runtime/run-steps.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import { presentRows } from './accumulator-rows.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'
import { RowLists, type ListedRows } from './row-lists.ts'

/** Makes the result, one row per group, of all rows of all groups; in steps where that takes long. */
export type FinishLists = (rows: ListedRows, groupCount: number, region: Region) => Vector | Steps<Vector>

/** Keeps all rows of each group, for aggregates that need them at the end. The state is a list of encoded rows. */
export class ListAccumulator implements GroupsAccumulator {
  readonly #lists: RowLists
  readonly #required: number | null
  readonly #finish: FinishLists

  /** Rows where the argument `required` is NULL are left out; null keeps all. */
  constructor(types: readonly DataType[], required: number | null, finish: FinishLists) {
    this.#lists = new RowLists(types, false)
    this.#required = required
    this.#finish = finish
  }

  get bytes(): number {
    return this.#lists.bytes
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#lists.ensure(groupCount)
    const required = this.#required === null ? [] : [new Operand(args[this.#required]!)]
    this.#lists.add(args, presentRows(required, groups, rows, count))
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#lists.ensure(groupCount)
    this.#lists.merge(states[0]!, { groups, rows: rows ?? allRows(count), count })
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#lists.ensure(groupCount)
    this.#lists.prepend(into, from)
  }

  state(groupCount: number, region: Region): Vector[] {
    return finishSteps(this.stateSteps(groupCount, region))
  }

  evaluate(groupCount: number, region: Region): Vector {
    return finishSteps(this.evaluateSteps(groupCount, region))
  }

  *stateSteps(groupCount: number, region: Region): Steps<Vector[]> {
    return [yield* this.#lists.state(groupCount, region)]
  }

  *evaluateSteps(groupCount: number, region: Region): Steps<Vector> {
    const made = this.#finish(yield* this.#lists.rows(groupCount, region), groupCount, region)
    return 'encoding' in made ? made : yield* made
  }

  release(): void {}
}
