import type { DataType } from 'apache-arrow'
import { type Arena, groupWords, hashWords, type Region } from '@volley/kernels'
import { GrowableBuffer } from '../runtime/growable-buffer.ts'
import { typeName } from '../types/data-types.ts'
import { allocValues } from '../vectors/build.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import { BoolVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import type { GroupTable } from './group-table.ts'

const FIRST_BITS = 8
const NO_GROUP = 0xffffffff

/**
 * Groups of one key of at most 8 bytes, kept as two words. Open addressing over slots that hold group + 1, at most half
 * full. The words of group g are `keys[2g]` and `keys[2g + 1]`.
 */
export class WordKeyTable implements GroupTable {
  readonly #type: DataType
  readonly #arena: Arena
  readonly #keys: GrowableBuffer
  #slots: GrowableBuffer
  /** The words of a batch's keys, and their groups. */
  readonly #words: GrowableBuffer
  readonly #groups: GrowableBuffer
  #bits = FIRST_BITS
  #count = 0
  #nullGroup = NO_GROUP

  constructor(type: DataType, arena: Arena) {
    this.#type = type
    this.#arena = arena
    this.#keys = new GrowableBuffer(arena, 4096)
    this.#slots = new GrowableBuffer(arena, 4 << FIRST_BITS)
    this.#slots.u32.fill(0)
    this.#words = new GrowableBuffer(arena)
    this.#groups = new GrowableBuffer(arena)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#keys.bytes + this.#slots.bytes + this.#words.bytes + this.#groups.bytes
  }

