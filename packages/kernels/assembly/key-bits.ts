/**
 * Writes the numbers of the rows to `out` whose value is among those that bits stand for: bit i of `bits` for `first + i`. Bit
 * number `size` is 0 and stands for all other values. Values have 4 bytes, or 8 where `wide`. Rows are 0..count, or the `count`
 * row numbers at `rows`, which may be where `out` is. The answer is how many were written.
 */
export function selectKeyBits(
  values: usize,
  wide: i32,
  rows: usize,
  count: i32,
  first: i32,
  size: u32,
  bits: usize,
  out: usize,
): i32 {
  if (rows == 0) return wide ? dense<i64>(values, count, first, size, bits, out) : dense<i32>(values, count, first, size, bits, out)
  return wide
    ? selected<i64>(values, rows, count, first, size, bits, out)
    : selected<i32>(values, rows, count, first, size, bits, out)
}

function dense<T>(values: usize, count: i32, first: i32, size: u32, bits: usize, out: usize): i32 {
  let to = out
  for (let k = 0; k < count; k++) {
    store<u32>(to, k)
    to += usize(bitOf(i64(load<T>(values + usize(k) * sizeof<T>())), first, size, bits) << 2)
  }
  return i32((to - out) >> 2)
}

function selected<T>(values: usize, rows: usize, count: i32, first: i32, size: u32, bits: usize, out: usize): i32 {
  let to = out
  for (let k = 0; k < count; k++) {
    const row = load<u32>(rows + (usize(k) << 2))
    store<u32>(to, row)
    to += usize(bitOf(i64(load<T>(values + usize(row) * sizeof<T>())), first, size, bits) << 2)
  }
  return i32((to - out) >> 2)
}

// @ts-ignore: decorator
@inline
function bitOf(value: i64, first: i32, size: u32, bits: usize): u32 {
  const slot = u32(min(u64(value - i64(first)), u64(size)))
  return (u32(load<u8>(bits + usize(slot >> 3))) >> (slot & 7)) & 1
}
