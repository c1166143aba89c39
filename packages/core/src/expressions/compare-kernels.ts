import { compareBytes, equalBytes } from '../vectors/bytes-kernels.ts'
import { compareIntervals } from '../vectors/compare.ts'

// Each kernel reads `rows[0 .. count)`, writes the rows that pass to `out` and returns how many. Row i of a side is value
// `i & mask`: mask 0 makes it a constant. `flip` 1 selects the rows that do not pass. Rows where a side is NULL hold
// undefined values and are removed by the caller. The writes are unconditional so that no branch depends on the data.

export type NumberArray = Int32Array | Float64Array

/** a < b; NaN is above every number. */
export function selectLessNumber(
  a: NumberArray,
  aMask: number,
  b: NumberArray,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const x = a[row & aMask]!
    const y = b[row & bMask]!
    out[n] = row
    n += (+(x < y) | (+(y !== y) & +(x === x))) ^ flip
  }
  return n
}

/** a = b; NaN equals NaN. */
export function selectEqualNumber(
  a: NumberArray,
  aMask: number,
  b: NumberArray,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const x = a[row & aMask]!
    const y = b[row & bMask]!
    out[n] = row
    n += (+(x === y) | (+(y !== y) & +(x !== x))) ^ flip
  }
  return n
}

const SIGN = 0x80000000 | 0

/** a < b of 64-bit integers in words; `sign` is 0 for signed ones and the sign bit for unsigned ones. */
export function selectLessInt64(
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
  sign: number,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 1
    const j = (row & bMask) << 1
    const ah = a[i + 1]! ^ sign
    const bh = b[j + 1]! ^ sign
    out[n] = row
    n += (+(ah < bh) | (+(ah === bh) & +((a[i]! ^ SIGN) < (b[j]! ^ SIGN)))) ^ flip
  }
  return n
}

/** a = b of 64-bit integers in words. */
export function selectEqualInt64(
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const i = (row & aMask) << 1
    const j = (row & bMask) << 1
    out[n] = row
    n += +(((a[i]! ^ b[j]!) | (a[i + 1]! ^ b[j + 1]!)) === 0) ^ flip
  }
  return n
}

/** a < b, or a = b, of intervals by length. Only rows that are not NULL may be given. */
export function selectIntervals(
  a: Int32Array,
  aMask: number,
  b: Int32Array,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
  equal: boolean,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const order = compareIntervals(a, row & aMask, b, row & bMask)
    out[n] = row
    n += +(equal ? order === 0 : order < 0) ^ flip
  }
  return n
}

/** a < b (false before true) or a = b of bits. */
export function selectBools(
  a: Uint8Array,
  aMask: number,
  b: Uint8Array,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
  equal: boolean,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const i = row & aMask
    const j = row & bMask
    const x = (a[i >>> 3]! >>> (i & 7)) & 1
    const y = (b[j >>> 3]! >>> (j & 7)) & 1
    out[n] = row
    n += (equal ? 1 ^ x ^ y : ~x & y & 1) ^ flip
  }
  return n
}

/** a = b of byte runs. */
export function selectEqualBytes(
  aOffsets: Int32Array,
  aBytes: Uint8Array,
  aMask: number,
  bOffsets: Int32Array,
  bBytes: Uint8Array,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const i = row & aMask
    const j = row & bMask
    out[n] = row
    n += +equalBytes(aBytes, aOffsets[i]!, aOffsets[i + 1]!, bBytes, bOffsets[j]!, bOffsets[j + 1]!) ^ flip
  }
  return n
}

/** a < b of byte runs. */
export function selectLessBytes(
  aOffsets: Int32Array,
  aBytes: Uint8Array,
  aMask: number,
  bOffsets: Int32Array,
  bBytes: Uint8Array,
  bMask: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const i = row & aMask
    const j = row & bMask
    out[n] = row
    n += +(compareBytes(aBytes, aOffsets[i]!, aOffsets[i + 1]!, bBytes, bOffsets[j]!, bOffsets[j + 1]!) < 0) ^ flip
  }
  return n
}

/** Rows whose code is in [low, high). */
export function selectCodeRange(
  codes: Uint32Array,
  low: number,
  high: number,
  rows: Uint32Array,
  count: number,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    const code = codes[row]!
    out[n] = row
    n += (+(code >= low) & +(code < high)) ^ flip
  }
  return n
}
