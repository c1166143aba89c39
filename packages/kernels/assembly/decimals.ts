import { bitAt, rowAt } from './columns'

// Arithmetic of 128-bit integers that fit in 64 bits. Row i of a side is at `i & mask`; rows are 0..count, or the `count` row
// numbers at `rows`. The answer is the first k, from `from` on, whose row is left to others: a side is wider, or the
// result is not below `limit`.

export function multiplyDecimals(
  a: usize,
  aMask: i32,
  b: usize,
  bMask: i32,
  rows: usize,
  from: i32,
  count: i32,
  limit: i64,
  out: usize,
): i32 {
  for (let k = from; k < count; k++) {
    const row = rows == 0 ? k : load<i32>(rows + (usize(k) << 2))
    const i = a + (usize(u32(row & aMask)) << 4)
    const j = b + (usize(u32(row & bMask)) << 4)
    const x = load<i64>(i)
    const y = load<i64>(j)
    if (((load<i64>(i, 8) ^ (x >> 63)) | (load<i64>(j, 8) ^ (y >> 63))) != 0) return k
    // Doubles are right to 2^-52 of the product, and 2^62 is half of what 64 bits hold.
    if (!(abs(f64(x) * f64(y)) < 4611686018427387904)) return k
    const value = x * y
    if (value >= limit || value <= -limit) return k
    const at = out + (usize(row) << 4)
    store<i64>(at, value)
    store<i64>(at, value >> 63, 8)
  }
  return count
}

/** Sides times their factors, of which each is at most `aMost` and `bMost` in size before, added. */
export function addDecimals(
  a: usize,
  aMask: i32,
  aFactor: i64,
  aMost: i64,
  b: usize,
  bMask: i32,
  bFactor: i64,
  bMost: i64,
  rows: usize,
  from: i32,
  count: i32,
  limit: i64,
  out: usize,
): i32 {
  for (let k = from; k < count; k++) {
    const row = rows == 0 ? k : load<i32>(rows + (usize(k) << 2))
    const i = a + (usize(u32(row & aMask)) << 4)
    const j = b + (usize(u32(row & bMask)) << 4)
    const x = load<i64>(i)
    const y = load<i64>(j)
    if (((load<i64>(i, 8) ^ (x >> 63)) | (load<i64>(j, 8) ^ (y >> 63))) != 0) return k
    if (x > aMost || x < -aMost || y > bMost || y < -bMost) return k
    const value = x * aFactor + y * bFactor
    if (value >= limit || value <= -limit) return k
    const at = out + (usize(row) << 4)
    store<i64>(at, value)
    store<i64>(at, value >> 63, 8)
  }
  return count
}

/**
 * Adds integers of 128 bits that fit in 64 to limbs of 32 bits in doubles, four a group, of which the first two take the halves:
 * the value of row k to those of group `groups[k]`, or of group 0 where `groups` is 0. NULL adds nothing; each group's byte in
 * `seen` is set where it gets a value. With `lanes` (not 0), room for 64 bytes a group, a few groups are first added up in four
 * places each. The answer is the first k whose row is wider; at most 2^20 rows are added.
 */
export function sumDecimals(
  words: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  from: i32,
  count: i32,
  groupCount: i32,
  lanes: usize,
  limbs: usize,
  seen: usize,
): i32 {
  if (groups == 0) return sumToOne(words, mask, validity, rows, from, count, limbs, seen)
  const lane = usize(groupCount) << 4
  if (lanes != 0) memory.fill(lanes, 0, lane << 2)
  let k = from
  for (; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const at = words + (usize(row) << 4)
    const value = load<i64>(at)
    if (load<i64>(at, 8) != value >> 63) break
    const group = usize(load<u32>(groups + (usize(k) << 2)))
    store<u8>(seen + group, 1)
    if (lanes != 0) {
      const sum = lanes + usize(k & 3) * lane + (group << 4)
      v128.store(sum, i64x2.add(v128.load(sum), halvesOf(value)))
    } else {
      const sum = limbs + (group << 5)
      const halves = f64x2.replace_lane(f64x2.splat(f64(u32(value))), 1, f64(i32(value >> 32)))
      v128.store(sum, f64x2.add(v128.load(sum), halves))
    }
  }
  if (lanes != 0) {
    for (let g: usize = 0; g < usize(groupCount); g++) {
      const at = lanes + (g << 4)
      const a = i64x2.add(v128.load(at), v128.load(at + lane))
      addHalves(limbs + (g << 5), i64x2.add(a, i64x2.add(v128.load(at + 2 * lane), v128.load(at + 3 * lane))))
    }
  }
  return k
}

function sumToOne(
  words: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  from: i32,
  count: i32,
  limbs: usize,
  seen: usize,
): i32 {
  let sum = i64x2.splat(0)
  let any: u8 = 0
  let k = from
  for (; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const at = words + (usize(row) << 4)
    const value = load<i64>(at)
    if (load<i64>(at, 8) != value >> 63) break
    sum = i64x2.add(sum, halvesOf(value))
    any = 1
  }
  addHalves(limbs, sum)
  store<u8>(seen, load<u8>(seen) | any)
  return k
}

// @ts-ignore: decorator
@inline
function halvesOf(value: i64): v128 {
  return i64x2.replace_lane(i64x2.splat(value & 0xffffffff), 1, value >> 32)
}

// @ts-ignore: decorator
@inline
function addHalves(limbs: usize, halves: v128): void {
  const more = f64x2.replace_lane(f64x2.splat(f64(i64x2.extract_lane(halves, 0))), 1, f64(i64x2.extract_lane(halves, 1)))
  v128.store(limbs, f64x2.add(v128.load(limbs), more))
}
