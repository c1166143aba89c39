// Groups of rows, dense and by hash.

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

/**
 * Gives each key of two words its group: open addressing over 2^bits slots that hold group + 1, the words of group g at
 * keys[2g] and keys[2g + 1]. Answers the number of groups; there is room for all.
 */
export function groupWords(words: usize, count: i32, keys: usize, slots: usize, bits: u32, groups: u32, out: usize): u32 {
  const shift = 32 - bits
  const mask = (u32(1) << bits) - 1
  let known = groups
  for (let i = 0; i < count; i++) {
    const key = load<u64>(words + (usize(i) << 3))
    let hash = (u32(key) ^ (u32(key >> 32) * 0x85ebca6b)) * 0xc2b2ae35
    hash = (hash ^ (hash >>> 15)) * 0x9e3779b1
    let slot = hash >>> shift
    let entry = load<u32>(slots + (usize(slot) << 2))
    while (entry != 0 && load<u64>(keys + (usize(entry - 1) << 3)) != key) {
      slot = (slot + 1) & mask
      entry = load<u32>(slots + (usize(slot) << 2))
    }
    if (entry == 0) {
      store<u64>(keys + (usize(known) << 3), key)
      entry = ++known
      store<u32>(slots + (usize(slot) << 2), entry)
    }
    store<u32>(out + (usize(i) << 2), entry - 1)
  }
  return known
}
