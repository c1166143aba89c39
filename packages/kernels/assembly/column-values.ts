// Values of a column, packed one after another in up to 64 bits (formats/tantivy.md sections 1.2 and 9.5). A value is
// min + gcd * (line(x) + raw); line is the intercept plus the sign-extended upper word of x * slope, and 0 without a line.

import { matchLanes, matchWhole, MOST_BITS, sumLanes, unpackLanes } from './packed-lanes'

/** Rows from which they are taken eight at a time. */
const LANES_FROM: i32 = 64

// @ts-ignore: decorator
@inline
function raw(words: usize, bit: u64, mask: u64): u64 {
  return (load<u64>(words + usize(bit >> 3)) >> (bit & 7)) & mask
}

/** Undoes the order-preserving mapping: 0 none, 1 signed integers, 2 floats. */
// @ts-ignore: decorator
@inline
function unmap(value: u64, mapping: i32): u64 {
  if (mapping == 0) return value
  if (mapping == 1) return value ^ 0x8000000000000000
  // the sign bit is set in what was positive
  const negative = ~(i64(value) >> 63)
  return value ^ (u64(negative) | 0x8000000000000000)
}

// @ts-ignore: decorator
@inline
function maskOf(width: i32): u64 {
  return width == 64 ? u64.MAX_VALUE : (u64(1) << width) - 1
}

/** Unpacks rows [start, start + count) of `width` bits (0 to 56, or 64) to 64-bit values. */
export function unpackValues(
  words: usize, width: i32, start: u32, count: i32, gcd: u64, min: u64, mapping: i32, out: usize,
): void {
  if (width == 64 && gcd == 1) {
    addWhole(words + (usize(start) << 3), count, min, mapping, out)
    return
  }
  if (gcd == 1 && mapping != 2 && width > 0 && width <= MOST_BITS && count >= LANES_FROM) {
    const head = (8 - (start & 7)) & 7
    const groups = (count - i32(head)) >> 3
    const behind = i32(head) + (groups << 3)
    unpackEach(words, width, start, head, gcd, min, mapping, out)
    const from = words + usize((start + head) >> 3) * usize(width)
    unpackLanes(from, width, groups, min, mapping == 1 ? 0x8000000000000000 : 0, out + (usize(head) << 3))
    unpackEach(words, width, start + u32(behind), count - behind, gcd, min, mapping, out + (usize(behind) << 3))
    return
  }
  unpackEach(words, width, start, count, gcd, min, mapping, out)
}

function unpackEach(
  words: usize, width: i32, start: u32, count: i32, gcd: u64, min: u64, mapping: i32, out: usize,
): void {
  const mask = maskOf(width)
  let bit = u64(start) * width
  const end = out + (usize(count) << 3)
  if (mapping == 2) {
    for (let to = out; to < end; to += 8) {
      store<u64>(to, unmap(min + gcd * raw(words, bit, mask), 2))
      bit += width
    }
    return
  }
  const flip: u64 = mapping == 1 ? 0x8000000000000000 : 0
  for (let to = out; to < end; to += 8) {
    store<u64>(to, (min + gcd * raw(words, bit, mask)) ^ flip)
    bit += width
  }
}

/** Sums of the low and of the high halves of rows [start, start + count), as packed, as two 64-bit numbers at `out`. */
export function sumPacked(words: usize, width: i32, start: u32, count: i32, out: usize): void {
  if (width == 0 || width > MOST_BITS || count < LANES_FROM) {
    sumEach(words, width, start, count, out)
    return
  }
  const head = (8 - (start & 7)) & 7
  const groups = (count - i32(head)) >> 3
  const behind = i32(head) + (groups << 3)
  sumEach(words, width, start, i32(head), out)
  const low = load<u64>(out) + sumLanes(words + usize((start + head) >> 3) * usize(width), width, groups)
  sumEach(words, width, start + u32(behind), count - behind, out)
  store<u64>(out, load<u64>(out) + low)
}

