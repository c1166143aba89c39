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
 * Adds integers of 128 bits that fit in 64 to sums of 128 bits, 16 bytes each at `sums`: the value of row k to that of group
 * `groups[k]`. The answer is the first k whose row is wider.
 */
export function sumDecimals(words: usize, mask: i32, rows: usize, groups: usize, from: i32, count: i32, sums: usize): i32 {
  for (let k = from; k < count; k++) {
    const row = rows == 0 ? k : load<i32>(rows + (usize(k) << 2))
    const i = words + (usize(u32(row & mask)) << 4)
    const value = load<i64>(i)
    const sign = value >> 63
    if (load<i64>(i, 8) != sign) return k
    const at = sums + (usize(load<u32>(groups + (usize(k) << 2))) << 4)
    const low = load<u64>(at) + u64(value)
    store<u64>(at, low)
    store<i64>(at, load<i64>(at, 8) + sign + i64(low < u64(value)), 8)
  }
  return count
}
