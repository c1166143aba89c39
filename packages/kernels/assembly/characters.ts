/**
 * Writes how many characters the UTF-8 text of each row has, offsets[row] up to offsets[row + 1], to out[row]. `rows` is 0
 * for all rows 0..count. 15 bytes behind the last text may be read.
 */
export function countCharacters(bytes: usize, offsets: usize, rows: usize, count: i32, out: usize): void {
  const continued = i8x16.splat(-65)
  for (let i = 0; i < count; i++) {
    const row = rows == 0 ? usize(i) : usize(load<u32>(rows + (usize(i) << 2)))
    const entry = offsets + (row << 2)
    let at = bytes + load<u32>(entry)
    let left = i32(load<u32>(entry + 4) - load<u32>(entry))
    let characters = 0
    for (; left > 0; left -= 16, at += 16) {
      let mask = i8x16.bitmask(i8x16.gt_s(v128.load(at), continued))
      if (left < 16) mask &= (1 << left) - 1
      characters += popcnt(mask)
    }
    store<i32>(out + (row << 2), characters)
  }
}
