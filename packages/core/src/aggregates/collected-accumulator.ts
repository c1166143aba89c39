import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { sortSteps } from '../operators/sort-rows.ts'
import type { SortKey } from '../plan/execution-plan.ts'
import { finishSteps, type Steps } from '../runtime/run-steps.ts'
import { UINT32 } from '../types/type-factory.ts'
import { RowComparator } from '../vectors/compare.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'
import { RowLists } from './row-lists.ts'

/** Rows that are sorted or counted in without giving way. */
const AT_ONCE = 16_384

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
    return finishSteps(this.stateSteps(groupCount, region))
  }

  evaluate(groupCount: number, region: Region): Vector {
    return finishSteps(this.evaluateSteps(groupCount, region))
  }

  *stateSteps(groupCount: number, region: Region): Steps<Vector[]> {
    return [yield* this.#lists.state(groupCount, region)]
  }

  *evaluateSteps(groupCount: number, region: Region): Steps<Vector> {
    const { offsets, columns } = yield* this.#lists.rows(groupCount, region)
    const total = offsets[groupCount]!
    const groups = new Uint32Array(total)
    for (let g = 0; g < groupCount; g++) groups.fill(g, offsets[g]!, offsets[g + 1]!)
    const keys = columns.slice(this.#argCount)
    const rows = keys.length === 0 ? allRows(total) : yield* this.#sorted(keys, groups, offsets, groupCount)
    const args = columns.slice(0, this.#argCount)
    const inner = this.#make()
    try {
      for (let from = 0; from < total || from === 0; from += AT_ONCE) {
        const part = rows.subarray(from, from + AT_ONCE)
        inner.update(groupCount, groups.subarray(from, from + AT_ONCE), args, part, part.length)
        yield
      }
      if (inner.evaluateSteps !== undefined) return yield* inner.evaluateSteps(groupCount, region)
      return inner.evaluate(groupCount, region)
    } finally {
      inner.release()
    }
  }

  /** The rows in order inside of each group: few by comparing them, many by their words, groups first. */
  *#sorted(keys: readonly Vector[], groups: Uint32Array, offsets: Uint32Array, groupCount: number): Steps<Uint32Array> {
    const total = groups.length
    if (total > AT_ONCE) {
      const group = new PrimitiveVector(UINT32, total, null, groups)
      return yield* sortSteps([group, ...keys], [{ descending: false, nullsFirst: false }, ...this.#orderBy], total)
    }
    const rows = Uint32Array.from(allRows(total))
    const comparator = new RowComparator(keys, keys, this.#orderBy)
    const compare = (a: number, b: number): number => comparator.compare(a, b)
    for (let g = 0; g < groupCount; g++) rows.subarray(offsets[g]!, offsets[g + 1]!).sort(compare)
    return rows
  }

  release(): void {}
}
