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

/**
 * Where texts end that stand one after another, each behind its length in four bytes, if they stood without the lengths:
 * `offsets[0 .. count]`, from 0 on. Answers how many bytes they have; -1 where they do not end before `end`.
 */
export function measureTexts(source: usize, end: usize, count: i32, offsets: usize): i32 {
  let at = source
  let total: u32 = 0
  for (let k = 0; k < count; k++) {
    store<u32>(offsets + (<usize>k << 2), total)
    if (at + 4 > end) return -1
    const length = load<u32>(at)
    at += 4
    if (length > <u32>(end - at)) return -1
    at += <usize>length
    total += length
  }
  store<u32>(offsets + (<usize>count << 2), total)
  return <i32>total
}

/**
 * Copies texts by number: text `rows[k]` of those that `measureTexts` measured goes to `out[to[k] .. to[k + 1])`. Up to 15
 * bytes behind the end of the source are read, and behind the end of `out` written.
 */
export function takeTexts(source: usize, offsets: usize, rows: usize, count: i32, to: usize, out: usize): void {
  for (let k = 0; k < count; k++) {
    const row = load<u32>(rows + (<usize>k << 2))
    const from = source + <usize>load<u32>(offsets + (<usize>row << 2)) + (<usize>(row + 1) << 2)
    const at = load<u32>(to + (<usize>k << 2))
    const length = load<u32>(to + (<usize>k << 2) + 4) - at
    for (let i: u32 = 0; i < length; i += 16) v128.store(out + <usize>(at + i), v128.load(from + <usize>i))
  }
}
