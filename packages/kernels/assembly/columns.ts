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
