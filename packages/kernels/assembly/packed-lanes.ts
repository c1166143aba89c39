// Rows packed in few bits (formats/tantivy.md section 1.2), eight at a time: they take `width` whole bytes, and each of the two
// halves is moved to four lanes of 32 bits by a shuffle of bytes, a product that brings the first bits in line, and a shift.
import { emit } from './filter-compare'

/** The most bits of a value that starts anywhere in a byte and is in 32 bits. */
export const MOST_BITS: i32 = 25

/** Where the bytes of four values are, of which the first starts at a bit. */
// @ts-ignore: decorator
@inline
function bytesFrom(bit: i32, width: i32): v128 {
  let at = i32x4.splat(bit >> 3)
  at = i32x4.replace_lane(at, 1, (bit + width) >> 3)
  at = i32x4.replace_lane(at, 2, (bit + 2 * width) >> 3)
  at = i32x4.replace_lane(at, 3, (bit + 3 * width) >> 3)
  return i32x4.add(i32x4.mul(at, i32x4.splat(0x01010101)), i32x4.splat(0x03020100))
}

/** What moves the first bit of each to bit 7. */
// @ts-ignore: decorator
@inline
function factorsFrom(bit: i32, width: i32): v128 {
  let factors = i32x4.splat(1 << (7 - (bit & 7)))
  factors = i32x4.replace_lane(factors, 1, 1 << (7 - ((bit + width) & 7)))
  factors = i32x4.replace_lane(factors, 2, 1 << (7 - ((bit + 2 * width) & 7)))
  return i32x4.replace_lane(factors, 3, 1 << (7 - ((bit + 3 * width) & 7)))
}

// @ts-ignore: decorator
@inline
function lanes(at: usize, bytes: v128, factors: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_u(i32x4.mul(v128.swizzle(v128.load(at), bytes), factors), 7), mask)
}

/**
 * Writes first + i for each i below 8 * groups whose packed value is in [from, from + range]; the first value starts with a byte.
 * Answers where the next number is to be written; up to 16 bytes behind the values and from there on are touched.
 */
export function matchLanes(
  words: usize, width: i32, groups: i32, from: u32, range: u32, first: u32, out: usize,
): usize {
  const half = (4 * width) & 7
  const behind = usize((4 * width) >> 3)
  const bytesLow = bytesFrom(0, width)
  const bytesHigh = bytesFrom(half, width)
  const factorsLow = factorsFrom(0, width)
  const factorsHigh = factorsFrom(half, width)
  const mask = i32x4.splat((1 << width) - 1)
  const least = i32x4.splat(from)
  const most = i32x4.splat(range)
  let row = i32(first)
  let to = out
  let at = words
  for (let g = 0; g < groups; g++) {
    const low = i32x4.bitmask(i32x4.le_u(i32x4.sub(lanes(at, bytesLow, factorsLow, mask), least), most))
    const high = i32x4.bitmask(i32x4.le_u(i32x4.sub(lanes(at + behind, bytesHigh, factorsHigh, mask), least), most))
    if ((low | high) != 0) {
      to = emit(to, row, low)
      to = emit(to, row + 4, high)
    }
    row += 8
    at += usize(width)
  }
  return to
}

/** The same of 4 * groups values of 64 bits. */
export function matchWhole(words: usize, groups: i32, from: u64, range: u64, first: u32, out: usize): usize {
  const least = i64x2.splat(from)
  const sign = i64x2.splat(i64.MIN_VALUE)
  const most = i64x2.splat(i64(range) ^ i64.MIN_VALUE)
  let row = i32(first)
  let to = out
  let at = words
  for (let g = 0; g < groups; g++) {
    const low = i64x2.le_s(v128.xor(i64x2.sub(v128.load(at), least), sign), most)
    const high = i64x2.le_s(v128.xor(i64x2.sub(v128.load(at, 16), least), sign), most)
    if (v128.any_true(v128.or(low, high))) to = emit(to, row, i64x2.bitmask(low) | (i64x2.bitmask(high) << 2))
    row += 4
    at += 32
  }
  return to
}

/** Unpacks 8 * groups values, of which the first starts with a byte, to 64 bits, as (min + value) ^ flip. */
export function unpackLanes(words: usize, width: i32, groups: i32, min: u64, flip: u64, out: usize): void {
  const half = (4 * width) & 7
  const behind = usize((4 * width) >> 3)
  const bytesLow = bytesFrom(0, width)
  const bytesHigh = bytesFrom(half, width)
  const factorsLow = factorsFrom(0, width)
  const factorsHigh = factorsFrom(half, width)
  const mask = i32x4.splat((1 << width) - 1)
  const add = i64x2.splat(min)
  const turn = i64x2.splat(flip)
  let to = out
  let at = words
  for (let g = 0; g < groups; g++) {
    const low = lanes(at, bytesLow, factorsLow, mask)
    const high = lanes(at + behind, bytesHigh, factorsHigh, mask)
    v128.store(to, v128.xor(i64x2.add(i64x2.extend_low_i32x4_u(low), add), turn))
    v128.store(to, v128.xor(i64x2.add(i64x2.extend_high_i32x4_u(low), add), turn), 16)
    v128.store(to, v128.xor(i64x2.add(i64x2.extend_low_i32x4_u(high), add), turn), 32)
    v128.store(to, v128.xor(i64x2.add(i64x2.extend_high_i32x4_u(high), add), turn), 48)
    at += usize(width)
    to += 64
  }
}

/** The sum of 8 * groups values, of which the first starts with a byte. */
export function sumLanes(words: usize, width: i32, groups: i32): u64 {
  const half = (4 * width) & 7
  const behind = usize((4 * width) >> 3)
  const bytesLow = bytesFrom(0, width)
  const bytesHigh = bytesFrom(half, width)
  const factorsLow = factorsFrom(0, width)
  const factorsHigh = factorsFrom(half, width)
  const mask = i32x4.splat((1 << width) - 1)
  // so many sums of two values that a lane has room for
  const run = 1 << (31 - width)
  let total = i64x2.splat(0)
  let at = words
  for (let g = 0; g < groups;) {
    const end = min(groups, g + run)
    let sums = i32x4.splat(0)
    for (; g < end; g++) {
      sums = i32x4.add(sums, lanes(at, bytesLow, factorsLow, mask))
      sums = i32x4.add(sums, lanes(at + behind, bytesHigh, factorsHigh, mask))
      at += usize(width)
    }
    total = i64x2.add(total, i64x2.add(i64x2.extend_low_i32x4_u(sums), i64x2.extend_high_i32x4_u(sums)))
  }
  return u64(i64x2.extract_lane(total, 0) + i64x2.extract_lane(total, 1))
}
