import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { typeName } from '../types/data-types.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import type { PrimitiveVector } from '../vectors/vector.ts'
import { groupZero, grownFloats, type GroupedRows, type SomeRows } from './accumulator-rows.ts'

const WORD = 4294967296
/** Additions of one 32-bit word each that a limb takes before its carry must move on: 2^20 words stay below 2^53. */
const CARRY_EVERY = 1 << 20

/**
 * Exact 128-bit sums, one per group: four limbs of 32 bits in doubles, which take about a million additions before carries
 * are moved up. The sum of group g is the sum of `limbs[4g + i] * 2^(32 i)`.
 */
export class ExactSums {
  limbs: Float64Array = new Float64Array(64)
  #additions = 0

  get bytes(): number {
    return this.limbs.byteLength
  }

  ensure(groupCount: number): void {
    this.limbs = grownFloats(this.limbs, groupCount * 4)
  }

  /** Adds integers or unscaled decimals, none of them NULL. */
  add(type: DataType, operand: Operand, rows: GroupedRows): void {
    for (let start = 0; start < rows.count; start += CARRY_EVERY) {
      const end = Math.min(rows.count, start + CARRY_EVERY)
      this.#additions += end - start
      if (this.#additions > CARRY_EVERY) this.carry(end - start)
      addRange(this.limbs, type, operand, rows, start, end)
    }
  }

  /** Adds integers or unscaled decimals, none of them NULL, to group 0. */
  addAll(type: DataType, operand: Operand, present: SomeRows): void {
    const { count } = present
    if (count > CARRY_EVERY || operand.isConstant) {
      return this.add(type, operand, { groups: groupZero(count), rows: present.rows ?? allRows(count), count })
    }
    this.#additions += count
    if (this.#additions > CARRY_EVERY) this.carry(count)
    const { limbs } = this
    switch (typeName(type)) {
      case 'Int64':
      case 'Uint64':
      case 'Decimal': {
        const { words } = operand
        const width = typeName(type) === 'Decimal' ? 4 : 2
        for (let word = 0; word < width - 1; word++) limbs[word]! += sumUnsigned(words, word, width, present)
        const signed = typeName(type) !== 'Uint64'
        const top = width - 1
        limbs[top]! += signed ? sumSigned(words, top, width, present) : sumUnsigned(words, top, width, present)
        return
      }
      default:
        limbs[0]! += sumSigned((operand.data as PrimitiveVector).values as Int32Array, 0, 1, present)
    }
  }

  /** Moves carries up, so that the lower limbs are in [0, 2^32). */
  carry(additionsAfter = 0): void {
    const { limbs } = this
    for (let at = 0; at < limbs.length; at += 4) {
      for (let i = 0; i < 3; i++) {
        const up = Math.floor(limbs[at + i]! / WORD)
        limbs[at + i]! -= up * WORD
        limbs[at + i + 1]! += up
      }
    }
    this.#additions = additionsAfter
  }

  addGroup(into: number, from: number): void {
    if (++this.#additions > CARRY_EVERY) this.carry(1)
    for (let i = 0; i < 4; i++) this.limbs[into * 4 + i]! += this.limbs[from * 4 + i]!
  }

  /** Writes the sums (after `carry`) as Decimal words. @throws VolleyError 22003 beyond 38 digits. */
  writeDecimals(groupCount: number, words: Uint32Array): void {
    this.carry()
    for (let g = 0; g < groupCount; g++) {
      const high = this.limbs[g * 4 + 3]!
      // 10^38 is 0x4b3b4ca8... in the highest word.
      if (high > 0x4b3b4ca8 || high < -0x4b3b4ca9) {
        throw new VolleyError('a sum has more than 38 digits', { code: SqlState.numericValueOutOfRange })
      }
      for (let i = 0; i < 4; i++) words[g * 4 + i] = this.limbs[g * 4 + i]!
    }
  }

  /** The sum as a double (after `carry`), rounded once. */
  toNumber(group: number): number {
    const [a, b, c, d] = this.limbs.subarray(group * 4, group * 4 + 4) as unknown as [number, number, number, number]
    if (d === 0 && c === 0 && b < 0x200000) return b * WORD + a
    const value = (BigInt(d) << 96n) + (BigInt(c) << 64n) + (BigInt(b) << 32n) + BigInt(a)
    return Number(value)
  }
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

function addRange(
  limbs: Float64Array,
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
      if (signed) addInt64(limbs, words, mask, groups, rows, start, end)
      else addUint64(limbs, words, mask, groups, rows, start, end)
      return
    }
    case 'Decimal':
      return addInt128(limbs, operand.words, mask, groups, rows, start, end)
    default: {
      const values = (operand.data as PrimitiveVector).values as Int32Array
      for (let k = start; k < end; k++) limbs[groups[k]! * 4]! += values[rows[k]! & mask]!
    }
  }
}

function addInt64(
  limbs: Float64Array,
  words: Int32Array,
  mask: number,
  groups: Uint32Array,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  for (let k = start; k < end; k++) {
    const row = (rows[k]! & mask) * 2
    const at = groups[k]! * 4
    limbs[at]! += words[row]! >>> 0
    limbs[at + 1]! += words[row + 1]!
  }
}

function addUint64(
  limbs: Float64Array,
  words: Int32Array,
  mask: number,
  groups: Uint32Array,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  for (let k = start; k < end; k++) {
    const row = (rows[k]! & mask) * 2
    const at = groups[k]! * 4
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