function sumEach(words: usize, width: i32, start: u32, count: i32, out: usize): void {
  const mask = maskOf(width)
  let bit = u64(start) * width
  let low: u64 = 0
  let high: u64 = 0
  if (width <= 32) {
    for (let i = 0; i < count; i++) {
      low += raw(words, bit, mask)
      bit += width
    }
  } else {
    for (let i = 0; i < count; i++) {
      const value = raw(words, bit, mask)
      low += value & 0xffffffff
      high += value >> 32
      bit += width
    }
  }
  store<u64>(out, low)
  store<u64>(out + 8, high)
}

/** Values of 64 bits, two at a time. */
function addWhole(words: usize, count: i32, min: u64, mapping: i32, out: usize): void {
  const add = i64x2.splat(min)
  const sign = i64x2.splat(i64.MIN_VALUE)
  const even = usize(count & ~1) << 3
  for (let at: usize = 0; at < even; at += 16) {
    const value = i64x2.add(v128.load(words + at), add)
    if (mapping == 0) v128.store(out + at, value)
    else if (mapping == 1) v128.store(out + at, v128.xor(value, sign))
    else v128.store(out + at, v128.xor(value, v128.or(v128.not(i64x2.shr_s(value, 63)), sign)))
  }
  if ((count & 1) != 0) store<u64>(out + even, unmap(min + load<u64>(words + even), mapping))
}

/**
 * Unpacks, for documents first to first + count - 1 of a set of bits, a row for each that is in the set, from row `start` on;
 * 0 for the others.
 */
export function unpackPresent(
  words: usize, width: i32, start: u32, bits: usize, first: u32, count: i32, gcd: u64, min: u64, mapping: i32, out: usize,
): void {
  const mask = maskOf(width)
  let bit = u64(start) * width
  let to = out
  for (let doc = first; doc < first + u32(count); doc++) {
    const present = u64((load<u32>(bits + usize((doc >>> 5) << 2)) >>> (doc & 31)) & 1)
    store<u64>(to, unmap(min + gcd * raw(words, bit, mask), mapping) & (0 - present))
    bit += u64(width) * present
    to += 8
  }
}

/** Unpacks rows as unpackValues does, with a line over x = firstX, firstX + 1, ... */
export function unpackLine(
  words: usize, width: i32, start: u32, count: i32, firstX: u64, slope: u64, intercept: u64,
  gcd: u64, min: u64, mapping: i32, out: usize,
): void {
  const mask = maskOf(width)
  let bit = u64(start) * width
  let product = firstX * slope
  const end = out + (usize(count) << 3)
  for (let to = out; to < end; to += 8) {
    const line = intercept + u64(i64(product) >> 32)
    store<u64>(to, unmap(min + gcd * (line + raw(words, bit, mask)), mapping))
    product += slope
    bit += width
  }
}

/** Writes first + i for rows start + i whose raw value is in [from, to]; answers their number. */
export function matchValues(
  words: usize, width: i32, start: u32, count: i32, from: u64, to: u64, first: u32, out: usize,
): i32 {
  if (width == 64) {
    const whole = words + (usize(start) << 3)
    const groups = count >> 2
    const at = matchWhole(whole, groups, from, to - from, first, out)
    const behind = groups << 2
    return i32((matchEach(words, 64, start + u32(behind), count - behind, from, to, first + u32(behind), at) - out) >> 2)
  }
  if (width == 0 || width > MOST_BITS || count < LANES_FROM || to > u64(u32.MAX_VALUE)) {
    return i32((matchEach(words, width, start, count, from, to, first, out) - out) >> 2)
  }
  const head = (8 - (start & 7)) & 7
  const groups = (count - i32(head)) >> 3
  const behind = head + (u32(groups) << 3)
  let at = matchEach(words, width, start, i32(head), from, to, first, out)
  const whole = words + usize((start + head) >> 3) * usize(width)
  at = matchLanes(whole, width, groups, u32(from), u32(to - from), first + head, at)
  at = matchEach(words, width, start + behind, count - i32(behind), from, to, first + behind, at)
  return i32((at - out) >> 2)
}

function matchEach(
  words: usize, width: i32, start: u32, count: i32, from: u64, to: u64, first: u32, out: usize,
): usize {
  const mask = maskOf(width)
  const range = to - from
  let bit = u64(start) * width
  let at = out
  for (let i = 0; i < count; i++) {
    store<u32>(at, first + i)
    at += usize(raw(words, bit, mask) - from <= range) << 2
    bit += width
  }
  return at
}

