import type { DataType } from 'apache-arrow'
import {
  bestOfGroups,
  boundIntegers,
  type Arena,
  type FixedColumn,
  type KernelRows,
  type Region,
} from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import { resolveNull } from '../types/coercion.ts'
import { allocValues } from '../vectors/build.ts'
import { compareInt128, compareInt64, compareIntervals, compareNumbers } from '../vectors/compare.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { BoolVector, PrimitiveVector, type Vector } from '../vectors/vector.ts'
import { groupRows, groupZero, presentOf, presentRows, type GroupedRows, type SomeRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { BestBytes } from './best-bytes.ts'
import { FoldAccumulator } from './fold-accumulator.ts'
import { GroupFlags, GroupFloats, GroupWords } from './group-memory.ts'
import { fixedColumn } from './key-words.ts'
import { compareScalars } from '../types/compare-scalars.ts'
import { bitmapOf } from './state-vectors.ts'

/** min: the first value in the type's order; NaN is above every number. */
export const min: AggregateFunction = extreme('min', 'Smallest value.', 1)

/** max: the last value in the type's order. */
export const max: AggregateFunction = extreme('max', 'Largest value.', -1)

function isNested(type: DataType): boolean {
  return typeName(type) === 'List' || typeName(type) === 'Struct'
}

function extreme(name: string, description: string, sign: 1 | -1): AggregateFunction {
  return {
    name,
    description,
    examples: [{ sql: `${name}(2)`, result: '2' }],
    ignoresDuplicates: true,
    resolve(argTypes) {
      if (argTypes.length !== 1) return null
      const type = resolveNull(argTypes[0]!)
      return { argTypes: [type], returnType: type, stateTypes: [type] }
    },
    createAccumulator: (_argTypes, returnType, arena) =>
      isNested(returnType)
        ? new FoldAccumulator(returnType, (a, b) => (compareScalars(b, a, returnType) * sign < 0 ? b : a))
        : new ExtremeAccumulator(returnType, bestOf(returnType, sign, arena ?? null), arena ?? null),
  }
}

/** The best value of each group. */
interface Best {
  readonly bytes: number
  ensure(groupCount: number): void
  release(): void
  /** Takes the values of a column that are not NULL by a kernel; returns whether there is one for it. */
  offerColumn?(column: FixedColumn, rows: KernelRows, seen: Uint8Array): boolean
  /** Takes the values that beat their group's, or that are the first of it (`seen` is 0, and set to 1). */
  offer(operand: Operand, rows: GroupedRows, seen: Uint8Array): void
  /** The same for group 0. */
  offerColumnToOne?(column: FixedColumn, rows: Selection | null, count: number, seen: Uint8Array): boolean
  /** The same where group 0 is the only one, and the operand is no constant. */
  offerAll?(operand: Operand, rows: SomeRows, seen: Uint8Array): void
  copy(into: number, from: number, seen: Uint8Array): void
  vector(type: DataType, groupCount: number, validity: Uint8Array | null, region: Region): Vector
}

class ExtremeAccumulator implements GroupsAccumulator {
  readonly #type: DataType
  readonly #best: Best
  readonly #seen: GroupFlags

  constructor(type: DataType, best: Best, arena: Arena | null) {
    this.#type = type
    this.#best = best
    this.#seen = new GroupFlags(arena)
  }

  get bytes(): number {
    return this.#best.bytes + this.#seen.bytes
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
    const column = this.#best.offerColumn === undefined ? null : fixedColumn(operand)
    if (column !== null && this.#best.offerColumn!(column, groupRows(groupCount, groups, rows, count), seen)) return
    const present = presentRows([operand], groups, rows, count)
    if (present.count > 0) this.#best.offer(operand, present, seen)
  }

  updateAll(args: readonly Vector[], rows: Selection | null, count: number): void {
    const operand = new Operand(args[0]!)
    if (operand.isConstant || this.#best.offerAll === undefined) {
      return this.update(1, groupZero(count), args, rows, count)
    }
    const column = this.#best.offerColumnToOne === undefined ? null : fixedColumn(operand)
    if (column !== null && this.#best.offerColumnToOne!(column, rows, count, this.#seen.values)) return
    const present = presentOf(operand, rows, count)
    if (present.count > 0) this.#best.offerAll(operand, present, this.#seen.values)
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

  #ensure(groupCount: number): void {
    this.#best.ensure(groupCount)
    this.#seen.ensure(groupCount)
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#ensure(groupCount)
    if (this.#seen.values[from] === 1) this.#best.copy(into, from, this.#seen.values)
  }

  state(groupCount: number, region: Region): Vector[] {
    return [this.evaluate(groupCount, region)]
  }

  evaluate(groupCount: number, region: Region): Vector {
    this.#ensure(groupCount)
    return this.#best.vector(this.#type, groupCount, bitmapOf(this.#seen.values, groupCount, region), region)
  }

  release(): void {
    this.#best.release()
    this.#seen.release()
  }
}

function bestOf(type: DataType, sign: 1 | -1, arena: Arena | null): Best {
  switch (typeName(type)) {
    case 'Utf8':
    case 'Json':
    case 'Binary':
      return new BestBytes(sign)
    case 'Int64':
    case 'Time':
    case 'Timestamp':
      return new BestWords(2, sign, arena, (a, i, b, j) => sign * compareInt64(a, i, b, j, 0x80000000 | 0))
    case 'Uint64':
      return new BestWords(2, sign, arena, (a, i, b, j) => sign * compareInt64(a, i, b, j, 0))
    case 'Decimal':
      return new BestWords(4, sign, arena, (a, i, b, j) => sign * compareInt128(a, i, b, j))
    case 'Interval':
      return new BestWords(4, sign, arena, (a, i, b, j) => sign * compareIntervals(a, i, b, j))
    default:
      return new BestNumbers(sign, arena)
  }
}

/** Booleans, integers of at most 32 bits, dates and floats, as doubles. */
class BestNumbers implements Best {
  readonly #sign: 1 | -1
  readonly #arena: Arena | null
  readonly #values: GroupFloats

  constructor(sign: 1 | -1, arena: Arena | null) {
    this.#sign = sign
    this.#arena = arena
    this.#values = new GroupFloats(arena)
  }

  get bytes(): number {
    return this.#values.bytes
  }

  ensure(groupCount: number): void {
    this.#values.ensure(groupCount)
  }

  release(): void {
    this.#values.release()
  }

  offerColumn(column: FixedColumn, rows: KernelRows, seen: Uint8Array): boolean {
    return bestOfGroups(column, rows, this.#sign, this.#values.values, seen)
  }

  offer(operand: Operand, { groups, rows, count }: GroupedRows, seen: Uint8Array): void {
    const best = this.#values.values
    const sign = this.#sign
    const { mask, data } = operand
    const values = data.encoding === 'bool' ? bitsAsNumbers(data as BoolVector) : (data as PrimitiveVector).values
    for (let k = 0; k < count; k++) {
      const group = groups[k]!
      const value = values[rows[k]! & mask] as number
      if (seen[group] === 1 && sign * compareNumbers(value, best[group]!) >= 0) continue
      seen[group] = 1
      best[group] = value
    }
  }

  offerColumnToOne(column: FixedColumn, rows: Selection | null, count: number, seen: Uint8Array): boolean {
    const { values } = column
    if (column.isBits || values instanceof Float64Array || values instanceof Float32Array) return false
    const bounds = this.#arena === null ? null : boundIntegers(this.#arena, column, rows, count)
    if (bounds !== null) this.#take(Number(bounds[this.#sign === 1 ? 0 : 1]), seen)
    return bounds !== null
  }

  offerAll(operand: Operand, rows: SomeRows, seen: Uint8Array): void {
    const { data } = operand
    const values = data.encoding === 'bool' ? bitsAsNumbers(data as BoolVector) : (data as PrimitiveVector).values
    this.#take((this.#sign === 1 ? leastOf : greatestOf)(values as Int32Array, rows), seen)
  }

  #take(value: number, seen: Uint8Array): void {
    const best = this.#values.values
    if (seen[0] === 1 && this.#sign * compareNumbers(value, best[0]!) >= 0) return
    seen[0] = 1
    best[0] = value
  }

  copy(into: number, from: number, seen: Uint8Array): void {
    const values = this.#values.values
    const value = values[from]!
    if (seen[into] === 1 && this.#sign * compareNumbers(value, values[into]!) > 0) return
    seen[into] = 1
    values[into] = value
  }

  vector(type: DataType, groupCount: number, validity: Uint8Array | null, region: Region): Vector {
    if (typeName(type) === 'Bool') {
      const bits = region.bitmap(groupCount, false)
      for (let g = 0; g < groupCount; g++) bits[g >>> 3]! |= this.#values.values[g]! << (g & 7)
      return new BoolVector(type, groupCount, validity, bits)
    }
    const out = allocValues(type, groupCount, region)
    ;(out as Float64Array).set(this.#values.values.subarray(0, groupCount))
    return new PrimitiveVector(type, groupCount, validity, out)
  }
}

/** The least of some values, NaN being above every number. */
function leastOf(values: Int32Array, { rows, count }: SomeRows): number {
  let best = values[rows === null ? 0 : rows[0]!]!
  for (let k = 1; k < count; k++) {
    const value = values[rows === null ? k : rows[k]!]!
    if (value < best || best !== best) best = value
  }
  return best
}

function greatestOf(values: Int32Array, { rows, count }: SomeRows): number {
  let best = values[rows === null ? 0 : rows[0]!]!
  for (let k = 1; k < count && best === best; k++) {
    const value = values[rows === null ? k : rows[k]!]!
    if (value > best || value !== value) best = value
  }
  return best
}

function bitsAsNumbers(vector: BoolVector): Uint8Array {
  const out = new Uint8Array(vector.length)
  for (let i = 0; i < out.length; i++) out[i] = (vector.bits[i >>> 3]! >>> (i & 7)) & 1
  return out
}

type CompareWords = (a: Int32Array, i: number, b: Int32Array, j: number) => number

/** Values of two or four words. */
class BestWords implements Best {
  readonly #width: 2 | 4
  readonly #compare: CompareWords
  readonly #sign: 1 | -1
  readonly #arena: Arena | null
  readonly #words: GroupWords

  constructor(width: 2 | 4, sign: 1 | -1, arena: Arena | null, compare: CompareWords) {
    this.#arena = arena
    this.#width = width
    this.#sign = sign
    this.#compare = compare
    this.#words = new GroupWords(arena)
  }

  get bytes(): number {
    return this.#words.bytes
  }

  ensure(groupCount: number): void {
    this.#words.ensure(groupCount * this.#width)
  }

  release(): void {
    this.#words.release()
  }

  offerColumn(column: FixedColumn, rows: KernelRows, seen: Uint8Array): boolean {
    return this.#width === 2 && bestOfGroups(column, rows, this.#sign, this.#words.values, seen)
  }

  offer(operand: Operand, { groups, rows, count }: GroupedRows, seen: Uint8Array): void {
    const { words, mask } = operand
    for (let k = 0; k < count; k++) this.#take(words, rows[k]! & mask, groups[k]!, seen, 0)
  }

  offerColumnToOne(column: FixedColumn, rows: Selection | null, count: number, seen: Uint8Array): boolean {
    const bounds = this.#width === 4 || this.#arena === null ? null : boundIntegers(this.#arena, column, rows, count)
    if (bounds === null) return false
    const value = bounds[this.#sign === 1 ? 0 : 1]
    const words = Int32Array.of(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
    this.#take(words, 0, 0, seen, 0)
    return true
  }

  offerAll(operand: Operand, { rows, count }: SomeRows, seen: Uint8Array): void {
    const { words } = operand
    const compare = this.#compare
    let best = rows === null ? 0 : rows[0]!
    for (let k = 1; k < count; k++) {
      const row = rows === null ? k : rows[k]!
      if (compare(words, row, words, best) < 0) best = row
    }
    this.#take(words, best, 0, seen, 0)
  }

  copy(into: number, from: number, seen: Uint8Array): void {
    this.#take(this.#words.values, from, into, seen, 1)
  }

  #take(words: Int32Array, row: number, group: number, seen: Uint8Array, limit: number): void {
    const best = this.#words.values
    if (seen[group] === 1 && this.#compare(words, row, best, group) >= limit) return
    seen[group] = 1
    const width = this.#width
    for (let i = 0; i < width; i++) best[group * width + i] = words[row * width + i]!
  }

  vector(type: DataType, groupCount: number, validity: Uint8Array | null, region: Region): Vector {
    const out = allocValues(type, groupCount, region)
    wordsOf(out).set(this.#words.values.subarray(0, groupCount * this.#width))
    return new PrimitiveVector(type, groupCount, validity, out)
  }
}
