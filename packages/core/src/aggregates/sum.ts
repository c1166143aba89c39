import type { DataType } from 'apache-arrow'
import type { Arena, Region } from '@volley/kernels'
import { isFloat, isInteger } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { decimalType, FLOAT64, INT64, INTERVAL, scaleOf } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { groupRows, presentOf, presentRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { ExactSums } from './exact-sums.ts'
import { intervalSum } from './interval-sum.ts'
import { FloatSums } from './float-sums.ts'
import { GroupFlags } from './group-memory.ts'
import { fixedColumn, wideColumn } from './key-words.ts'
import { bitmapOf, float64Vector, floatsOf } from './state-vectors.ts'

/** The argument type that sums are made of: integers and decimals as they are, floats as doubles; null for others. */
export function summable(type: DataType): DataType | null {
  if (typeName(type) === 'Null') return INT64
  if (isFloat(type)) return FLOAT64
  return isInteger(type) || typeName(type) === 'Decimal' ? type : null
}

/** sum: of integers exact, as a decimal of 38 digits; of decimals a decimal; of floats a double. */
export const sum: AggregateFunction = {
  name: 'sum',
  description: 'Sum of the values; exact for integers and decimals.',
  examples: [{ sql: 'sum(2)', result: '2' }],
  resolve(argTypes) {
    if (argTypes.length === 1 && typeName(argTypes[0]!) === 'Interval')
      return { argTypes, returnType: argTypes[0]!, stateTypes: [INTERVAL] }
    const type = argTypes.length === 1 ? summable(argTypes[0]!) : null
    if (type === null) return null
    if (isFloat(type)) return { argTypes: [type], returnType: FLOAT64, stateTypes: [FLOAT64, FLOAT64] }
    const returnType = decimalType(38, scaleOf(type))
    return { argTypes: [type], returnType, stateTypes: [returnType] }
  },
  createAccumulator: (argTypes, returnType, arena) =>
    typeName(returnType) === 'Interval'
      ? intervalSum()
      : isFloat(argTypes[0]!)
        ? new FloatSumAccumulator(arena ?? null)
        : new ExactSumAccumulator(argTypes[0]!, returnType, arena ?? null),
}

class ExactSumAccumulator implements GroupsAccumulator {
  readonly #argType: DataType
  readonly #type: DataType
  readonly #sums: ExactSums
  readonly #seen: GroupFlags

  constructor(argType: DataType, type: DataType, arena: Arena | null) {
    this.#argType = argType
    this.#type = type
    this.#sums = new ExactSums(arena)
    this.#seen = new GroupFlags(arena)
  }

  get bytes(): number {
    return this.#sums.bytes + this.#seen.bytes
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#add(this.#argType, groupCount, groups, args[0]!, rows, count)
  }

  updateAll(args: readonly Vector[], rows: Selection | null, count: number): void {
    const operand = new Operand(args[0]!)
    if (operand.isAlwaysNull) return
    const column = fixedColumn(operand)
    const added = column === null ? null : this.#sums.addColumnToOne(column, rows, count)
    if (added !== null) {
      if (added > 0) this.#seen.values[0] = 1
      return
    }
    const decimals = wideColumn(operand)
    const all = { rows, groups: null, count, groupCount: 1 }
    if (decimals !== null && this.#sums.addDecimals(decimals, all, this.#seen.values)) return
    const present = presentOf(operand, rows, count)
    if (present.count === 0) return
    this.#sums.addAll(this.#argType, operand, present)
    this.#seen.values[0] = 1
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#add(this.#type, groupCount, groups, states[0]!, rows, count)
  }

  #add(
    type: DataType,
    groupCount: number,
    groups: Uint32Array,
    vector: Vector,
    rows: Selection | null,
    count: number,
  ): void {
    this.#ensure(groupCount)
    const operand = new Operand(vector)
    if (operand.isAlwaysNull) return
    const seen = this.#seen.values
    const column = fixedColumn(operand)
    const kernel = groupRows(groupCount, groups, rows, count)
    if (column !== null && this.#sums.addColumn(column, kernel, seen)) return
    const decimals = wideColumn(operand)
    if (decimals !== null && this.#sums.addDecimals(decimals, kernel, seen)) return
    const present = presentRows([operand], groups, rows, count)
    if (present.count === 0) return
    this.#sums.add(type, operand, present)
    for (let k = 0; k < present.count; k++) seen[present.groups[k]!] = 1
  }

  #ensure(groupCount: number): void {
    this.#sums.ensure(groupCount)
    this.#seen.ensure(groupCount)
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#ensure(groupCount)
    this.#sums.addGroup(into, from)
    this.#seen.values[into]! |= this.#seen.values[from]!
  }

  state(groupCount: number, region: Region): Vector[] {
    return [this.evaluate(groupCount, region)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    this.#ensure(groupCount)
    const words = region.u32(groupCount * 4)
    this.#sums.writeDecimals(groupCount, words)
    return new PrimitiveVector(this.#type, groupCount, bitmapOf(this.#seen.values, groupCount, region), words)
  }

  release(): void {
    this.#sums.release()
    this.#seen.release()
  }
}

class FloatSumAccumulator implements GroupsAccumulator {
  readonly #sums: FloatSums
  readonly #seen: GroupFlags

  constructor(arena: Arena | null) {
    this.#sums = new FloatSums(arena)
    this.#seen = new GroupFlags(arena)
  }

  get bytes(): number {
    return this.#sums.bytes + this.#seen.bytes
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#ensure(groupCount)
    const operand = new Operand(args[0]!)
    if (operand.isAlwaysNull) return
    const seen = this.#seen.values
    const column = fixedColumn(operand)
    if (column !== null && this.#sums.addColumn(column, groupRows(groupCount, groups, rows, count), seen)) return
    const present = presentRows([operand], groups, rows, count)
    if (present.count === 0) return
    this.#sums.add(operand, present)
    for (let k = 0; k < present.count; k++) seen[present.groups[k]!] = 1
  }

  updateAll(args: readonly Vector[], rows: Selection | null, count: number): void {
    const operand = new Operand(args[0]!)
    const present = presentOf(operand, rows, count)
    if (present.count === 0) return
    this.#sums.addAll(operand, present)
    this.#seen.values[0] = 1
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.update(groupCount, groups, states, rows, count)
    const operand = new Operand(states[1]!)
    const present = presentRows([operand], groups, rows, count)
    if (present.count === 0) return
    const errors = floatsOf(operand)
    for (let k = 0; k < present.count; k++) {
      this.#sums.errors[present.groups[k]!]! += errors[present.rows[k]! & operand.mask]!
    }
  }

  #ensure(groupCount: number): void {
    this.#sums.ensure(groupCount)
    this.#seen.ensure(groupCount)
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#ensure(groupCount)
    this.#sums.addGroup(into, from)
    this.#seen.values[into]! |= this.#seen.values[from]!
  }

  state(groupCount: number, region: Region): Vector[] {
    this.#ensure(groupCount)
    const validity = bitmapOf(this.#seen.values, groupCount, region)
    return [
      float64Vector(this.#sums.sums, groupCount, validity, region),
      float64Vector(this.#sums.errors, groupCount, validity, region),
    ]
  }

  evaluate(groupCount: number, region: Region): Vector {
    this.#ensure(groupCount)
    const totals = new Float64Array(groupCount)
    for (let g = 0; g < groupCount; g++) totals[g] = this.#sums.total(g)
    return float64Vector(totals, groupCount, bitmapOf(this.#seen.values, groupCount, region), region)
  }

  release(): void {
    this.#sums.release()
    this.#seen.release()
  }
}
