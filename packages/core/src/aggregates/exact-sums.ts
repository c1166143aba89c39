import {
  sumDecimals,
  sumGroups,
  sumIntegers,
  writeSums,
  type Arena,
  type FixedColumn,
  type KernelRows,
  type WideColumn,
} from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import type { PrimitiveVector } from '../vectors/vector.ts'
import { groupZero, type GroupedRows, type SomeRows } from './accumulator-rows.ts'
import { GroupFloats } from './group-memory.ts'

const WORD = 4294967296
/** Additions of one 32-bit word each between looks at the limbs: 2^20 words stay below 2^52. */
const CARRY_EVERY = 1 << 20
/** What limbs stay below at a look, so that they are exact until the next. */
const SETTLED = 2 ** 51

/** Values of a batch that are too wide for a kernel, after which the rest goes without it. */
const MOST_STOPS = 16

type Width = 1 | 2 | 4

/**
 * Exact 128-bit sums, one per group: limbs of 32 bits in doubles, which take about a million additions before carries are
 * moved up. Groups have as many limbs as what is added has words, and more when a sum outgrows them: the sum of group g is
 * the sum of `limbs[width * g + i] * 2^(32 i)`.
 */
export class ExactSums {
  readonly #memory: GroupFloats
  #limbs: Float64Array
  #width: Width = 1
  #additions = 0
  #groupCount = 1

  constructor(arena: Arena | null = null) {
    this.#memory = new GroupFloats(arena)
    this.#limbs = this.#memory.values
  }

  get bytes(): number {
    return this.#limbs.byteLength
  }

  ensure(groupCount: number): void {
    this.#groupCount = Math.max(this.#groupCount, groupCount)
    this.#limbs = this.#memory.ensure(this.#groupCount * this.#width)
  }

  release(): void {
    this.#memory.release()
  }

