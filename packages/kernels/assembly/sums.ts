/**
 * Of 64-bit integers: the sum of their low halves, of their high halves, the least and the greatest, as four 64-bit numbers at
 * `out`. With `flip`, the sign bit, they are unsigned; `count` is above 0 and below 2^31.
 */
export function foldIntegers(values: usize, count: i32, flip: u64, out: usize): void {
  let low: u64 = 0
  let high: i64 = 0
  let least = i64.MAX_VALUE
  let most = i64.MIN_VALUE
  const end = values + (usize(count) << 3)
  // unsigned high halves come out 2^31 too small each
  const lift: i64 = flip == 0 ? 0 : i64(count) << 31
  for (let at = values; at < end; at += 8) {
    const value = load<i64>(at)
    const ordered = i64(u64(value) ^ flip)
    low += u64(value) & 0xffffffff
    high += ordered >> 32
    least = min(least, ordered)
    most = max(most, ordered)
  }
  store<u64>(out, low)
  store<i64>(out + 8, high + lift)
  store<u64>(out + 16, u64(least) ^ flip)
  store<u64>(out + 24, u64(most) ^ flip)
}
