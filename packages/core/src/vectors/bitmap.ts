import type { Region } from '@volley/kernels'
import type { Selection } from './record-batch.ts'
import { Operand } from './operand.ts'
import type { Vector } from './vector.ts'

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
