import type { Operand } from '../vectors/operand.ts'
import { grownFloats, type GroupedRows, type SomeRows } from './accumulator-rows.ts'
import { floatsOf } from './state-vectors.ts'

/**
 * Sums of doubles, one per group, with the rounding errors kept beside them (Neumaier 1974), so that the result hardly
 * depends on how rows were dealt.
 */
export class FloatSums {
  sums: Float64Array = new Float64Array(16)
  errors: Float64Array = new Float64Array(16)

  get bytes(): number {
    return this.sums.byteLength * 2
  }

  ensure(groupCount: number): void {
    this.sums = grownFloats(this.sums, groupCount)
    this.errors = grownFloats(this.errors, groupCount)
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
