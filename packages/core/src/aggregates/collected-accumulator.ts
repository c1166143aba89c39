import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { SortKey } from '../plan/execution-plan.ts'
import { RowComparator } from '../vectors/compare.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import type { Vector } from '../vectors/vector.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'
import { RowLists } from './row-lists.ts'

/**
 * Collects rows for DISTINCT and ORDER BY inside an aggregate, and hands them to the aggregate itself at the end. Rows are
 * the call's arguments and, behind them, its sort keys; the state is a list of encoded rows.
 */
export class CollectedAccumulator implements GroupsAccumulator {
  readonly #make: () => GroupsAccumulator
  readonly #argCount: number
  readonly #orderBy: readonly SortKey[]
  readonly #lists: RowLists

  constructor(
    make: () => GroupsAccumulator,
    types: readonly DataType[],
    argCount: number,
    distinct: boolean,
    orderBy: readonly SortKey[],
  ) {
    this.#make = make
    this.#argCount = argCount
    this.#orderBy = orderBy
    this.#lists = new RowLists(types, distinct)
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
    this.#lists.add(args, { groups, rows: rows ?? allRows(count), count })
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
    return [this.#lists.state(groupCount, region)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    const { offsets, columns } = this.#lists.rows(groupCount, region)
    const total = offsets[groupCount]!
    const groups = new Uint32Array(total)
    for (let g = 0; g < groupCount; g++) groups.fill(g, offsets[g]!, offsets[g + 1]!)
    const rows = Uint32Array.from(allRows(total))
    const keys = columns.slice(this.#argCount)
    if (keys.length > 0) {
      const comparator = new RowComparator(keys, keys, this.#orderBy)
      const compare = (a: number, b: number): number => comparator.compare(a, b)
      for (let g = 0; g < groupCount; g++) rows.subarray(offsets[g]!, offsets[g + 1]!).sort(compare)
    }
    const inner = this.#make()
    try {
      inner.update(groupCount, groups, columns.slice(0, this.#argCount), rows, total)
      return inner.evaluate(groupCount, region)
    } finally {
      inner.release()
    }
  }

  release(): void {}
}
