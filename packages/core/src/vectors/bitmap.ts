import type { Region } from '@volley/kernels'
import { BOOL } from '../types/type-factory.ts'
import type { Selection } from './record-batch.ts'
import { Operand } from './operand.ts'
import { BoolVector, type Vector } from './vector.ts'

export function getBit(bits: Uint8Array, i: number): boolean {
  return ((bits[i >>> 3]! >>> (i & 7)) & 1) === 1
}

export function setBit(bits: Uint8Array, i: number): void {
  bits[i >>> 3]! |= 1 << (i & 7)
}

export function clearBit(bits: Uint8Array, i: number): void {
  bits[i >>> 3]! &= ~(1 << (i & 7))
}

/** A bitmap over `length` rows with the bits of `rows` set. */
export function bitsOfRows(rows: Selection, length: number, region: Region): Uint8Array {
  const bits = region.bitmap(length, false)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    bits[row >>> 3]! |= 1 << (row & 7)
  }
  return bits
}

/** Bits of the rows `rows`, one after the other. */
export function gatherBits(bits: Uint8Array, rows: Uint32Array, count: number, region: Region): Uint8Array {
  const out = region.bitmap(count, false)
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[k >>> 3]! |= ((bits[row >>> 3]! >>> (row & 7)) & 1) << (k & 7)
  }
  return out
}

/** Copies `count` bits from bit `start` of `bits` to bit `at` of `out`, whose bits there are zero. */
export function copyBits(bits: Uint8Array, start: number, count: number, out: Uint8Array, at: number): void {
  for (let k = 0; k < count; k++) {
    const from = start + k
    const to = at + k
    out[to >>> 3]! |= ((bits[from >>> 3]! >>> (from & 7)) & 1) << (to & 7)
  }
}

/**
 * Validity of a result that is NULL where any argument is: null (all present), a bitmap, or 'none' when an argument is
 * NULL in every row. One argument's bitmap is shared, not copied.
 */
export function commonValidity(vectors: readonly Vector[], length: number, region: Region): Uint8Array | null | 'none' {
  const bitmaps: Uint8Array[] = []
  for (const vector of vectors) {
    const operand = new Operand(vector)
    if (operand.isAlwaysNull) return 'none'
    if (!operand.isConstant && operand.validity !== null) bitmaps.push(operand.validity)
  }
  if (bitmaps.length <= 1) return bitmaps[0] ?? null
  const result = region.u8((length + 7) >>> 3)
  result.set(bitmaps[0]!.subarray(0, result.length))
  for (let b = 1; b < bitmaps.length; b++) {
    const bits = bitmaps[b]!
    for (let i = 0; i < result.length; i++) result[i]! &= bits[i]!
  }
  return result
}

/** A boolean column; with 'none' for validity, NULL in every row. */
export function boolVector(
  length: number,
  validity: Uint8Array | null | 'none',
  bits: Uint8Array,
  region: Region,
): BoolVector {
  return new BoolVector(BOOL, length, validity === 'none' ? region.bitmap(length, false) : validity, bits)
}

/** Bitmaps of the rows where a boolean column is TRUE and where it is FALSE. */
export function truthBits(vector: Vector, length: number, region: Region): { t: Uint8Array; f: Uint8Array } {
  const operand = new Operand(vector)
  if (operand.isAlwaysNull) {
    const none = region.bitmap(length, false)
    return { t: none, f: none }
  }
  const { bits } = operand.data as BoolVector
  if (operand.isConstant) {
    const value = (bits[0]! & 1) === 1
    return { t: region.bitmap(length, value), f: region.bitmap(length, !value) }
  }
  const bytes = (length + 7) >>> 3
  const t = region.u8(bytes)
  const f = region.u8(bytes)
  for (let i = 0; i < bytes; i++) {
    const present = operand.validity === null ? 0xff : operand.validity[i]!
    t[i] = bits[i]! & present
    f[i] = ~bits[i]! & present
  }
  return { t, f }
}
