/**
 * Values `first` and on, packed in `width` (1 to 32) bits each from a byte on, least significant bit first; answers the
 * largest. Up to 7 bytes behind the last are read.
 */
export function unpackBits(source: usize, width: u32, first: u32, count: i32, out: usize): u32 {
  const mask: u64 = ((<u64>1) << width) - 1
  let bit: u64 = <u64>first * width
  let most: u32 = 0
  for (let k = 0; k < count; k++) {
    const value = <u32>((load<u64>(source + <usize>(bit >>> 3)) >>> (bit & 7)) & mask)
    store<u32>(out + (<usize>k << 2), value)
    if (value > most) most = value
    bit += width
  }
  return most
}

/** Entries of `width` (1, 2, 4, 8 or 16) bytes of a dictionary by their codes. */
export function gatherEntries(dictionary: usize, width: i32, codes: usize, count: i32, out: usize): void {
  const end = codes + (<usize>count << 2)
  let to = out
  let at = codes
  if (width == 4) for (; at < end; at += 4, to += 4) store<u32>(to, load<u32>(dictionary + (<usize>load<u32>(at) << 2)))
  else if (width == 8)
    for (; at < end; at += 4, to += 8) store<u64>(to, load<u64>(dictionary + (<usize>load<u32>(at) << 3)))
  else if (width == 16)
    for (; at < end; at += 4, to += 16) v128.store(to, v128.load(dictionary + (<usize>load<u32>(at) << 4)))
  else if (width == 2)
    for (; at < end; at += 4, to += 2) store<u16>(to, load<u16>(dictionary + (<usize>load<u32>(at) << 1)))
  else for (; at < end; at += 4, to += 1) store<u8>(to, load<u8>(dictionary + <usize>load<u32>(at)))
}

/**
 * Those of `count` rows, which `rows` lists (0 for all), whose code has a 1 in `kept`, a byte for each code; answers how many.
 * `rows` and `out` may be one.
 */
export function selectCodes(codes: usize, rows: usize, count: i32, kept: usize, out: usize): i32 {
  let to = out
  if (rows == 0) {
    for (let k = 0; k < count; k++) {
      store<u32>(to, k)
      to += <usize>load<u8>(kept + <usize>load<u32>(codes + (<usize>k << 2))) << 2
    }
  } else {
    for (let k = 0; k < count; k++) {
      const row = load<u32>(rows + (<usize>k << 2))
      store<u32>(to, row)
      to += <usize>load<u8>(kept + <usize>load<u32>(codes + (<usize>row << 2))) << 2
    }
  }
  return <i32>((to - out) >>> 2)
}
