import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { ScalarValue } from '../types/scalar-value.ts'
import { vectorOf } from '../vectors/build.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import type { Vector } from '../vectors/vector.ts'
import { presentRows } from './accumulator-rows.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'

/** Folds the values that are not NULL of each group into one; the state is that value. */
export class FoldAccumulator implements GroupsAccumulator {
  readonly #type: DataType
  readonly #fold: (a: ScalarValue, b: ScalarValue) => ScalarValue
  readonly #values: ScalarValue[] = []

  constructor(type: DataType, fold: (a: ScalarValue, b: ScalarValue) => ScalarValue) {
    this.#type = type
    this.#fold = fold
  }

  get bytes(): number {
    return this.#values.length * 24
  }

  update(
    _groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const present = presentRows([new Operand(args[0]!)], groups, rows, count)
    for (let k = 0; k < present.count; k++) {
      const group = present.groups[k]!
      const value = scalarAt(args[0]!, present.rows[k]!)
      const known = this.#values[group] ?? null
      this.#values[group] = known === null ? value : this.#fold(known, value)
    }
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.update(groupCount, groups, states, rows, count)
  }

  mergeGroup(_groupCount: number, into: number, from: number): void {
    const [before, after] = [this.#values[from] ?? null, this.#values[into] ?? null]
    if (before !== null) this.#values[into] = after === null ? before : this.#fold(before, after)
  }

  state(groupCount: number, region: Region): Vector[] {
    return [this.evaluate(groupCount, region)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    const values = Array.from({ length: groupCount }, (_, g) => this.#values[g] ?? null)
    return vectorOf(this.#type, values, region)
  }

  release(): void {}
}