  /**
   * Adds the values of a column that are not NULL by a kernel, and sets `seen` of groups that get one. Returns whether there is
   * one for it.
   */
  addColumn(column: FixedColumn, rows: KernelRows, seen: Uint8Array): boolean {
    if (rows.count > CARRY_EVERY) return false
    const long = column.values instanceof BigInt64Array || column.values instanceof BigUint64Array
    this.#widen(long ? 2 : 1)
    this.#expect(rows.count)
    return sumGroups(column, rows, this.#width, this.#limbs, seen)
  }

  /** Adds integers or unscaled decimals, none of them NULL. */
  add(type: DataType, operand: Operand, rows: GroupedRows): void {
    this.#widen(widthOf(type))
    for (let start = 0; start < rows.count; start += CARRY_EVERY) {
      const end = Math.min(rows.count, start + CARRY_EVERY)
      this.#expect(end - start)
      if (this.#width === 1) addNarrow(this.#limbs, operand, rows, start, end)
      else if (widthOf(type) === 4)
        addInt128(this.#limbs, operand.words, operand.mask, rows.groups, rows.rows, start, end)
      else addRange(this.#limbs, this.#width, type, operand, rows, start, end)
    }
  }

  /**
   * Adds the decimals of a column that are not NULL, and sets `seen` of groups that get one: runs of values that fit in 64 bits by
   * a kernel, the one after a run limb by limb. Returns whether there is a kernel.
   */
  addDecimals(column: WideColumn, rows: KernelRows, seen: Uint8Array): boolean {
    const { count } = rows
    if (count > CARRY_EVERY) return false
    this.#widen(4)
    this.#expect(count)
    let stops = 0
    for (let k = 0; k < count; k++) {
      const next = sumDecimals(column, rows, k, this.#limbs, seen)
      if (next === null) return false
      k = next
      if (k === count) break
      const end = ++stops > MOST_STOPS ? count : k + 1
      this.#addWide(column, rows, k, end, seen)
      k = end - 1
    }
    return true
  }

  /** Rows `from` to `end` (exclusive), whatever their values take. */
  #addWide(
    { words, mask, validity }: WideColumn,
    given: KernelRows,
    from: number,
    end: number,
    seen: Uint8Array,
  ): void {
    const limbs = this.#limbs
    for (let k = from; k < end; k++) {
      const row = (given.rows === null ? k : given.rows[k]!) & mask
      if (validity !== null && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
      const group = given.groups === null ? 0 : given.groups[k]!
      limbs[4 * group]! += words[4 * row]! >>> 0
      limbs[4 * group + 1]! += words[4 * row + 1]! >>> 0
      limbs[4 * group + 2]! += words[4 * row + 2]! >>> 0
      limbs[4 * group + 3]! += words[4 * row + 3]!
      seen[group] = 1
    }
  }

  /** Adds integers or unscaled decimals, none of them NULL, to group 0. */
  addAll(type: DataType, operand: Operand, present: SomeRows): void {
    const { count } = present
    if (count > CARRY_EVERY || operand.isConstant) {
      return this.add(type, operand, { groups: groupZero(count), rows: present.rows ?? allRows(count), count })
    }
    const width = widthOf(type)
    this.#widen(width)
    this.#expect(count)
    const limbs = this.#limbs
    if (width === 4) {
      const { words, mask } = operand
      return addInt128(limbs, words, mask, groupZero(count), present.rows ?? allRows(count), 0, count)
    }
    const words = width === 1 ? ((operand.data as PrimitiveVector).values as Int32Array) : operand.words
    for (let word = 0; word < width - 1; word++) limbs[word]! += sumUnsigned(words, word, width, present)
    const sumTop = typeName(type) === 'Uint64' ? sumUnsigned : sumSigned
    limbs[width - 1]! += sumTop(words, width - 1, width, present)
  }

  /** Adds the values of a column that are not NULL to group 0 by a kernel; how many they are, null where there is none for it. */
  addColumnToOne(column: FixedColumn, rows: Uint32Array | null, count: number): number | null {
    const sums = sumIntegers(column, rows, count)
    if (sums === null || sums.count === 0) return sums === null ? null : 0
    const long = column.values instanceof BigInt64Array || column.values instanceof BigUint64Array
    this.#widen(long ? 2 : 1)
    this.#expect(count)
    this.#limbs[0]! += sums.low
    if (long) this.#limbs[1]! += sums.high
    return sums.count
  }

  addGroup(into: number, from: number): void {
    this.#expect(1)
    for (let i = 0; i < this.#width; i++) {
      const most = Math.abs(this.#limbs[into * this.#width + i]!) + Math.abs(this.#limbs[from * this.#width + i]!)
      if (most < 2 * SETTLED) continue
      if (i === this.#width - 1 && this.#width < 4) this.#widen(this.#width === 1 ? 2 : 4)
      this.carry()
      break
    }
    const width = this.#width
    for (let i = 0; i < width; i++) this.#limbs[into * width + i]! += this.#limbs[from * width + i]!
  }

  /** Makes sure that the limbs stay exact with so many more additions. */
  #expect(additions: number): void {
    this.#additions += additions
    if (this.#additions <= CARRY_EVERY) return
    this.carry()
    this.#additions = additions
    if (this.#width === 4 || !isBeyond(this.#limbs, this.#width)) return
    this.#widen(this.#width === 1 ? 2 : 4)
    this.carry()
  }

  #widen(width: Width): void {
    const old = this.#width
    if (old >= width) return
    const groups = Math.floor(this.#limbs.length / old)
    const limbs = this.#memory.ensure(groups * width)
    // From the last one on, for none is to lie over one that has not moved yet.
    for (let from = (groups - 1) * old, to = (groups - 1) * width; from >= 0; from -= old, to -= width) {
      for (let i = width - 1; i >= 0; i--) limbs[to + i] = i < old ? limbs[from + i]! : 0
    }
    this.#limbs = limbs
    this.#width = width
  }

  /** Moves carries up, so that all limbs but the highest are in [0, 2^32). */
  carry(): void {
    const limbs = this.#limbs
    const width = this.#width
    if (width === 1) return
    for (let at = 0; at < limbs.length; at += width) {
      for (let i = at; i < at + width - 1; i++) {
        const up = Math.floor(limbs[i]! / WORD)
        limbs[i]! -= up * WORD
        limbs[i + 1]! += up
      }
    }
  }

  /** Writes the sums as Decimal words. @throws VolleyError 22003 beyond 38 digits. */
  writeDecimals(groupCount: number, words: Uint32Array): void {
    this.carry()
    const limbs = this.#limbs
    const width = this.#width
    if (width !== 4 && writeSums(limbs, width, groupCount, words)) return
    const top = width - 1
    for (let g = 0; g < groupCount; g++) {
      for (let i = 0; i < top; i++) words[g * 4 + i] = limbs[g * width + i]!
      let high = limbs[g * width + top]!
      // 10^38 is 0x4b3b4ca8... in the highest word.
      if (width === 4 && (high > 0x4b3b4ca8 || high < -0x4b3b4ca9)) {
        throw new VolleyError('a sum has more than 38 digits', { code: SqlState.numericValueOutOfRange })
      }
      for (let i = top; i < 4; i++) {
        words[g * 4 + i] = high
        high = Math.floor(high / WORD)
      }
    }
  }

  /** The sum as a double (after `carry`), rounded once. */
  toNumber(group: number): number {
    const limbs = this.#limbs
    const at = group * this.#width
    if (this.#width === 1) return limbs[at]!
    if (this.#width === 2) return limbs[at + 1]! * WORD + limbs[at]!
    const [a, b, c, d] = [limbs[at]!, limbs[at + 1]!, limbs[at + 2]!, limbs[at + 3]!]
    return d === 0 && c === 0 && b < 0x200000 ? b * WORD + a : Number(this.toBigInt(group))
  }

  /** The sum (after `carry`). */
  toBigInt(group: number): bigint {
    let sum = 0n
    for (let i = this.#width - 1; i >= 0; i--) sum = (sum << 32n) + BigInt(this.#limbs[group * this.#width + i]!)
    return sum
  }
}

/** Words of a value of the type. */
function widthOf(type: DataType): Width {
  switch (typeName(type)) {
    case 'Int64':
    case 'Uint64':
      return 2
    case 'Decimal':
      return 4
    default:
      return 1
  }
}

/** Whether the highest limb of a group is too large for more additions. */
function isBeyond(limbs: Float64Array, width: number): boolean {
  for (let at = width - 1; at < limbs.length; at += width) if (Math.abs(limbs[at]!) >= SETTLED) return true
  return false
}

/** The sum of values of so many words each, of one word of each. */
function sumSigned(words: Int32Array, word: number, width: number, { rows, count }: SomeRows): number {
  let sum = 0
  if (rows !== null) for (let k = 0; k < count; k++) sum += words[rows[k]! * width + word]!
  else for (let k = 0, at = word; k < count; k++, at += width) sum += words[at]!
  return sum
}

/** The same with the words taken as unsigned. */
function sumUnsigned(words: Int32Array, word: number, width: number, { rows, count }: SomeRows): number {
  let sum = 0
  if (rows !== null) for (let k = 0; k < count; k++) sum += words[rows[k]! * width + word]! >>> 0
  else for (let k = 0, at = word; k < count; k++, at += width) sum += words[at]! >>> 0
  return sum
}

/** Integers of at most 32 bits to groups of one limb. */
function addNarrow(
  limbs: Float64Array,
  operand: Operand,
  { groups, rows }: GroupedRows,
  start: number,
  end: number,
): void {
  const { mask } = operand
  const values = (operand.data as PrimitiveVector).values as Int32Array
  for (let k = start; k < end; k++) limbs[groups[k]!]! += values[rows[k]! & mask]!
}

function addRange(
  limbs: Float64Array,
  width: number,
  type: DataType,
  operand: Operand,
  { groups, rows }: GroupedRows,
  start: number,
  end: number,
): void {
  const { mask } = operand
  switch (typeName(type)) {
    case 'Int64':
    case 'Uint64': {
      const signed = typeName(type) === 'Int64'
      const { words } = operand
      if (signed) addInt64(limbs, width, words, mask, groups, rows, start, end)
      else addUint64(limbs, width, words, mask, groups, rows, start, end)
      return
    }
    default: {
      const values = (operand.data as PrimitiveVector).values as Int32Array
      for (let k = start; k < end; k++) limbs[groups[k]! * width]! += values[rows[k]! & mask]!
    }
  }
}

function addInt64(
  limbs: Float64Array,
  width: number,
  words: Int32Array,
  mask: number,
  groups: Uint32Array,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  for (let k = start; k < end; k++) {
    const row = (rows[k]! & mask) * 2
    const at = groups[k]! * width
    limbs[at]! += words[row]! >>> 0
    limbs[at + 1]! += words[row + 1]!
  }
}

function addUint64(
  limbs: Float64Array,
  width: number,
  words: Int32Array,
  mask: number,
  groups: Uint32Array,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  for (let k = start; k < end; k++) {
    const row = (rows[k]! & mask) * 2
    const at = groups[k]! * width
    limbs[at]! += words[row]! >>> 0
    limbs[at + 1]! += words[row + 1]! >>> 0
  }
}

function addInt128(
  limbs: Float64Array,
  words: Int32Array,
  mask: number,
  groups: Uint32Array,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  for (let k = start; k < end; k++) {
    const row = (rows[k]! & mask) * 4
    const at = groups[k]! * 4
    limbs[at]! += words[row]! >>> 0
    limbs[at + 1]! += words[row + 1]! >>> 0
    limbs[at + 2]! += words[row + 2]! >>> 0
    limbs[at + 3]! += words[row + 3]!
  }
}
