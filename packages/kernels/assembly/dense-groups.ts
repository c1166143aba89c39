// Numbers groups by the place of their keys in a table: keys of small ranges need no hash.
//
// A column is `values` of a kind (see columns.ts), row i at `i & mask`, NULL where a bit of `validity` (0 for none) is 0. Rows
// are 0..count, or the `count` row numbers at `rows`.
import { bitAt, I16, I32, I64, I8, rowAt, U16, U32, U64, U8 } from './columns'

/**
 * Adds to `out[k]` (sets it, with `first`) the place of a key times `stride`: 0 for NULL, else 1 + value - least. The answer is
 * not 0 where the value of some row is not in [least, least + size).
 */
export function addPlaces(
  values: usize,
  kind: i32,
  mask: u32,
  validity: usize,
  rows: usize,
  count: i32,
  least: i64,
  size: u32,
  stride: u32,
  first: i32,
  out: usize,
): i32 {
  switch (kind) {
    case I8:
      return add<i8>(values, mask, validity, rows, count, least, size, stride, first, out)
    case U8:
      return add<u8>(values, mask, validity, rows, count, least, size, stride, first, out)
    case I16:
      return add<i16>(values, mask, validity, rows, count, least, size, stride, first, out)
    case U16:
      return add<u16>(values, mask, validity, rows, count, least, size, stride, first, out)
    case I32:
      if (rows == 0 && validity == 0 && mask == u32.MAX_VALUE) return addWords(values, count, least, size, stride, first, out)
      return add<i32>(values, mask, validity, rows, count, least, size, stride, first, out)
    case U32:
      return add<u32>(values, mask, validity, rows, count, least, size, stride, first, out)
    case I64:
    case U64:
      return add<i64>(values, mask, validity, rows, count, least, size, stride, first, out)
    default:
      return addBits(values, mask, validity, rows, count, stride, first, out)
  }
}

// @ts-ignore: decorator
@inline
function put(out: usize, k: i32, place: u32, first: i32): void {
  const at = out + (usize(k) << 2)
  store<u32>(at, first ? place : load<u32>(at) + place)
}

function add<T>(
  values: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  count: i32,
  least: i64,
  size: u32,
  stride: u32,
  first: i32,
  out: usize,
): i32 {
  let outside = 0
  if (validity == 0) {
    for (let k = 0; k < count; k++) {
      const row = rowAt(rows, k) & mask
      const offset = u64(i64(load<T>(values + usize(row) * sizeof<T>())) - least)
      outside |= i32(offset >= u64(size))
      put(out, k, (u32(offset) + 1) * stride, first)
    }
    return outside
  }
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    const present = bitAt(validity, row)
    const offset = u64(i64(load<T>(values + usize(row) * sizeof<T>())) - least)
    outside |= i32(offset >= u64(size)) & i32(present)
    put(out, k, (u32(offset) + 1) * stride * present, first)
  }
  return outside
}

/** The same of 32-bit integers without NULL, of all rows. */
function addWords(values: usize, count: i32, least: i64, size: u32, stride: u32, first: i32, out: usize): i32 {
  const from = i32x4.splat(i32(least))
  const sizes = i32x4.splat(i32(size))
  const one = i32x4.splat(1)
  const times = i32x4.splat(i32(stride))
  const keep = i32x4.splat(first ? 0 : -1)
  let outside = i32x4.splat(0)
  const whole = count & ~3
  for (let k = 0; k < whole; k += 4) {
    const at = usize(k) << 2
    const offset = i32x4.sub(v128.load(values + at), from)
    outside = v128.or(outside, u32x4_ge(offset, sizes))
    const place = i32x4.mul(i32x4.add(offset, one), times)
    v128.store(out + at, i32x4.add(v128.and(v128.load(out + at), keep), place))
  }
  let bad = i32(v128.any_true(outside))
  if (whole < count) {
    const at = usize(whole) << 2
    bad |= add<i32>(values + at, u32.MAX_VALUE, 0, 0, count - whole, least, size, stride, first, out + at)
  }
  return bad
}

// @ts-ignore: decorator
@inline
function u32x4_ge(a: v128, b: v128): v128 {
  return v128.ge<u32>(a, b)
}

function addBits(
  bits: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  count: i32,
  stride: u32,
  first: i32,
  out: usize,
): i32 {
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    const present = validity == 0 ? 1 : bitAt(validity, row)
    put(out, k, (bitAt(bits, row) + 1) * stride * present, first)
  }
  return 0
}

/**
 * `out[k]` is the number of the group at `places[k]`, by first appearance. `table` has number + 1 for each place, 0 where there
 * is none yet; group g's place is kept in `stored[g]`, and the number of groups in `state`.
 */
export function numberPlaces(places: usize, count: i32, table: usize, stored: usize, state: usize, out: usize): void {
  let groups = load<u32>(state)
  for (let k = 0; k < count; k++) {
    const place = load<u32>(places + (usize(k) << 2))
    const slot = table + (usize(place) << 2)
    let group = load<u32>(slot)
    if (group == 0) {
      store<u32>(stored + (usize(groups) << 2), place)
      group = ++groups
      store<u32>(slot, group)
    }
    store<u32>(out + (usize(k) << 2), group - 1)
  }
  store<u32>(state, groups)
}

/**
 * `out[k]` is `numbers[codes[row]]`, or `none` where the row is NULL. The answer is how many rows have a code whose number is
 * `none`.
 */
export function numbersOfCodes(
  codes: usize,
  validity: usize,
  rows: usize,
  count: i32,
  numbers: usize,
  none: u32,
  out: usize,
): i32 {
  let missing = 0
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k)
    let number = none
    if (validity == 0 || bitAt(validity, row)) {
      number = load<u32>(numbers + (usize(load<u32>(codes + (usize(row) << 2))) << 2))
      missing += i32(number == none)
    }
    store<u32>(out + (usize(k) << 2), number)
  }
  return missing
}
