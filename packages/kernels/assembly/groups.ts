// Groups of rows by small numbers.

// @ts-ignore: decorator
@inline
function bump(lane: usize, value: u64, size: u32): void {
  const at = lane + (usize(min<u64>(value, size)) << 2)
  store<u32>(at, load<u32>(at) + 1)
}

// @ts-ignore: decorator
@inline
function raw(words: usize, bit: u64, mask: u64): u64 {
  return (load<u64>(words + usize(bit >> 3)) >> (bit & 7)) & mask
}

/**
 * Counts rows [start, start + count) of `width` bits (up to 32) by base + value, in four lanes of size + 1 counters, so that
 * equal neighbours need not wait for each other; the last counter of a lane takes what is not below `size`.
 */
export function countPacked(
  words: usize, width: i32, start: u32, count: i32, base: u32, size: u32, lanes: usize,
): void {
  const mask = (u64(1) << width) - 1
  const stride = (usize(size) + 1) << 2
  const step = u64(width)
  let bit = u64(start) * step
  let i = 0
  if (width <= 14) {
    // four values lie in one load
    for (; i + 3 < count; i += 4) {
      let four = load<u64>(words + usize(bit >> 3)) >> (bit & 7)
      bump(lanes, base + (four & mask), size)
      four >>= step
      bump(lanes + stride, base + (four & mask), size)
      four >>= step
      bump(lanes + 2 * stride, base + (four & mask), size)
      four >>= step
      bump(lanes + 3 * stride, base + (four & mask), size)
      bit += 4 * step
    }
  }
  for (; i + 3 < count; i += 4) {
    bump(lanes, base + raw(words, bit, mask), size)
    bump(lanes + stride, base + raw(words, bit + step, mask), size)
    bump(lanes + 2 * stride, base + raw(words, bit + 2 * step, mask), size)
    bump(lanes + 3 * stride, base + raw(words, bit + 3 * step, mask), size)
    bit += 4 * step
  }
  for (; i < count; i++) {
    bump(lanes, base + raw(words, bit, mask), size)
    bit += step
  }
}
