import { selectKeyBits, type Region } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import { Operand } from '../vectors/operand.ts'
import { kernelRows } from '../vectors/selection.ts'
import type { PrimitiveVector, Vector } from '../vectors/vector.ts'

/** Slots that a table may have for each of its rows, and those that it may have in any case. */
const SLOTS_PER_ROW = 8
const FREE_SLOTS = 1_048_576

/** A key whose values, integers of up to 32 bits, are the places of their rows in a table: `min` has the first. */
export interface DenseKey {
  /** Position among the keys. */
  readonly index: number
  readonly min: number
  readonly slots: number
}

/** The key of a table of `length` rows whose values lie closest to one another without being too few; null where none do. */
export function denseKey(keys: readonly Vector[], length: number): DenseKey | null {
  const limit = Math.max(FREE_SLOTS, length * SLOTS_PER_ROW)
  let best: DenseKey | null = null
  for (const [index, key] of keys.entries()) {
    const bounds = integerBounds(key, length)
    if (bounds === null) continue
    const slots = bounds[1] - bounds[0] + 1
    if (slots <= limit && (best === null || slots > best.slots)) best = { index, min: bounds[0], slots }
  }
  return best
}

function integerBounds(key: Vector, length: number): [min: number, max: number] | null {
  const words = wordsPerValue(key)
  if (words === null) return null
  const operand = new Operand(key)
  if (operand.isConstant || length === 0) return null
  return words === 1
    ? boundsOf32((key as PrimitiveVector).values as Int32Array, operand.validity, length)
    : boundsOf64(operand.words, operand.validity, length)
}

/** 32-bit words of a value of a signed integer type; null for other types. */
function wordsPerValue(key: Vector): 1 | 2 | null {
  switch (typeName(key.type)) {
    case 'Int32':
    case 'Date':
      return 1
    case 'Int64':
    case 'Timestamp':
      return 2
    default:
      return null
  }
}

function boundsOf32(values: Int32Array, validity: Uint8Array | null, length: number): [number, number] | null {
  let min = 0x7fffffff
  let max = -0x80000000
  for (let i = 0; i < length; i++) {
    if (validity !== null && ((validity[i >>> 3]! >>> (i & 7)) & 1) === 0) continue
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return min > max ? null : [min, max]
}

/** Null where a value needs more than 32 bits. */
function boundsOf64(words: Int32Array, validity: Uint8Array | null, length: number): [number, number] | null {
  let min = 0x7fffffff
  let max = -0x80000000
  let wide = 0
  for (let i = 0; i < length; i++) {
    if (validity !== null && ((validity[i >>> 3]! >>> (i & 7)) & 1) === 0) continue
    const value = words[2 * i]!
    wide |= words[2 * i + 1]! ^ (value >> 31)
    if (value < min) min = value
    if (value > max) max = value
  }
  return min > max || wide !== 0 ? null : [min, max]
}

/** The slot of each row: the last one, `dense.slots`, where the key is NULL or no row has its value. */
export function denseSlots(
  dense: DenseKey,
  key: Vector,
  rows: Uint32Array,
  count: number,
  out: Uint32Array = new Uint32Array(count),
): Uint32Array {
  const operand = new Operand(key)
  if (operand.isAlwaysNull) return out.fill(dense.slots)
  const { mask, validity } = operand
  const { min, slots } = dense
  if (wordsPerValue(key) === 1) slotsOf32(operand.words, mask, min, slots, rows, count, out)
  else slotsOf64(operand.words, mask, min, slots, rows, count, out)
  if (validity !== null) {
    for (let k = 0; k < count; k++) {
      const at = rows[k]! & mask
      if (((validity[at >>> 3]! >>> (at & 7)) & 1) === 0) out[k] = slots
    }
  }
  return out
}

function slotsOf32(
  values: Int32Array,
  mask: number,
  min: number,
  slots: number,
  rows: Uint32Array,
  count: number,
  out: Uint32Array,
): void {
  for (let k = 0; k < count; k++) {
    // Differences that wrap around are at or above the number of slots.
    const slot = (values[rows[k]! & mask]! - min) >>> 0
    out[k] = slot < slots ? slot : slots
  }
}

function slotsOf64(
  words: Int32Array,
  mask: number,
  min: number,
  slots: number,
  rows: Uint32Array,
  count: number,
  out: Uint32Array,
): void {
  for (let k = 0; k < count; k++) {
    const at = (rows[k]! & mask) * 2
    const low = words[at]!
    const slot = (low - min) >>> 0
    out[k] = slot < slots && words[at + 1] === low >> 31 ? slot : slots
  }
}

/** Values that a bitmap may stand for: 8 MiB of them. */
const BITMAP_VALUES = 67_108_864

/** The values of an integer key of all rows as bits from the least one on; null for other keys, and where they lie too far apart. */
export class KeyBits {
  readonly #key: DenseKey
  readonly #bits: Uint8Array

  private constructor(key: DenseKey, bits: Uint8Array) {
    this.#key = key
    this.#bits = bits
  }

  /** The bits are in the region. */
  static of(key: Vector, rows: Uint32Array, region: Region): KeyBits | null {
    const bounds = integerBounds(key, key.length)
    if (bounds === null || bounds[1] - bounds[0] >= BITMAP_VALUES) return null
    const dense = { index: 0, min: bounds[0], slots: bounds[1] - bounds[0] + 1 }
    const bits = region.u8((dense.slots >>> 3) + 1).fill(0)
    const slots = denseSlots(dense, key, rows, rows.length)
    for (let k = 0; k < slots.length; k++) bits[slots[k]! >>> 3]! |= 1 << (slots[k]! & 7)
    // The slot of NULL, and of what is out of bounds.
    bits[dense.slots >>> 3]! &= ~(1 << (dense.slots & 7))
    return new KeyBits(dense, bits)
  }

  /** Writes the rows to `out`, which may be `rows`, whose value is among them; a NULL may be taken for any value. */
  select(key: Vector, rows: Uint32Array, out: Uint32Array): number {
    const { min, slots } = this.#key
    const operand = new Operand(key)
    if (operand.isAlwaysNull) return 0
    const { words } = operand
    const wide = wordsPerValue(operand.data) === 2
    if (!operand.isConstant) {
      return selectKeyBits(words, wide, kernelRows(rows), rows.length, min, slots, this.#bits, out)
    }
    const one = selectKeyBits(words, wide, null, 1, min, slots, this.#bits, new Uint32Array(1))
    if (one === 1 && out !== rows) out.set(rows)
    return one * rows.length
  }
}
