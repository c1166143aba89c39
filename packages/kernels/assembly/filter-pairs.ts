// Compares two columns and writes the numbers of the rows that pass, ascending, to `out`.
//
// A side's value for a row is the one at `row & mask`: mask 0 makes the side a constant, -1 a column. `equal` asks for
// equality instead of less; `flip` (0 or 1) turns the answer around. `selection` is 0 for all rows 0..count, or the address
// of `count` row numbers. The answer is how many were written.

export function filterPairsI32(
  a: usize,
  aMask: u32,
  b: usize,
  bMask: u32,
  equal: i32,
  flip: i32,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  let to = out
  for (let i = 0; i < count; i++) {
    const row: u32 = selection == 0 ? <u32>i : load<u32>(selection + (usize(i) << 2))
    const x = load<i32>(a + (usize(row & aMask) << 2))
    const y = load<i32>(b + (usize(row & bMask) << 2))
    store<u32>(to, row)
    to += usize((select<i32>(i32(x == y), i32(x < y), equal != 0) ^ flip) << 2)
  }
  return i32((to - out) >> 2)
}

/** Integers of 128 bits in four words, the low one first. */
export function filterPairsI128(
  a: usize,
  aMask: u32,
  b: usize,
  bMask: u32,
  equal: i32,
  flip: i32,
  selection: usize,
  count: i32,
  out: usize,
): i32 {
  let to = out
  for (let i = 0; i < count; i++) {
    const row: u32 = selection == 0 ? <u32>i : load<u32>(selection + (usize(i) << 2))
    const x = a + (usize(row & aMask) << 4)
    const y = b + (usize(row & bMask) << 4)
    const xLow = load<u64>(x)
    const yLow = load<u64>(y)
    const xHigh = load<i64>(x, 8)
    const yHigh = load<i64>(y, 8)
    const sameHigh = i32(xHigh == yHigh)
    const same = sameHigh & i32(xLow == yLow)
    const less = i32(xHigh < yHigh) | (sameHigh & i32(xLow < yLow))
    store<u32>(to, row)
    to += usize((select<i32>(same, less, equal != 0) ^ flip) << 2)
  }
  return i32((to - out) >> 2)
}