/** The same for values over a line: of min + gcd * (line(x) + raw), against [from, to] as unsigned integers. */
export function matchLine(
  words: usize, width: i32, start: u32, count: i32, firstX: u64, slope: u64, intercept: u64,
  gcd: u64, min: u64, from: u64, to: u64, first: u32, out: usize,
): i32 {
  const mask = maskOf(width)
  const range = to - from
  let bit = u64(start) * width
  let product = firstX * slope
  let at = out
  for (let i = 0; i < count; i++) {
    const line = intercept + u64(i64(product) >> 32)
    store<u32>(at, first + i)
    at += usize(min + gcd * (line + raw(words, bit, mask)) - from <= range) << 2
    product += slope
    bit += width
  }
  return i32((at - out) >> 2)
}

/**
 * Writes the k-th of `names` for each k-th of `rows` whose raw value is in [from, to]; `base` is the number of the first row
 * that is here. Answers their number.
 */
export function matchRows(
  words: usize, width: i32, base: u32, rows: usize, names: usize, count: i32, from: u64, to: u64, out: usize,
): i32 {
  const mask = maskOf(width)
  const range = to - from
  let at = out
  for (let k: usize = 0; k < usize(count) << 2; k += 4) {
    store<u32>(at, load<u32>(names + k))
    at += usize(raw(words, u64(load<u32>(rows + k) - base) * width, mask) - from <= range) << 2
  }
  return i32((at - out) >> 2)
}

/** Whether a flag is set at min + raw; none is behind the last. */
// @ts-ignore: decorator
@inline
function flagged(value: u64, flags: usize, size: u64): usize {
  return usize(load<u8>(flags + usize(select<u64>(value, 0, value < size)))) & usize(value < size)
}

/** Writes first + i for rows start + i with flags[min + raw] = 1, of `size` flags; answers their number. */
export function matchFlagged(
  words: usize, width: i32, start: u32, count: i32, min: u64, flags: usize, size: u32, first: u32, out: usize,
): i32 {
  const mask = maskOf(width)
  let bit = u64(start) * width
  let at = out
  for (let i = 0; i < count; i++) {
    store<u32>(at, first + i)
    at += flagged(min + raw(words, bit, mask), flags, size) << 2
    bit += width
  }
  return i32((at - out) >> 2)
}

/** matchRows by flags. */
export function matchFlaggedRows(
  words: usize, width: i32, base: u32, rows: usize, names: usize, count: i32, min: u64, flags: usize, size: u32, out: usize,
): i32 {
  const mask = maskOf(width)
  let at = out
  for (let k: usize = 0; k < usize(count) << 2; k += 4) {
    store<u32>(at, load<u32>(names + k))
    at += flagged(min + raw(words, u64(load<u32>(rows + k) - base) * width, mask), flags, size) << 2
  }
  return i32((at - out) >> 2)
}

/** Unpacks `count` rows of a list as unpackValues does; `base` is the number of the first row that is here. */
export function unpackListed(
  words: usize, width: i32, base: u32, rows: usize, count: i32, gcd: u64, min: u64, mapping: i32, out: usize,
): void {
  const mask = maskOf(width)
  let to = out
  for (let k: usize = 0; k < usize(count) << 2; k += 4) {
    store<u64>(to, unmap(min + gcd * raw(words, u64(load<u32>(rows + k) - base) * width, mask), mapping))
    to += 8
  }
}

/**
 * Writes the least and the greatest raw value of rows [starts[k], starts[k + 1]), 8 bytes each, for each k below `count`; all
 * ones and 0 where there are none. Row `base` is the first at `words`.
 */
export function boundPacked(words: usize, width: i32, base: u32, starts: usize, count: i32, out: usize): void {
  const mask = maskOf(width)
  let row = load<u32>(starts)
  let to = out
  for (let k = 1; k <= count; k++) {
    const end = load<u32>(starts + (usize(k) << 2))
    let least: u64 = u64.MAX_VALUE
    let most: u64 = 0
    let bit = u64(row - base) * width
    for (; row < end; row++) {
      const value = raw(words, bit, mask)
      least = min(least, value)
      most = max(most, value)
      bit += width
    }
    store<u64>(to, least)
    store<u64>(to + 8, most)
    to += 16
  }
}