  assign(keys: readonly Vector[], rows: Uint32Array, count: number, out: Uint32Array): void {
    const operand = new Operand(keys[0]!)
    if (operand.isAlwaysNull) {
      out.fill(this.#groupOfNull(), 0, count)
      return
    }
    // Twice the present groups and this batch fit, so that no slot runs out while the loop runs.
    this.#reserve(this.#count + count)
    this.#words.ensure(8 * count)
    const words = this.#words.i32
    writeKeyWords(operand, rows, count, words)
    const { validity, mask: rowMask } = operand
    if (validity === null) {
      this.#groups.ensure(4 * count)
      const groups = this.#groups.u32
      const table = { keys: this.#keys.i32, slots: this.#slots.u32, bits: this.#bits }
      this.#count = groupWords(words, count, table, this.#count, groups)
      out.set(groups.subarray(0, count))
      return
    }
    const slots = this.#slots.u32
    const stored = this.#keys.i32
    const shift = 32 - this.#bits
    const mask = 2 ** this.#bits - 1
    let groups = this.#count
    for (let k = 0; k < count; k++) {
      const row = rows[k]! & rowMask
      if (((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) {
        this.#count = groups
        out[k] = this.#groupOfNull()
        groups = this.#count
        continue
      }
      const low = words[2 * k]!
      const high = words[2 * k + 1]!
      let slot = hashWords(low, high) >>> shift
      let entry = slots[slot]!
      while (entry !== 0 && (stored[2 * entry - 2] !== low || stored[2 * entry - 1] !== high)) {
        slot = (slot + 1) & mask
        entry = slots[slot]!
      }
      if (entry === 0) {
        stored[2 * groups] = low
        stored[2 * groups + 1] = high
        entry = ++groups
        slots[slot] = entry
      }
      out[k] = entry - 1
    }
    this.#count = groups
  }

  #groupOfNull(): number {
    if (this.#nullGroup === NO_GROUP) {
      this.#reserve(this.#count + 1)
      this.#nullGroup = this.#count++
      this.#keys.i32[2 * this.#nullGroup] = 0
      this.#keys.i32[2 * this.#nullGroup + 1] = 0
    }
    return this.#nullGroup
  }

  #reserve(groups: number): void {
    // One more, for the group of NULL.
    this.#keys.ensure((groups + 1) * 8)
    let bits = this.#bits
    while (2 ** bits < groups * 2) bits++
    if (bits === this.#bits) return
    this.#bits = bits
    const slots = new GrowableBuffer(this.#arena, 4 * 2 ** bits)
    slots.u32.fill(0)
    this.#slots.release()
    this.#slots = slots
    this.#reinsert()
  }

  #reinsert(): void {
    const slots = this.#slots.u32
    const stored = this.#keys.i32
    const shift = 32 - this.#bits
    const mask = 2 ** this.#bits - 1
    for (let group = 0; group < this.#count; group++) {
      if (group === this.#nullGroup) continue
      let slot = hashWords(stored[2 * group]!, stored[2 * group + 1]!) >>> shift
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = group + 1
    }
  }

  keys(region: Region): Vector[] {
    const count = this.#count
    const validity = this.#nullGroup === NO_GROUP ? null : allBut(this.#nullGroup, count, region)
    const stored = this.#keys.i32
    if (typeName(this.#type) === 'Bool') {
      const bits = region.bitmap(count, false)
      for (let g = 0; g < count; g++) bits[g >>> 3]! |= stored[2 * g]! << (g & 7)
      return [new BoolVector(this.#type, count, validity, bits)]
    }
    const values = allocValues(this.#type, count, region)
    if (values.BYTES_PER_ELEMENT === 8) {
      wordsOf(values).set(stored.subarray(0, count * 2))
    } else {
      // Float32 keys are kept as the bits of their value.
      const out: PrimitiveArray = values instanceof Float32Array ? wordsOf(values) : values
      for (let g = 0; g < count; g++) (out as Int32Array)[g] = stored[2 * g]!
    }
    return [new PrimitiveVector(this.#type, count, validity, values)]
  }

  release(): void {
    this.#keys.release()
    this.#slots.release()
    this.#words.release()
    this.#groups.release()
  }
}

/** A bitmap with all bits set but one. */
export function allBut(row: number, length: number, region: Region): Uint8Array {
  const bits = region.bitmap(length, true)
  bits[row >>> 3]! &= ~(1 << (row & 7))
  return bits
}

/** Writes the words of each row's key, two a row. */
function writeKeyWords(operand: Operand, rows: Uint32Array, count: number, out: Int32Array): void {
  const { mask, data } = operand
  if (data.encoding === 'bool') {
    const { bits } = data as BoolVector
    for (let k = 0; k < count; k++) {
      const row = rows[k]! & mask
      out[2 * k] = (bits[row >>> 3]! >>> (row & 7)) & 1
      out[2 * k + 1] = 0
    }
    return
  }
  const { values } = data as PrimitiveVector
  if (values instanceof Float64Array) copyFloats(values, rows, mask, count, out)
  else if (values instanceof Float32Array) copySingles(values, rows, mask, count, out)
  else if (values.BYTES_PER_ELEMENT === 8) copyWords(wordsOf(values), rows, mask, count, out)
  else copyIntegers(values as Int32Array, rows, mask, count, out)
}

function copyWords(words: Int32Array, rows: Uint32Array, mask: number, count: number, out: Int32Array): void {
  for (let k = 0; k < count; k++) {
    const row = rows[k]! & mask
    out[2 * k] = words[2 * row]!
    out[2 * k + 1] = words[2 * row + 1]!
  }
}

function copyIntegers(values: Int32Array, rows: Uint32Array, mask: number, count: number, out: Int32Array): void {
  for (let k = 0; k < count; k++) {
    out[2 * k] = values[rows[k]! & mask]!
    out[2 * k + 1] = 0
  }
}

function copyFloats(values: Float64Array, rows: Uint32Array, mask: number, count: number, out: Int32Array): void {
  const floats = new Float64Array(out.buffer, out.byteOffset, count)
  for (let k = 0; k < count; k++) {
    const value = values[rows[k]! & mask]!
    floats[k] = value === value ? value + 0 : Number.NaN
  }
}

function copySingles(values: Float32Array, rows: Uint32Array, mask: number, count: number, out: Int32Array): void {
  const singles = new Float32Array(out.buffer, out.byteOffset, 2 * count)
  for (let k = 0; k < count; k++) {
    const value = values[rows[k]! & mask]!
    singles[2 * k] = value === value ? value + 0 : Number.NaN
    singles[2 * k + 1] = 0
  }
}
