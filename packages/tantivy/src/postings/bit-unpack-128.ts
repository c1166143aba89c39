/**
 * Unpacks a BP128 block (section 1.3): 128 values of `width` bits in four interleaved lanes, from `words[at]`, into
 * out[0..128). Row i of the loop is values 4i..4i+3, which lie at the same bit of the four lanes.
 */
export function unpack128(words: Uint32Array, at: number, width: number, out: Uint32Array): void {
  if (width === 0) {
    out.fill(0, 0, 128)
    return
  }
  if (width === 32) {
    for (let i = 0; i < 128; i += 1) out[i] = words[at + i]!
    return
  }
  const mask = (1 << width) - 1
  let word = at
  let shift = 0
  for (let i = 0; i < 128; i += 4) {
    let a = words[word]! >>> shift
    let b = words[word + 1]! >>> shift
    let c = words[word + 2]! >>> shift
    let d = words[word + 3]! >>> shift
    shift += width
    if (shift >= 32) {
      shift -= 32
      word += 4
      if (shift > 0) {
        const up = width - shift
        a |= words[word]! << up
        b |= words[word + 1]! << up
        c |= words[word + 2]! << up
        d |= words[word + 3]! << up
      }
    }
    out[i] = a & mask
    out[i + 1] = b & mask
    out[i + 2] = c & mask
    out[i + 3] = d & mask
  }
}
