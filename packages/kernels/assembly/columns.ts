// What kernels over columns of several types share: the kinds of values, and how rows are found.

export const I8 = 0
export const U8 = 1
export const I16 = 2
export const U16 = 3
export const I32 = 4
export const U32 = 5
export const I64 = 6
export const U64 = 7
export const F32 = 8
export const F64 = 9
/** Bits, least significant first. */
export const BITS = 10

/** The k-th row: k, where there are no row numbers. */
// @ts-ignore: decorator
@inline
export function rowAt(rows: usize, k: i32): u32 {
  return rows == 0 ? u32(k) : load<u32>(rows + (usize(k) << 2))
}

// @ts-ignore: decorator
@inline
export function bitAt(bits: usize, row: u32): u32 {
  return (u32(load<u8>(bits + usize(row >> 3))) >> (row & 7)) & 1
}

/** Bounds of the integers of some rows, as two 64-bit numbers at `out`. The answer is how many are not NULL. */
export function boundColumn(
  values: usize,
  kind: i32,
  mask: u32,
  validity: usize,
  rows: usize,
  count: i32,
  out: usize,
): i32 {
  switch (kind) {
    case I8:
      return bound<i8>(values, mask, validity, rows, count, 0, out)
    case U8:
      return bound<u8>(values, mask, validity, rows, count, 0, out)
    case I16:
      return bound<i16>(values, mask, validity, rows, count, 0, out)
    case U16:
      return bound<u16>(values, mask, validity, rows, count, 0, out)
    case I32:
      if (rows == 0 && validity == 0 && mask == u32.MAX_VALUE) return boundWords(values, count, out)
      return bound<i32>(values, mask, validity, rows, count, 0, out)
    case U32:
      return bound<u32>(values, mask, validity, rows, count, 0, out)
    case I64:
      return bound<i64>(values, mask, validity, rows, count, 0, out)
    default:
      return bound<i64>(values, mask, validity, rows, count, i64.MIN_VALUE, out)
  }
}

function bound<T>(values: usize, mask: u32, validity: usize, rows: usize, count: i32, flip: i64, out: usize): i32 {
  let least = i64.MAX_VALUE
  let most = i64.MIN_VALUE
  let present = 0
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const value = i64(load<T>(values + usize(row) * sizeof<T>())) ^ flip
    least = min(least, value)
    most = max(most, value)
    present++
  }
  store<i64>(out, least ^ flip)
  store<i64>(out + 8, most ^ flip)
  return present
}

function boundWords(values: usize, count: i32, out: usize): i32 {
  let least = i32x4.splat(i32.MAX_VALUE)
  let most = i32x4.splat(i32.MIN_VALUE)
  const whole = count & ~3
  for (let k = 0; k < whole; k += 4) {
    const four = v128.load(values + (usize(k) << 2))
    least = i32x4.min_s(least, four)
    most = i32x4.max_s(most, four)
  }
  let low = min(
    min(i32x4.extract_lane(least, 0), i32x4.extract_lane(least, 1)),
    min(i32x4.extract_lane(least, 2), i32x4.extract_lane(least, 3)),
  )
  let high = max(
    max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
    max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
  )
  for (let k = whole; k < count; k++) {
    const value = load<i32>(values + (usize(k) << 2))
    low = min(low, value)
    high = max(high, value)
  }
  store<i64>(out, i64(low))
  store<i64>(out + 8, i64(high))
  return count
}

/**
 * Sums of the integers of some rows that are not NULL, as two 64-bit numbers at `out`: of values of at most 32 bits and 0, of the
 * low halves (unsigned) and the high ones of those of 64 bits. The answer is how many are not NULL.
 */
export function sumColumn(
  values: usize,
  kind: i32,
  mask: u32,
  validity: usize,
  rows: usize,
  count: i32,
  out: usize,
): i32 {
  const plain = rows == 0 && validity == 0 && mask == u32.MAX_VALUE
  switch (kind) {
    case I8:
      return sumShort<i8>(values, mask, validity, rows, count, out)
    case U8:
      return sumShort<u8>(values, mask, validity, rows, count, out)
    case I16:
      if (plain) return sumHalves(values, count, out)
      return sumShort<i16>(values, mask, validity, rows, count, out)
    case U16:
      return sumShort<u16>(values, mask, validity, rows, count, out)
    case I32:
      if (plain) return sumWords(values, count, out)
      return sumShort<i32>(values, mask, validity, rows, count, out)
    case U32:
      return sumShort<u32>(values, mask, validity, rows, count, out)
    case I64:
      return sumLong<i64>(values, mask, validity, rows, count, out)
    default:
      return sumLong<u64>(values, mask, validity, rows, count, out)
  }
}

