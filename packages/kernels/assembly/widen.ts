/** Writes `count` integers of 16 bits as integers of 32 bits. */
export function widenI16(values: usize, count: i32, out: usize): void {
  let i = 0
  for (; i + 8 <= count; i += 8) {
    const eight = v128.load(values + (usize(i) << 1))
    v128.store(out + (usize(i) << 2), i32x4.extend_low_i16x8_s(eight))
    v128.store(out + (usize(i) << 2), i32x4.extend_high_i16x8_s(eight), 16)
  }
  for (; i < count; i++) store<i32>(out + (usize(i) << 2), load<i16>(values + (usize(i) << 1)))
}
