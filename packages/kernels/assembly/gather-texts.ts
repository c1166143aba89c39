/**
 * Copies text `rows[k]` of a column to `out[to[k] .. to[k + 1])`; where those are equal, `rows[k]` may be any number. Up to 15
 * bytes behind the end of the column are read, and behind the end of `out` written.
 */
export function gatherTexts(bytes: usize, offsets: usize, rows: usize, count: i32, to: usize, out: usize): void {
  let at = load<u32>(to)
  for (let k = 0; k < count; k++) {
    const end = load<u32>(to + (<usize>k << 2) + 4)
    if (end != at) {
      const row = load<u32>(rows + (<usize>k << 2))
      const from = bytes + <usize>load<u32>(offsets + (<usize>row << 2))
      const length = end - at
      for (let i: u32 = 0; i < length; i += 16) v128.store(out + <usize>(at + i), v128.load(from + <usize>i))
    }
    at = end
  }
}
