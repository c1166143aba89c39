import type { DataType } from 'apache-arrow'
import { countGroups, type Arena, type KernelRows, type Region } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import { isFloat } from '../types/coercion.ts'
import { outOfRange } from '../types/type-errors.ts'
import { divideRound, fitsDecimal, pow10 } from '../types/decimal.ts'
import { decimalType, FLOAT64, INT64, precisionOf, scaleOf } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { groupRows, presentOf, presentRows, type GroupedRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { ExactSums } from './exact-sums.ts'
import { FloatSums } from './float-sums.ts'
import { GroupFlags, GroupFloats } from './group-memory.ts'
import { INTERVAL_AVG_STATE, IntervalAvgAccumulator } from './interval-avg.ts'
import { fixedColumn, wideColumn } from './key-words.ts'
import { float64Vector, floatsOf, int64At, int64Vector } from './state-vectors.ts'
import { summable } from './sum.ts'

/** Digits behind the point that a mean of decimals has at least where there is room, as a quotient has. */
const MEAN_SCALE = 16
const MAX_PRECISION = 38

/** avg: a double, of integers from their exact sum; of decimals a decimal, rounded once. */
export const avg: AggregateFunction = {
  name: 'avg',
  aliases: ['mean'],
  description: 'Mean of the values.',
  examples: [{ sql: 'avg(2)', result: '2' }],
  resolve(argTypes) {
    if (argTypes.length === 1 && typeName(argTypes[0]!) === 'Interval')
      return { argTypes, returnType: argTypes[0]!, stateTypes: INTERVAL_AVG_STATE }
    const type = argTypes.length === 1 ? summable(argTypes[0]!) : null
    if (type === null) return null
    const sums = isFloat(type) ? [FLOAT64, FLOAT64] : [decimalType(38, scaleOf(type))]
    return { argTypes: [type], returnType: meanType(type), stateTypes: [...sums, INT64] }
  },
  createAccumulator: (argTypes, returnType, arena) =>
    typeName(returnType) === 'Interval'
      ? new IntervalAvgAccumulator(returnType)
      : new AvgAccumulator(argTypes[0]!, arena ?? null),
}

function meanType(type: DataType): DataType {
  if (typeName(type) !== 'Decimal') return FLOAT64
  const [precision, scale] = [precisionOf(type), scaleOf(type)]
  // 38 digits are the type of a sum, not what its values have.
  const room = precision === MAX_PRECISION ? MEAN_SCALE : MAX_PRECISION - (precision - scale)
  return decimalType(MAX_PRECISION, Math.max(scale, Math.min(MEAN_SCALE, room)))
}

/** Of a column of which only its NULLs count. */
const NO_VALUES = new Uint8Array(0)

class AvgAccumulator implements GroupsAccumulator {
  readonly #argType: DataType
  readonly #sumType: DataType
  readonly #exact: ExactSums | null
  readonly #floats: FloatSums | null
  readonly #counts: GroupFloats
  readonly #seen: GroupFlags

  constructor(argType: DataType, arena: Arena | null) {
    this.#argType = argType
    this.#sumType = decimalType(38, scaleOf(argType))
    this.#exact = isFloat(argType) ? null : new ExactSums(arena)
    this.#floats = isFloat(argType) ? new FloatSums(arena) : null
    this.#counts = new GroupFloats(arena)
    this.#seen = new GroupFlags(arena)
  }

  get bytes(): number {
    return (this.#exact?.bytes ?? 0) + (this.#floats?.bytes ?? 0) + this.#counts.bytes + this.#seen.bytes
  }

  #ensure(groupCount: number): void {
    this.#exact?.ensure(groupCount)
    this.#floats?.ensure(groupCount)
    this.#counts.ensure(groupCount)
    this.#seen.ensure(groupCount)
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
    const kernel = groupRows(groupCount, groups, rows, count)
    if (this.#addColumn(operand, kernel)) {
      const { mask, validity } = operand
      const column = { values: NO_VALUES, isBits: false, mask, validity }
      if (!countGroups(column, kernel, this.#counts.values)) this.#count(presentRows([operand], groups, rows, count))
      return
    }
    const present = presentRows([operand], groups, rows, count)
    if (present.count === 0) return
    this.#exact?.add(this.#argType, operand, present)
    this.#floats?.add(operand, present)
    this.#count(present)
  }

  /** Adds to the sums by a kernel; false where there is none. */
  #addColumn(operand: Operand, rows: KernelRows): boolean {
    const seen = this.#seen.values
    const decimals = this.#exact === null ? null : wideColumn(operand)
    if (decimals !== null) return this.#exact!.addDecimals(decimals, rows, seen)
    const column = fixedColumn(operand)
    return column !== null && (this.#exact ?? this.#floats!).addColumn(column, rows, seen)
  }

  #count(present: GroupedRows): void {
    const counts = this.#counts.values
    for (let k = 0; k < present.count; k++) counts[present.groups[k]!]!++
  }

  updateAll(args: readonly Vector[], rows: Selection | null, count: number): void {
    const operand = new Operand(args[0]!)
    if (operand.isAlwaysNull) return
    const column = this.#exact === null ? null : fixedColumn(operand)
    const added = column === null ? null : this.#exact!.addColumnToOne(column, rows, count)
    if (added !== null) {
      this.#counts.values[0]! += added
      return
    }
    const present = presentOf(operand, rows, count)
    if (present.count === 0) return
    const all = { rows, groups: null, count, groupCount: 1 }
    if (this.#exact !== null && this.#addColumn(operand, all)) {
      this.#counts.values[0]! += present.count
      return
    }
    this.#exact?.addAll(this.#argType, operand, present)
    this.#floats?.addAll(operand, present)
    this.#counts.values[0]! += present.count
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    this.#ensure(groupCount)
    const sums = new Operand(states[0]!)
    const present = presentRows([sums], groups, rows, count)
    if (present.count === 0) return
    this.#exact?.add(this.#sumType, sums, present)
    this.#floats?.add(sums, present)
    if (this.#floats !== null) {
      const errors = new Operand(states[1]!)
      const values = floatsOf(errors)
      for (let k = 0; k < present.count; k++) {
        this.#floats.errors[present.groups[k]!]! += values[present.rows[k]! & errors.mask]!
      }
    }
    const counts = new Operand(states.at(-1)!)
    const { words } = counts
    for (let k = 0; k < present.count; k++) {
      this.#counts.values[present.groups[k]!]! += int64At(words, present.rows[k]! & counts.mask)
    }
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#ensure(groupCount)
    this.#exact?.addGroup(into, from)
    this.#floats?.addGroup(into, from)
    this.#counts.values[into]! += this.#counts.values[from]!
  }

  state(groupCount: number, region: Region): Vector[] {
    this.#ensure(groupCount)
    const counts = int64Vector(this.#counts.values, groupCount, region)
    if (this.#floats !== null) {
      return [
        float64Vector(this.#floats.sums, groupCount, null, region),
        float64Vector(this.#floats.errors, groupCount, null, region),
        counts,
      ]
    }
    const words = region.u32(groupCount * 4)
    this.#exact!.writeDecimals(groupCount, words)
    return [new PrimitiveVector(this.#sumType, groupCount, null, words), counts]
  }

  evaluate(groupCount: number, region: Region): Vector {
    this.#ensure(groupCount)
    this.#exact?.carry()
    if (typeName(this.#argType) === 'Decimal') return this.#decimals(groupCount, region)
    const scale = 10 ** scaleOf(this.#argType)
    const means = new Float64Array(groupCount)
    const bits = region.bitmap(groupCount, false)
    for (let g = 0; g < groupCount; g++) {
      const count = this.#counts.values[g]!
      if (count === 0) continue
      bits[g >>> 3]! |= 1 << (g & 7)
      means[g] = this.#floats === null ? this.#exact!.toNumber(g) / scale / count : this.#floats.total(g) / count
    }
    return float64Vector(means, groupCount, bits, region)
  }

  #decimals(groupCount: number, region: Region): Vector {
    const type = meanType(this.#argType)
    const factor = pow10(scaleOf(type) - scaleOf(this.#argType))
    const words = region.u32(groupCount * 4).fill(0)
    const bits = region.bitmap(groupCount, false)
    for (let g = 0; g < groupCount; g++) {
      const count = this.#counts.values[g]!
      if (count === 0) continue
      bits[g >>> 3]! |= 1 << (g & 7)
      const mean = divideRound(this.#exact!.toBigInt(g) * factor, BigInt(count))
      if (!fitsDecimal(mean, type)) throw outOfRange(type)
      for (let i = 0; i < 4; i++) words[g * 4 + i] = Number(BigInt.asUintN(32, mean >> BigInt(32 * i)))
    }
    return new PrimitiveVector(type, groupCount, bits, words)
  }

  release(): void {
    this.#exact?.release()
    this.#floats?.release()
    this.#counts.release()
    this.#seen.release()
  }
}
