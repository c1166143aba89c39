import { sumGroupFloats, type Arena, type FixedColumn, type KernelRows } from '@volley/kernels'
import type { Operand } from '../vectors/operand.ts'
import type { GroupedRows, SomeRows } from './accumulator-rows.ts'
import { GroupFloats } from './group-memory.ts'
import { floatsOf } from './state-vectors.ts'

/**
 * Sums of doubles, one per group, with the rounding errors kept beside them (Neumaier 1974), so that the result hardly
 * depends on how rows were dealt.
 */
export class FloatSums {
  readonly #sums: GroupFloats
  readonly #errors: GroupFloats

  constructor(arena: Arena | null = null) {
    this.#sums = new GroupFloats(arena)
    this.#errors = new GroupFloats(arena)
  }

  get sums(): Float64Array {
    return this.#sums.values
  }

  get errors(): Float64Array {
    return this.#errors.values
  }

  get bytes(): number {
    return this.#sums.bytes + this.#errors.bytes
  }

  ensure(groupCount: number): void {
    this.#sums.ensure(groupCount)
    this.#errors.ensure(groupCount)
  }

  release(): void {
    this.#sums.release()
    this.#errors.release()
  }

  /**
   * Adds the values of a column that are not NULL by a kernel, and sets `seen` of groups that get one. Returns whether there is
   * one for it.
   */
  addColumn(column: FixedColumn, rows: KernelRows, seen: Uint8Array): boolean {
    return sumGroupFloats(column, rows, this.sums, this.errors, seen)
  }

  add(operand: Operand, { groups, rows, count }: GroupedRows): void {
    const values = floatsOf(operand)
    const { mask } = operand
    const { sums, errors } = this
    for (let k = 0; k < count; k++) {
      const group = groups[k]!
      const value = values[rows[k]! & mask]!
      const sum = sums[group]!
      const total = sum + value
      errors[group]! += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
      sums[group] = total
    }
  }

  /** Adds values to group 0. */
  addAll(operand: Operand, { rows, count }: SomeRows): void {
    const values = floatsOf(operand)
    const { mask } = operand
    let sum = this.sums[0]!
    let error = this.errors[0]!
    for (let k = 0; k < count; k++) {
      const value = values[(rows === null ? k : rows[k]!) & mask]!
      const total = sum + value
      error += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
      sum = total
    }
    this.sums[0] = sum
    this.errors[0] = error
  }

  addOne(group: number, value: number): void {
    const sum = this.sums[group]!
    const total = sum + value
    this.errors[group]! += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    this.sums[group] = total
  }

  addGroup(into: number, from: number): void {
    this.addOne(into, this.sums[from]!)
    this.errors[into]! += this.errors[from]!
  }

  /** Infinities and NaN make the errors meaningless. */
  total(group: number): number {
    const sum = this.sums[group]!
    return Number.isFinite(sum) ? sum + this.errors[group]! : sum
  }
}