function sumWords(values: usize, count: i32, out: usize): i32 {
  let a = i64x2.splat(0)
  let b = i64x2.splat(0)
  const whole = count & ~3
  for (let k = 0; k < whole; k += 4) {
    const four = v128.load(values + (usize(k) << 2))
    a = i64x2.add(a, i64x2.extend_low_i32x4_s(four))
    b = i64x2.add(b, i64x2.extend_high_i32x4_s(four))
  }
  a = i64x2.add(a, b)
  let sum = i64x2.extract_lane(a, 0) + i64x2.extract_lane(a, 1)
  for (let k = whole; k < count; k++) sum += i64(load<i32>(values + (usize(k) << 2)))
  store<i64>(out, sum)
  store<i64>(out + 8, 0)
  return count
}

function sumHalves(values: usize, count: i32, out: usize): i32 {
  let a = i64x2.splat(0)
  let b = i64x2.splat(0)
  const whole = count & ~7
  for (let k = 0; k < whole; k += 8) {
    const pairs = i32x4.extadd_pairwise_i16x8_s(v128.load(values + (usize(k) << 1)))
    a = i64x2.add(a, i64x2.extend_low_i32x4_s(pairs))
    b = i64x2.add(b, i64x2.extend_high_i32x4_s(pairs))
  }
  a = i64x2.add(a, b)
  let sum = i64x2.extract_lane(a, 0) + i64x2.extract_lane(a, 1)
  for (let k = whole; k < count; k++) sum += i64(load<i16>(values + (usize(k) << 1)))
  store<i64>(out, sum)
  store<i64>(out + 8, 0)
  return count
}

function sumShort<T>(values: usize, mask: u32, validity: usize, rows: usize, count: i32, out: usize): i32 {
  let sum: i64 = 0
  let present = count
  if (validity == 0) {
    for (let k = 0; k < count; k++) sum += i64(load<T>(values + usize(rowAt(rows, k) & mask) * sizeof<T>()))
  } else {
    present = 0
    for (let k = 0; k < count; k++) {
      const row = rowAt(rows, k) & mask
      const bit = bitAt(validity, row)
      sum += i64(load<T>(values + usize(row) * sizeof<T>())) & -i64(bit)
      present += i32(bit)
    }
  }
  store<i64>(out, sum)
  store<i64>(out + 8, 0)
  return present
}

function sumLong<T>(values: usize, mask: u32, validity: usize, rows: usize, count: i32, out: usize): i32 {
  let low: u64 = 0
  let high: i64 = 0
  let present = 0
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    const bit = validity == 0 ? 1 : bitAt(validity, row)
    const value = load<T>(values + (usize(row) << 3)) & -i64(bit)
    low += u64(value) & 0xffffffff
    high += isSigned<T>() ? i64(value) >> 32 : i64(u64(value) >> 32)
    present += i32(bit)
  }
  store<u64>(out, low)
  store<i64>(out + 8, high)
  return present
}

/**
 * Writes the words of keys to `out[k * stride]` and on, `width` of them (1 or 2; a short key has a zero behind it). -0 is
 * written as 0, every NaN as one.
 */
export function writeKeys(
  values: usize,
  kind: i32,
  mask: u32,
  rows: usize,
  count: i32,
  stride: i32,
  width: i32,
  out: usize,
): void {
  const step = usize(stride) << 2
  switch (kind) {
    case I8:
      return shortKeys<i8>(values, mask, rows, count, step, width, out)
    case U8:
      return shortKeys<u8>(values, mask, rows, count, step, width, out)
    case I16:
      return shortKeys<i16>(values, mask, rows, count, step, width, out)
    case U16:
      return shortKeys<u16>(values, mask, rows, count, step, width, out)
    case I32:
    case U32:
      return shortKeys<u32>(values, mask, rows, count, step, width, out)
    case I64:
    case U64:
      for (let k = 0, to = out; k < count; k++, to += step) {
        store<u64>(to, load<u64>(values + (usize(rowAt(rows, k) & mask) << 3)))
      }
      return
    case F32:
      for (let k = 0, to = out; k < count; k++, to += step) {
        const value = load<f32>(values + (usize(rowAt(rows, k) & mask) << 2))
        store<u32>(to, value == value ? reinterpret<u32>(value + 0) : 0x7fc00000)
        if (width == 2) store<u32>(to + 4, 0)
      }
      return
    case F64:
      for (let k = 0, to = out; k < count; k++, to += step) {
        const value = load<f64>(values + (usize(rowAt(rows, k) & mask) << 3))
        store<u64>(to, value == value ? reinterpret<u64>(value + 0) : 0x7ff8000000000000)
      }
      return
    default:
      for (let k = 0, to = out; k < count; k++, to += step) {
        store<u32>(to, bitAt(values, rowAt(rows, k) & mask))
        if (width == 2) store<u32>(to + 4, 0)
      }
  }
}

function shortKeys<T>(
  values: usize,
  mask: u32,
  rows: usize,
  count: i32,
  step: usize,
  width: i32,
  out: usize,
): void {
  for (let k = 0, to = out; k < count; k++, to += step) {
    const value = i32(load<T>(values + usize(rowAt(rows, k) & mask) * sizeof<T>()))
    store<i32>(to, value)
    if (width == 2) store<i32>(to + 4, 0)
  }
}
