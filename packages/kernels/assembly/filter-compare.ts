// Compares a column with a constant and writes the numbers of the rows that pass, ascending, to `out`.
//
// op: 0 equal, 1 less, 2 less or equal; `invert` (0 or 15) turns the answer around, which gives the other three.
// `selection` is 0 for all rows 0..count, or the address of `count` row numbers. `out` has room for `count` numbers.
// The answer is how many were written.

/** Byte shuffles that move the 32-bit lanes of a 4-bit mask to the front. */
const COMPRESS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 5, 6, 7, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 1, 2, 3, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3,
  4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 12, 13, 14, 15,
  0, 0, 0, 0, 0, 0, 0, 0, 4, 5, 6, 7, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 0,
  0, 0, 0, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0,
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
])

export function filterI32(
  values: usize,
  op: i32,
  invert: i32,
  constant: i32,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  return filter<i32>(values, op, invert, constant, selection, count, out)
}

export function filterU32(
  values: usize,
  op: i32,
  invert: i32,
  constant: u32,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  return filter<u32>(values, op, invert, constant, selection, count, out)
}

export function filterI64(
  values: usize,
  op: i32,
  invert: i32,
  constant: i64,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  return filter<i64>(values, op, invert, constant, selection, count, out)
}

export function filterU64(
  values: usize,
  op: i32,
  invert: i32,
  constant: u64,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  return filter<u64>(values, op, invert, constant, selection, count, out)
}

/** The constant is not NaN; a NaN in the column counts as above every number. */
export function filterF64(
  values: usize,
  op: i32,
  invert: i32,
  constant: f64,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  return filter<f64>(values, op, invert, constant, selection, count, out)
}

function filter<T>(values: usize, op: i32, invert: i32, constant: T, selection: usize, count: i32, out: usize): i32 {
  if (selection != 0) {
    if (op == 0) return selectedEqual<T>(values, invert & 1, constant, selection, count, out)
    if (op == 1) return selectedLess<T>(values, invert & 1, constant, selection, count, out)
    return selectedLessOrEqual<T>(values, invert & 1, constant, selection, count, out)
  }
  if (op == 0) return denseEqual<T>(values, invert, constant, count, out)
  if (op == 1) return denseLess<T>(values, invert, constant, count, out)
  return denseLessOrEqual<T>(values, invert, constant, count, out)
}

function selectedEqual<T>(values: usize, invert: i32, constant: T, selection: usize, count: i32, out: usize): i32 {
  let to = out
  for (let i = 0; i < count; i++) {
    const row = load<u32>(selection + (usize(i) << 2))
    store<u32>(to, row)
    to += usize((i32(load<T>(values + usize(row) * sizeof<T>()) == constant) ^ invert) << 2)
  }
  return i32((to - out) >> 2)
}

function selectedLess<T>(values: usize, invert: i32, constant: T, selection: usize, count: i32, out: usize): i32 {
  let to = out
  for (let i = 0; i < count; i++) {
    const row = load<u32>(selection + (usize(i) << 2))
    store<u32>(to, row)
    to += usize((i32(load<T>(values + usize(row) * sizeof<T>()) < constant) ^ invert) << 2)
  }
  return i32((to - out) >> 2)
}

function selectedLessOrEqual<T>(
  values: usize,
  invert: i32,
  constant: T,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  let to = out
  for (let i = 0; i < count; i++) {
    const row = load<u32>(selection + (usize(i) << 2))
    store<u32>(to, row)
    to += usize((i32(load<T>(values + usize(row) * sizeof<T>()) <= constant) ^ invert) << 2)
  }
  return i32((to - out) >> 2)
}

