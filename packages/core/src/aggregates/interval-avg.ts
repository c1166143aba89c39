import type { Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import type { IntervalValue } from '../types/scalar-value.ts'
import { INT64, INTERVAL } from '../types/type-factory.ts'
import { vectorOf } from '../vectors/build.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import type { Vector } from '../vectors/vector.ts'
import { presentRows } from './accumulator-rows.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'

/** Columns of a partial state: sum of the parts, number of values. */
export const INTERVAL_AVG_STATE: readonly DataType[] = [INTERVAL, INT64]

const NANOS_PER_DAY = 86_400_000_000_000n
const NONE: IntervalValue = { months: 0, days: 0, nanos: 0n }

/**
 * An interval divided by a count, as PostgreSQL divides: what is left of the months becomes days of a 30-day month, and
 * what is left of the days becomes time.
 */
function divideInterval({ months, days, nanos }: IntervalValue, count: number): IntervalValue {
  const wholeMonths = Math.trunc(months / count)
  const leftDays = (months % count) * 30 + (days % count)
  const carriedDays = Math.trunc(leftDays / count)
  const leftNanos = BigInt(leftDays % count) * NANOS_PER_DAY + nanos
  return {
    months: wholeMonths,
    days: Math.trunc(days / count) + carriedDays,
    nanos: leftNanos / BigInt(count),
  }
}

function plus(a: IntervalValue, b: IntervalValue): IntervalValue {
  return { months: a.months + b.months, days: a.days + b.days, nanos: a.nanos + b.nanos }
}

/** The mean of intervals. */
export class IntervalAvgAccumulator implements GroupsAccumulator {
  readonly #type: DataType
  readonly #sums: IntervalValue[] = []
  readonly #counts: number[] = []

  constructor(type: DataType) {
    this.#type = type
  }

  get bytes(): number {
    return this.#sums.length * 64
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
      this.#add(present.groups[k]!, scalarAt(args[0]!, present.rows[k]!) as IntervalValue, 1)
    }
  }

  merge(
    _groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const present = presentRows([new Operand(states[0]!)], groups, rows, count)
    for (let k = 0; k < present.count; k++) {
      const row = present.rows[k]!
      this.#add(present.groups[k]!, scalarAt(states[0]!, row) as IntervalValue, Number(scalarAt(states[1]!, row)))
    }
  }

  mergeGroup(_groupCount: number, into: number, from: number): void {
    if (this.#counts[from] !== undefined) this.#add(into, this.#sums[from]!, this.#counts[from])
  }

  #add(group: number, value: IntervalValue, count: number): void {
    this.#sums[group] = plus(this.#sums[group] ?? NONE, value)
    this.#counts[group] = (this.#counts[group] ?? 0) + count
  }

  state(groupCount: number, region: Region): Vector[] {
    const groups = Array.from({ length: groupCount }, (_, g) => g)
    return [
      vectorOf(
        INTERVAL,
        groups.map((g) => this.#sums[g] ?? null),
        region,
      ),
      vectorOf(
        INT64,
        groups.map((g) => BigInt(this.#counts[g] ?? 0)),
        region,
      ),
    ]
  }

  evaluate(groupCount: number, region: Region): Vector {
    const means = Array.from({ length: groupCount }, (_, g) => {
      const sum = this.#sums[g]
      return sum === undefined ? null : divideInterval(sum, this.#counts[g]!)
    })
    return vectorOf(this.#type, means, region)
  }

  release(): void {}
}
