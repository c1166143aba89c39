/**
 * Copies values of 4, 8 or 16 bytes (1 << shift) by row number. A row beyond `length` is the first one's, which only has to be
 * memory.
 */
export function gatherValues(values: usize, length: u32, rows: usize, count: i32, shift: i32, out: usize): void {
  if (shift == 2) {
    for (let k = 0; k < count; k++) {
      const row = load<u32>(rows + (usize(k) << 2))
      store<u32>(out + (usize(k) << 2), load<u32>(values + (usize(row < length ? row : 0) << 2)))
    }
  } else if (shift == 3) {
    for (let k = 0; k < count; k++) {
      const row = load<u32>(rows + (usize(k) << 2))
      store<u64>(out + (usize(k) << 3), load<u64>(values + (usize(row < length ? row : 0) << 3)))
    }
  } else {
    for (let k = 0; k < count; k++) {
      const row = load<u32>(rows + (usize(k) << 2))
      v128.store(out + (usize(k) << 4), v128.load(values + (usize(row < length ? row : 0) << 4)))
    }
  }
}