function denseEqual<T>(values: usize, invert: i32, constant: T, count: i32, out: usize): i32 {
  const wide = v128.splat<T>(constant)
  let to = out
  let i = 0
  for (; i + 4 <= count; i += 4) {
    let mask: i32
    const at = values + usize(i) * sizeof<T>()
    if (sizeof<T>() == 4) mask = equal<T>(v128.load(at), wide)
    else mask = equal<T>(v128.load(at), wide) | (equal<T>(v128.load(at, 16), wide) << 2)
    to = emit(to, i, mask ^ invert)
  }
  for (; i < count; i++) {
    store<u32>(to, i)
    to += usize((i32(load<T>(values + usize(i) * sizeof<T>()) == constant) ^ (invert & 1)) << 2)
  }
  return i32((to - out) >> 2)
}

function denseLess<T>(values: usize, invert: i32, constant: T, count: i32, out: usize): i32 {
  const wide = ordered<T>(v128.splat<T>(constant))
  let to = out
  let i = 0
  for (; i + 4 <= count; i += 4) {
    let mask: i32
    const at = values + usize(i) * sizeof<T>()
    if (sizeof<T>() == 4) mask = less<T>(ordered<T>(v128.load(at)), wide)
    else mask = less<T>(ordered<T>(v128.load(at)), wide) | (less<T>(ordered<T>(v128.load(at, 16)), wide) << 2)
    to = emit(to, i, mask ^ invert)
  }
  for (; i < count; i++) {
    store<u32>(to, i)
    to += usize((i32(load<T>(values + usize(i) * sizeof<T>()) < constant) ^ (invert & 1)) << 2)
  }
  return i32((to - out) >> 2)
}

function denseLessOrEqual<T>(values: usize, invert: i32, constant: T, count: i32, out: usize): i32 {
  const wide = ordered<T>(v128.splat<T>(constant))
  let to = out
  let i = 0
  for (; i + 4 <= count; i += 4) {
    let mask: i32
    const at = values + usize(i) * sizeof<T>()
    if (sizeof<T>() == 4) mask = lessOrEqual<T>(ordered<T>(v128.load(at)), wide)
    else
      mask =
        lessOrEqual<T>(ordered<T>(v128.load(at)), wide) | (lessOrEqual<T>(ordered<T>(v128.load(at, 16)), wide) << 2)
    to = emit(to, i, mask ^ invert)
  }
  for (; i < count; i++) {
    store<u32>(to, i)
    to += usize((i32(load<T>(values + usize(i) * sizeof<T>()) <= constant) ^ (invert & 1)) << 2)
  }
  return i32((to - out) >> 2)
}

/** There is no unsigned comparison of 64-bit lanes: with the sign bit flipped the signed one serves. */
function ordered<T>(lanes: v128): v128 {
  if (sizeof<T>() == 8 && isInteger<T>() && !isSigned<T>()) return v128.xor(lanes, i64x2.splat(i64.MIN_VALUE))
  return lanes
}

function equal<T>(a: v128, b: v128): i32 {
  return bits<T>(v128.eq<T>(a, b))
}

function less<T>(a: v128, b: v128): i32 {
  if (sizeof<T>() == 8 && isInteger<T>()) return bits<T>(i64x2.lt_s(a, b))
  return bits<T>(v128.lt<T>(a, b))
}

function lessOrEqual<T>(a: v128, b: v128): i32 {
  if (sizeof<T>() == 8 && isInteger<T>()) return bits<T>(i64x2.le_s(a, b))
  return bits<T>(v128.le<T>(a, b))
}

/** One bit for each lane. */
function bits<T>(lanes: v128): i32 {
  return sizeof<T>() == 8 ? i64x2.bitmask(lanes) : i32x4.bitmask(lanes)
}

/** Writes those of the rows i..i+3 whose bit is set. Four numbers are stored, of which the next call overwrites the rest. */
export function emit(to: usize, i: i32, mask: i32): usize {
  const rows = v128.add<i32>(i32x4.splat(i), i32x4(0, 1, 2, 3))
  v128.store(to, v128.swizzle(rows, v128.load(COMPRESS + (usize(mask) << 4))))
  return to + (usize(popcnt(mask)) << 2)
}
