/**
 * Copies texts that stand one after another, each behind `gap` bytes, to `out[offsets[k] .. offsets[k + 1])`. Up to 15 bytes
 * behind the end of the source are read, and behind the end of `out` written.
 */
export function copyTexts(source: usize, gap: i32, offsets: usize, count: i32, out: usize): void {
  let from = source
  let at = load<i32>(offsets)
  for (let k = 0; k < count; k++) {
    from += gap
    const end = load<i32>(offsets + (<usize>k << 2) + 4)
    const length = end - at
    const to = out + <usize>at
    for (let i = 0; i < length; i += 16) v128.store(to + <usize>i, v128.load(from + <usize>i))
    from += length
    at = end
  }
}
