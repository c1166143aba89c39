/**
 * Decompresses Snappy's raw format to exactly `length` bytes; answers 0, or -1 where it is damaged. Up to 15 bytes behind the
 * end of the source are read, and behind the end of `out` written.
 */
export function uncompressSnappy(source: usize, sourceEnd: usize, out: usize, length: u32): i32 {
  let from = source
  let size: u32 = 0
  for (let shift: u32 = 0; ; shift += 7) {
    if (from >= sourceEnd || shift > 28) return -1
    const byte: u32 = load<u8>(from++)
    size |= (byte & 127) << shift
    if (byte < 128) break
  }
  if (size != length) return -1
  let to = out
  const end = out + <usize>length
  while (from < sourceEnd) {
    const tag: u32 = load<u8>(from++)
    const kind = tag & 3
    let n: u32 = (tag >>> 2) + 1
    if (kind == 0) {
      if (n > 60) {
        const extra = n - 60
        n = load<u32>(from)
        if (extra < 4) n &= (<u32>1 << (extra << 3)) - 1
        n += 1
        from += <usize>extra
        if (from > sourceEnd) return -1
      }
      if (n == 0 || n > <u32>(end - to) || n > <u32>(sourceEnd - from)) return -1
      if (n <= 16) v128.store(to, v128.load(from))
      else memory.copy(to, from, n)
      from += <usize>n
      to += <usize>n
      continue
    }
    let back: u32
    if (kind == 1) {
      n = ((tag >>> 2) & 7) + 4
      back = ((tag >>> 5) << 8) | <u32>load<u8>(from)
      from += 1
    } else if (kind == 2) {
      back = <u32>load<u16>(from)
      from += 2
    } else {
      back = load<u32>(from)
      from += 4
    }
    if (from > sourceEnd || back == 0 || back > <u32>(to - out) || n > <u32>(end - to)) return -1
    const first = to - <usize>back
    if (back >= 16) for (let i: u32 = 0; i < n; i += 16) v128.store(to + <usize>i, v128.load(first + <usize>i))
    else if (back >= 8) for (let i: u32 = 0; i < n; i += 8) store<u64>(to + <usize>i, load<u64>(first + <usize>i))
    else for (let i: u32 = 0; i < n; i++) store<u8>(to + <usize>i, load<u8>(first + <usize>i))
    to += <usize>n
  }
  return to == end ? 0 : -1
}
