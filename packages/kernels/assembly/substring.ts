/**
 * Writes those of `count` rows whose bytes, offsets[row] up to offsets[row + 1], contain the `length` bytes at `needle` (or,
 * with `flip` 1, do not); answers how many. Sixteen bytes are compared with its first and its last at a time: 16 + length
 * bytes behind the last row may be read.
 */
export function selectContaining(
  bytes: usize, offsets: usize, rows: usize, count: i32, needle: usize, length: i32, flip: i32, out: usize,
): i32 {
  const first = i8x16.splat(load<i8>(needle))
  const last = i8x16.splat(load<i8>(needle + length - 1))
  let written = out
  for (let i = 0; i < count; i++) {
    const row = load<u32>(rows + (usize(i) << 2))
    const entry = offsets + (usize(row) << 2)
    const start = bytes + load<u32>(entry)
    const end = bytes + load<u32>(entry + 4)
    store<u32>(written, row)
    written += usize(i32(contains(start, end, needle, length, first, last)) ^ flip) << 2
  }
  return i32((written - out) >> 2)
}

function contains(start: usize, end: usize, needle: usize, length: i32, first: v128, last: v128): bool {
  if (end - start < usize(length)) return false
  const stop = end - length
  for (let at = start; at <= stop; at += 16) {
    const both = v128.and(i8x16.eq(v128.load(at), first), i8x16.eq(v128.load(at + length - 1), last))
    let mask = i8x16.bitmask(both)
    while (mask != 0) {
      const from = at + ctz(mask)
      if (from > stop) break
      if (equal(from + 1, needle + 1, length - 2)) return true
      mask &= mask - 1
    }
  }
  return false
}

// @ts-ignore: decorator
@inline
function equal(a: usize, b: usize, length: i32): bool {
  for (let k = 0; k < length; k++) {
    if (load<u8>(a + k) != load<u8>(b + k)) return false
  }
  return true
}
